"""Cassettes: the calls of clients, recorded once and replayed without a service."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, ParamSpec, Self, TypeAlias, TypeVar, get_args

from aiobotantic.client import Client
from aiobotantic.testing.answering import UnexpectedCallError
from aiobotantic.testing.cassette_calls import Match, RecordedCalls, read_calls
from aiobotantic.testing.cassette_lanes import ReplayedClient, Tape, record, unreadable
from aiobotantic.testing.recorded_values import CassetteError
from aiobotantic.testing.scrubbing import Scrub, Scrubber

Mode: TypeAlias = Literal["auto", "record", "replay"]

Arguments = ParamSpec("Arguments")
AnyClient = TypeVar("AnyClient", bound=Client)


class Cassette:
    """A file of calls: recorded from a service, replayed without one.

        with Cassette("cassettes/deploy.json") as cassette:
            async with cassette.client(Service, region_name="us-east-1") as client:
                ...

    Any number of clients, of any services, may share it. Nothing sensitive is recorded: members
    that the model marks, credentials, account ids, tokens and queries of addresses are replaced
    before they are kept. The file is written as a whole when the block ends without an error.

    Args:
        path: the file; its folder is made where it is not there.
        mode: `record` calls the service, and replaces the file; `replay` calls nobody, and needs
            neither credentials nor a network; `auto` replays where the file is there.
        match: `strict` replays each call once, in the order in which they were recorded;
            `lenient` in any order, the last of equal calls again and again.
        keep: AWS's names of sensitive members that are recorded as they are: `{"Body"}`.
        scrub: what is done to each text beyond the above; is given AWS's name of the member and
            the text, and returns what is recorded. It is also asked of requests that are replayed.

    Raises:
        ValueError: a mode or a match that is none.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: Mode = "auto",
        match: Match = "strict",
        keep: Iterable[str] = (),
        scrub: Scrub | None = None,
    ) -> None:
        for name, value, known in (("mode", mode, Mode), ("match", match, Match)):
            if value not in get_args(known):
                choices = ", ".join(map(repr, get_args(known)))
                raise ValueError(f"{name} is {value!r}: pass one of {choices}")
        if isinstance(keep, str):
            raise ValueError(f"keep is a text: pass a set of names, {{{keep!r}}}")
        self.path = Path(path)
        self._mode = mode
        self._match: Match = match
        self._scrubber = Scrubber(keep, scrub)
        self._tape: Tape | None = None
        self._calls: RecordedCalls | None = None
        self._unexpected: list[UnexpectedCallError] = []

    @property
    def recording(self) -> bool:
        """Whether calls go to the service, and are recorded."""
        if self._tape is not None or self._calls is not None:
            return self._tape is not None
        return self._mode == "record" or (self._mode == "auto" and not self.path.exists())

    @property
    def unexpected_calls(self) -> list[UnexpectedCallError]:
        """What was raised for calls that were not recorded, also where it was caught."""
        return list(self._unexpected)

    def open(self) -> Self:
        """Read the file, or begin to record; return the cassette itself.

        Raises:
            CassetteError: the file is not there, or cannot be read.
        """
        if self.recording:
            self._tape = Tape(self._scrubber)
        else:
            self._calls = self._read()
            self._unexpected = self._calls.unexpected
        return self

    def close(self, *, failed: bool = False) -> None:
        """Write what was recorded, or check that each recorded call was made.

        Args:
            failed: whether the program went wrong: then nothing is written or checked.

        Raises:
            UnexpectedCallError: the first one, where it was caught.
            UnusedCallsError: a recorded call was not made.
            CassetteError: the file cannot be written.
        """
        tape, calls = self._tape, self._calls
        self._tape = self._calls = None
        if tape is not None and not failed:
            self._write(tape)
        if calls is not None and not failed:
            if calls.unexpected:
                raise calls.unexpected[0]
            calls.check_used()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(failed=error is not None)

    def client(
        self,
        client: Callable[Arguments, AnyClient],
        /,
        *args: Arguments.args,
        **options: Arguments.kwargs,
    ) -> AnyClient:
        """Return a client, not yet opened, whose calls are recorded or replayed.

        Args:
            client: class of the client.
            args: arguments of that class.
            options: the same. A replay looks at `validation`, `region_name` and `endpoint_url`.

        Raises:
            TypeError: it is no client's class.
            RuntimeError: the cassette is not open.
        """
        if not isinstance(client, type) or not issubclass(client, Client):
            raise TypeError(f"cassette.client() takes the class of a client, not {client!r}")
        cls: Any = client
        if self._tape is not None:
            made = cls(*args, **options)
            record(made, self._tape)
        elif self._calls is not None:
            made = _replayed(cls)(*args, **options)
            made.play(self._calls, self._scrubber)
        else:
            raise RuntimeError(f"the cassette {self.path} is not open: use it in `with`")
        return made  # type: ignore[no-any-return]

    def _read(self) -> RecordedCalls:
        file = str(self.path)
        try:
            text = self.path.read_bytes().decode(errors="surrogatepass")
        except FileNotFoundError:
            raise CassetteError(
                f"{file} is not there, and mode is 'replay'. Record it, with credentials and a "
                'network: mode="record", or pytest --cassettes=record'
            ) from None
        except OSError as error:
            raise unreadable(file, error.strerror) from None
        except ValueError as error:
            raise unreadable(file, f"it is no UTF-8 text: {error}") from None
        try:
            return read_calls(file, self._match, json.loads(text))
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise unreadable(file, f"{place} is no JSON: {error.msg}") from None
        except RecursionError:
            raise unreadable(file, "it is nested too deeply") from None
        except CassetteError as error:
            raise unreadable(file, error) from None

    def _write(self, tape: Tape) -> None:
        """Write the file: it is the old one or the new one, never a part."""
        for stream in tape.streams:
            stream.left()
        entries = [_in_order(entry) for entry in tape.entries if entry]
        text = json.dumps({"cassette": 1, "calls": entries}, indent=2, ensure_ascii=False)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as opened:
                opened.write(f"{text}\n".encode(errors="surrogatepass"))
                opened.flush()
                os.fsync(opened.fileno())
            fresh.replace(self.path)
        except BaseException as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise CassetteError(
                    f"{self.path} cannot be written: {error.strerror}. Name a file in a folder "
                    "that can be written to"
                ) from None
            raise

    def __repr__(self) -> str:
        what = "recording" if self._tape is not None else "replaying"
        return f"<Cassette {self.path}, {what if self._tape or self._calls else 'not open'}>"


_ORDER = ("service", "operation", "request", "status", "response", "error", "failure", "cancelled")


def _in_order(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in _ORDER if name in entry}


def _replayed_class(client: type[Client]) -> Any:
    return type(client.__name__, (ReplayedClient, client), {"__module__": client.__module__})


_replayed: Any = cache(_replayed_class)
