"""A change comes in, a new client comes out, and it makes real concurrent calls.

Exit code 1 if anything differs from what it should be.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from account import Account
from calls import make_calls
from regenerate import regenerate


def main() -> int:
    """Run the demonstration, and return its exit code."""
    account = Account()
    with tempfile.TemporaryDirectory(prefix="aiosagemaker-demo-") as folder:
        regenerate(Path(folder), account)
    asyncio.run(make_calls(account))
    return account.close()


if __name__ == "__main__":
    sys.exit(main())
