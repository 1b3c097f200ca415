"""Credentials whose failures are of our family."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aiobotantic.errors import AioBotanticError, CredentialsError
from aiobotantic.lanes.plain import StaticCredentials


class CheckedCredentials:
    """Credentials whose failures to load or to refresh are `CredentialsError`."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def __getattr__(self, name: str) -> Any:
        return getattr(self._credentials, name)

    async def get_frozen_credentials(self) -> Any:
        """Return access key, secret key and token as they are now."""
        try:
            return await self._credentials.get_frozen_credentials()
        except AioBotanticError:
            raise
        except Exception as error:
            # The text of others may hold anything; theirs tells what to do.
            said = f": {error}" if isinstance(error, (BotoCoreError, ClientError)) else ""
            raise CredentialsError(
                f"the credentials cannot be loaded or refreshed: {type(error).__name__}{said}. "
                "Nothing was sent; the next call tries again"
            ) from error


def checked(credentials: Any) -> Any:
    """Return credentials whose failures are `CredentialsError`; those that cannot fail as are."""
    if credentials is None or isinstance(credentials, (StaticCredentials, CheckedCredentials)):
        return credentials
    return CheckedCredentials(credentials)
