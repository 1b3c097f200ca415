"""`aiosagemaker-server`: the testing server as a program, for clients in any language."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aiobotantic.manifest import spec_versions

if TYPE_CHECKING:
    from aiobotantic.client import Client


_DESCRIPTION: Final = """\
Serve a service of Amazon SageMaker for tests, until Ctrl-C or SIGTERM.

The first line that is printed is the address: give it to clients as endpoint_url,
with any credentials. Nothing leaves the machine, and nothing is kept on disk."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until SIGINT or SIGTERM, and return the exit code.

    Args:
        arguments: the command line without the program's name; by default the process's own.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options.service, options.host, options.port, options.region))
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
        default="sagemaker",
        help="one of those listed below (default: %(default)s)",
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
    return parser


async def _serve(client: type[Client], host: str, port: int, region: str) -> None:
    from aiosagemaker_extras.testing import SageMakerServer

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows: SIGINT arrives as KeyboardInterrupt
            break
    async with SageMakerServer(client, host=host, port=port, region=region) as server:
        print(server.url, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
