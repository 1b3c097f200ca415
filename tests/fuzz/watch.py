"""One command in this process: what it wrote, what it said, how long it took."""

from __future__ import annotations

import gc
import io
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiobotantic_codegen import cli

SECONDS = 30.0
"""Of processor time, for one command."""
MEMORY = 3 * 2**30
"""Address space of the process, in bytes."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TWO_PATHS = {"os.rename": (0, 1), "os.link": (1,), "os.symlink": (1,)}
_ONE_PATH = {
    *("os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.truncate", "os.utime"),
    *("os.setxattr", "os.removexattr", "shutil.rmtree", "sqlite3.connect"),
}
_NEVER = {"os.system", "os.exec", "os.posix_spawn", "os.startfile", "socket.connect", "socket.bind"}


class TooSlowError(BaseException):
    """A command took more processor time than it may; no handler of the command's takes it."""


@dataclass
class Watched:
    """What a command may write to, and what it did that it may not."""

    allowed: tuple[str, ...]
    strays: list[str] = field(default_factory=list[str])

    def see(self, event: str, given: tuple[Any, ...]) -> None:
        """Take an event of the interpreter."""
        if event == "open":
            path, _, flags = given
            if isinstance(path, (str, bytes)) and flags & _WRITING:
                self._touch(event, path, -1)
        elif event in _TWO_PATHS:
            for place in _TWO_PATHS[event]:
                self._touch(event, given[place], given[place + 2] if len(given) > 3 else -1)
        elif event in _ONE_PATH:
            self._touch(event, given[0], given[-1] if isinstance(given[-1], int) else -1)
        elif event == "subprocess.Popen":
            if given[0] != sys.executable:
                self.strays.append(f"{event} {given[1]!r}")
        elif event in _NEVER:
            self.strays.append(f"{event} {given!r}")

    def _touch(self, event: str, path: Any, folder: int) -> None:
        text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        base = Path(f"/proc/self/fd/{folder}").readlink() if folder >= 0 else Path.cwd()
        whole = os.path.normpath(base / text)
        if event == "os.mkdir" and Path(whole).is_dir():
            return  # nothing comes of it
        if not f"{whole}/".startswith(self.allowed) and whole != "/dev/null":
            self.strays.append(f"{event} {whole}")


_watched: Watched | None = None


def install() -> None:
    """Watch this process from now on, and bound its memory."""

    def hook(event: str, given: tuple[Any, ...]) -> None:
        watched = _watched
        if watched is not None:
            watched.see(event, given)

    def too_slow(number: int, frame: Any) -> None:
        raise TooSlowError

    sys.addaudithook(hook)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, too_slow)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Stop what takes more processor time."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def watched(allowed: Sequence[Path]) -> Iterator[Watched]:
    """Note what is written outside some folders."""
    global _watched
    watching = Watched(tuple(f"{path}/" for path in allowed))
    _watched = watching
    try:
        yield watching
    finally:
        _watched = None


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


def run(argv: Sequence[str], stdin: bytes = b"") -> Ran:
    """Run a command of the generator's as its console script does."""
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.argv = ["aiobotantic", *argv]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    sys.stdout = io.TextIOWrapper(out, "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
    code: Any = 0
    try:
        with bounded(SECONDS):
            cli.main()
    except SystemExit as end:
        code = end.code
    finally:
        said = out.getvalue().decode(), err.getvalue().decode()
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
        gc.enable()  # commands stop it: their processes end with them, and this one does not
    return Ran(code or 0, *said)
