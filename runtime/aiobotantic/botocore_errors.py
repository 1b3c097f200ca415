"""botocore's exceptions as bases of ours.

botocore has no type information: as Any, these bases would hide every typo from type checkers.
"""

# ruff: noqa: N818  (the names are botocore's)

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    class BotoCoreError(Exception): ...

    class ClientError(Exception): ...

    class ConnectionClosedError(Exception): ...

    class ConnectTimeoutError(Exception): ...

    class CredentialRetrievalError(Exception): ...

    class EndpointConnectionError(Exception): ...

    class HTTPClientError(Exception): ...

    class NoCredentialsError(Exception): ...

    class NoRegionError(Exception): ...

    class PaginationError(Exception): ...

    class ParamValidationError(Exception): ...

    class PartialCredentialsError(Exception): ...

    class ProfileNotFound(Exception): ...

    class ProxyConnectionError(Exception): ...

    class ReadTimeoutError(Exception): ...

    class SSLError(Exception): ...

    class WaiterError(Exception): ...

else:
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionClosedError,
        ConnectTimeoutError,
        CredentialRetrievalError,
        EndpointConnectionError,
        HTTPClientError,
        NoCredentialsError,
        NoRegionError,
        PaginationError,
        ParamValidationError,
        PartialCredentialsError,
        ProfileNotFound,
        ProxyConnectionError,
        ReadTimeoutError,
        SSLError,
        WaiterError,
    )

__all__ = [
    "BotoCoreError",
    "ClientError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "CredentialRetrievalError",
    "EndpointConnectionError",
    "HTTPClientError",
    "NoCredentialsError",
    "NoRegionError",
    "PaginationError",
    "ParamValidationError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
    "WaiterError",
]
