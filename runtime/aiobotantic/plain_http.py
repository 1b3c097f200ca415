"""A warning where requests would go to another machine without TLS."""

from __future__ import annotations

import warnings
from urllib.parse import urlsplit

from aiobotantic.door import callers_level
from aiobotantic.errors import ConfigurationError, InsecureEndpointWarning

_warned: set[str] = set()


def warn_of_plain_http(address: str | None, package: str) -> None:
    """Warn where an address is not https and not of this machine, once for each in a process.

    Args:
        address: Where the requests of a client go.
        package: The generated package, whose lines are not the caller's.

    Raises:
        ConfigurationError: its port is none.
    """
    parts = urlsplit(address or "https:")
    try:
        parts.port  # noqa: B018  (which is read here first)
    except ValueError as error:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        raise ConfigurationError(f"endpoint_url is {shown}: {error}") from None
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if origin in _warned:
        return
    _warned.add(origin)
    warnings.warn(
        f"requests go to {origin} without TLS: whoever is on the way reads what they hold, their "
        "session token included, and may answer in the service's place. Pass an https address as "
        "endpoint_url; where the network is your own, ignore InsecureEndpointWarning",
        InsecureEndpointWarning,
        stacklevel=callers_level(package),
    )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress  # seldom needed, and slow to import

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
