"""`aiosagemaker-server`: the testing server as a program, for clients in any language."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiobotantic.manifest import spec_versions
from aiobotantic.testing.json_values import plain

if TYPE_CHECKING:
    from aiobotantic.client import Client
    from aiosagemaker_extras.testing import SageMakerServer


_DESCRIPTION: Final = """\
Serve Amazon SageMaker for tests, until Ctrl-C or SIGTERM.

The first line that is printed is the address: give it to clients of all services as
endpoint_url, with any credentials. The second is the address of a status page for a
browser on this machine. Nothing leaves the machine, and nothing is kept on
disk, unless a file is named with --state."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until SIGINT or SIGTERM, and return the exit code.

    Args:
        arguments: the command line without the program's name; by default the process's own.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except StateFileError as error:
        print(f"aiosagemaker-server: {error}", file=sys.stderr)
        return 1
    except (OSError, UnicodeError) as error:  # a host name that is none is a UnicodeError
        reason = getattr(error, "strerror", None) or error
        print(
            f"aiosagemaker-server: cannot listen on {options.host} port {options.port}: "
            f"{reason}. Choose another --host or --port; --port 0 takes a free one.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _client(service: str) -> type[Client]:
    from aiosagemaker_extras.testing import client_class

    try:
        return client_class(service)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: pass a number from 0 to 65535")
    return int(text)


def _region(text: str) -> str:
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no region: pass one such as us-east-1")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aiosagemaker-server",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_DESCRIPTION,
        epilog="\n  ".join(["services:", *spec_versions("aiosagemaker")]),
    )
    parser.add_argument(
        "--service",
        type=_client,
        help="that service alone, one of those listed below (default: all at one address)",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=_port, default=0, help="port to listen on (default: 0, a free one)"
    )
    parser.add_argument(
        "--region",
        type=_region,
        default="us-east-1",
        help="region that ARNs name (default: %(default)s)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="JSON file with what is kept: read at the start where it is there, written at the end",
    )
    return parser


class StateFileError(Exception):
    """A file of `--state` that cannot be read or written; the message names it."""


def _load(server: SageMakerServer, file: Path) -> None:
    """Keep what a file holds; one that is absent is to be written."""
    try:
        server.restore(json.loads(file.read_bytes()))
    except FileNotFoundError:
        if not file.absolute().parent.is_dir():
            raise StateFileError(f"--state {file}: there is no folder {file.parent}") from None
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        raise StateFileError(
            f"--state {file} cannot be read: {error}. Name a file that this program has written, "
            "or one that is not there yet."
        ) from None


def _save(server: SageMakerServer, file: Path) -> None:
    """Write what is kept: the file is the old one or the new one, never a part."""
    text = json.dumps(server.snapshot(), default=plain, indent=1)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with fresh.open("w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StateFileError(f"--state {file} cannot be written: {error.strerror}") from None


async def _serve(options: argparse.Namespace) -> None:
    from aiosagemaker_extras.testing import SageMakerServer

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows: SIGINT arrives as KeyboardInterrupt
            break
    where = {"host": options.host, "port": options.port, "region": options.region}
    client: Any = options.service
    server = SageMakerServer(**where) if client is None else SageMakerServer(client, **where)
    if options.state is not None:
        _load(server, options.state)
    async with server:
        print(f"{server.url}\nStatus page: {server.status_url}", flush=True)
        try:
            await stopped.wait()
        finally:
            if options.state is not None:
                _save(server, options.state)


if __name__ == "__main__":
    sys.exit(main())
