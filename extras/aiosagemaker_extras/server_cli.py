"""`aiosagemaker-server`: the testing server as a program, for clients in any language."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until SIGINT or SIGTERM, and return the exit code.

    Args:
        arguments: the command line without the program's name; by default the process's own.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options.service, options.host, options.port, options.region))
    except ValueError as error:
        print(f"aiosagemaker-server: --service: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"aiosagemaker-server: cannot listen on {options.host} port {options.port}: "
            f"{error.strerror}. Choose another --host or --port; --port 0 takes a free one.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{port} is no port: 0 to 65535")
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aiosagemaker-server",
        description="Serve a service of Amazon SageMaker for tests. Nothing is kept on disk.",
    )
    parser.add_argument(
        "--service",
        default="sagemaker",
        help="botocore's name of the service, such as sagemaker-runtime (%(default)s)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (0: a free one)")
    parser.add_argument("--region", default="us-east-1", help="region of ARNs (%(default)s)")
    return parser


async def _serve(service: str, host: str, port: int, region: str) -> None:
    from aiosagemaker_extras.testing import SageMakerServer, client_class

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows: SIGINT arrives as KeyboardInterrupt
            break
    server = SageMakerServer(client_class(service), host=host, port=port, region=region)
    async with server:
        print(server.url, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
