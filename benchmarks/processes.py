"""The processes of a benchmark: the canned server, and a process for each peer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
DISTURBING: Final = ("AWS_", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
"""Variables, or beginnings of their names, that would change what is measured."""


class Peer:
    """A process of a peer that waits for what to measure."""

    def __init__(self, name: str, url: str, python: str) -> None:
        self._name = name
        self._process = subprocess.Popen(
            [python, str(HERE / "sample.py"), name, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment(), "AWS_ENDPOINT_URL": url},  # sagemaker-core takes no other
        )
        self.said = self._read()
        """How its start went."""

    def measure(self, kind: str, calls: int, together: int) -> Any:
        """Let the peer make calls."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{kind} {calls} {together}\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.communicate()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            sys.exit(f"the process of {self._name} ended; what it said is above")
        return json.loads(line)


@contextmanager
def server() -> Iterator[str]:
    """Run the canned server, and give its address."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.communicate()


def environment() -> dict[str, str]:
    """Return this environment without what changes a measurement, and with credentials."""
    return {k: v for k, v in os.environ.items() if not k.startswith(DISTURBING)} | ENVIRONMENT
