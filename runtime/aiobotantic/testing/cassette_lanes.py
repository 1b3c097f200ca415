"""The lanes of a cassette: one notes what another lane answers, one answers what was noted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from aiobotantic.client import Client
from aiobotantic.errors import ServiceError
from aiobotantic.lanes import Call, Lane, Pipeline, Settings
from aiobotantic.lanes.connection import Connection
from aiobotantic.lanes.quiet_logs import masked_logs
from aiobotantic.masking import hide_repeated
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import WireProtocol
from aiobotantic.structure import ResponseMetadata, Structure
from aiobotantic.testing.answering import UnexpectedCallError
from aiobotantic.testing.cassette_calls import REMEDY, RecordedCalls
from aiobotantic.testing.offline import OfflineClient
from aiobotantic.testing.recorded_ends import (
    REQUEST_ID,
    lost_classes,
    read_error,
    read_failure,
    write_error,
    write_failure,
)
from aiobotantic.testing.recorded_streams import StreamTape, recorded, replayed
from aiobotantic.testing.recorded_values import CassetteError, read_members, write_members
from aiobotantic.testing.scrubbing import Scrubber

_PATIENCE: Final = 2.0
"""Seconds in which a call that was cancelled when it was recorded is cancelled again."""


class Tape:
    """What is recorded: nothing in it that was not scrubbed, once the call has ended."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.scrubber = scrubber
        self.entries: list[dict[str, Any]] = []
        self.streams: list[StreamTape] = []


def write_request(call: Call, scrubber: Scrubber) -> dict[str, Any]:
    """Return what is recorded of a request: not its idempotency token, which may be made up."""
    return write_members(call.request, scrubber, without=call.operation.token)


class _RecordingLane:
    """Passes calls on to a lane, and notes them."""

    def __init__(self, lane: Lane, tape: Tape) -> None:
        self._lane = lane
        self._tape = tape
        self.region_name: str | None = lane.region_name
        self.endpoint_url = lane.endpoint_url

    @property
    def pipeline(self) -> Pipeline:
        """Which lane takes the calls, and why."""
        return self._lane.pipeline

    async def call(self, call: Call) -> Structure:
        """Pass a call on. Calls are noted in the order in which they began."""
        entry: dict[str, Any] = {"service": call.service.name, "operation": call.operation.name}
        scrubber = self._tape.scrubber
        self._tape.entries.append(entry)
        try:
            await self._learn_credentials()
            entry["request"] = write_request(call, scrubber)
            response = await self._lane.call(call)
            if (status := response.response_metadata.status_code) != 200:
                entry["status"] = status
            answer = write_members(response, scrubber)
            self._tape.streams += recorded(response, call, scrubber, answer)
            entry["response"] = answer
        except asyncio.CancelledError:
            if "request" in entry:
                entry["cancelled"] = True
            else:
                entry.clear()
            raise
        except ServiceError as error:
            hide_repeated(error, call.request)
            entry["error"] = write_error(call.service, error, scrubber)
            raise
        except lost_classes() as error:
            entry["failure"] = write_failure(error, scrubber)
            raise
        except BaseException:
            entry.clear()  # nothing that a replay could do again: no credentials, for one
            raise
        return response

    async def _learn_credentials(self) -> None:
        lane: Any = self._lane
        credentials = (
            lane.footing.credentials
            if hasattr(lane, "footing")
            else lane.client._request_signer._credentials
        )
        if credentials is None:
            return
        try:
            with masked_logs():
                keys = await credentials.get_frozen_credentials()
        except Exception:  # the call says it better
            return
        self._tape.scrubber.learn(keys.access_key, keys.secret_key, keys.token)

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Pass it on."""
        await self._lane.warm_up(operations)

    async def close(self) -> None:
        """Pass it on."""
        await self._lane.close()


class _RecordedConnection(Connection):
    """Opens the lane of a client, and stands before it."""

    def __init__(self, client: str, settings: Settings, tape: Tape) -> None:
        super().__init__(client, settings)
        self._tape = tape

    async def open(
        self,
        service: Service,
        operations: Mapping[str, Operation[Any]],
        protocol: WireProtocol,
    ) -> None:
        """Open the lane; nothing happens where it is open."""
        await super().open(service, operations, protocol)
        if self.lane is not None and not isinstance(self.lane, _RecordingLane):
            self.lane = _RecordingLane(self.lane, self._tape)


def record(client: Client, tape: Tape) -> None:
    """Let the calls of a client, which is not open yet, be noted."""
    it: Any = client
    settings: Settings = it._connection.settings
    environment = (value for name, value in os.environ.items() if name in _KEYS)
    tape.scrubber.learn(
        *(settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token),
        *environment,
    )
    it._connection = _RecordedConnection(type(client).__name__, settings, tape)


_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class _ReplayLane:
    """Answers what was noted."""

    def __init__(self, settings: Settings, calls: RecordedCalls, scrubber: Scrubber) -> None:
        self.region_name = settings.region_name
        self.endpoint_url = str(settings.endpoint_url)
        self.pipeline = Pipeline("cassette", f"{calls.file} is replayed, nothing is sent")
        self._calls = calls
        self._scrubber = scrubber

    async def call(self, call: Call) -> Structure:
        """Answer a call.

        Raises:
            UnexpectedCallError: it was not recorded.
            CassetteError: what was recorded cannot be read.
        """
        service, operation = call.service, call.operation
        request = write_request(call, self._scrubber)
        found = self._calls.take(service.name, operation.name, request)
        entry, place = found.entry, found.place
        await asyncio.sleep(0)
        if entry.get("cancelled"):
            await self._until_cancelled(call, place)
        try:
            if "error" in entry:
                raise read_error(service, operation, entry["error"], f"{place}.error")
            if "failure" in entry:
                raise read_failure(operation, entry["failure"], f"{place}.failure")
            response = read_members(
                operation.response_class,
                entry.get("response"),
                f"{place}.response",
                lambda kind, written, at: replayed(service, operation, kind, written, at),
            )
        except CassetteError as error:
            raise unreadable(self._calls.file, error) from None
        status = entry.get("status", 200)
        vars(response)["response_metadata"] = ResponseMetadata(REQUEST_ID, status)
        return response

    async def _until_cancelled(self, call: Call, place: str) -> NoReturn:
        """Wait to be cancelled again: till the call's own time is over, else not for long."""
        limited = call.options.timeout is not None or call.options.deadline is not None
        await asyncio.sleep(86_400 if limited else _PATIENCE)
        error = UnexpectedCallError(
            f"{call.operation.name}: {place} of {self._calls.file} was cancelled before it was "
            f"answered, and is not cancelled now. {REMEDY}"
        )
        self._calls.unexpected.append(error)
        raise error

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class ReplayedClient(OfflineClient):
    """What a client of a cassette also is while the cassette is replayed."""

    def play(self, calls: RecordedCalls, scrubber: Scrubber) -> None:
        """Answer from what was recorded."""
        given = self._connection.settings
        settings = replace(
            given,
            region_name=given.region_name or "us-east-1",
            endpoint_url=given.endpoint_url or "cassette:",
        )
        self._connection.settings = settings
        self._answer_by(_ReplayLane(settings, calls, scrubber))

    async def _wait_or_gone(self, *args: Any, **fields: Any) -> Any:
        if self._options.poller is not None:  # its calls are recorded, too
            return await Client._wait_or_gone(self, *args, **fields)
        return await super()._wait_or_gone(*args, **fields)


def unreadable(file: str, problem: object) -> CassetteError:
    """Return what is raised of a damaged cassette."""
    return CassetteError(
        f'{file} cannot be read: {problem}. Restore the file, or record it again: mode="record", '
        "or pytest --cassettes=record"
    )
