"""A small face of CloudWatch Logs: what training, processing and transform jobs write."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from shlex import split
from typing import TYPE_CHECKING, Any, Final

from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.json_protocol import HttpAnswer, HttpRequest, parse_json
from aiobotantic.testing.json_values import encode, is_object

if TYPE_CHECKING:
    from aiosagemaker_extras.testing import SageMakerServer

Members = Mapping[str, Any]
LineFunction = Callable[[Members], Iterable[str]]
"""Takes a job's members, at each status that it reaches, and returns what the job then writes."""

_KINDS: Final = {
    "TrainingJobs": ("training_job", ("ResourceConfig",)),
    "ProcessingJobs": ("processing_job", ("ProcessingResources", "ClusterConfig")),
    "TransformJobs": ("transform_job", ("TransformResources",)),
}
"""Names of groups, to the kind of jobs and to where these say how many instances they have."""
_PREFIX: Final = "/aws/sagemaker/"
_TARGET: Final = "Logs_20140328."
_CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_MADE_UP: Final = {
    "InProgress": ("Starting.", "Reading the input.", "Step 1 of 2.", "Step 2 of 2."),
    "Completed": ("Done.",),
    "Failed": ("Failed.",),
    "Stopping": ("SIGTERM was received.",),
    "Stopped": ("Stopped.",),
}
_PATTERN_SIGNS: Final = ("{", "[", "%", "?", "-")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a stream."""

    timestamp: int
    """Milliseconds since 1970, UTC."""
    ingested: int
    message: str


class LogGroup:
    """What the jobs of one kind write: `server.logs["TrainingJobs"]`.

    Args:
        server: the server, whose clock the lines' times come from.
        name: the group's, after `/aws/sagemaker/`.
    """

    def __init__(self, server: SageMakerServer[Any], name: str) -> None:
        self.name = f"{_PREFIX}{name}"
        """As CloudWatch Logs has it."""
        self.streams: dict[str, list[Line]] = {}
        """Names of streams, `<job>/algo-<instance>-<second>`, to their lines."""
        self._server = server
        self._begun: dict[str, int] = {}
        self._write_at_status: LineFunction = self._made_up
        kind, self._instances = _KINDS[name]
        self.kind = server.state.kinds.get(kind)
        if self.kind is not None:
            self.kind.watchers.append(self._reached)

    def write(self, job: str, *lines: str, instance: int = 1, ago: float = 0) -> None:
        """Write lines as a job; it need not exist.

        Args:
            job: the job's name.
            lines: what it writes.
            instance: which of its instances writes, from 1.
            ago: seconds between that and now.
        """
        if not lines:
            return
        now = self._server.clock.now()
        begun = self._begun.setdefault(job, int(now))
        stream = self.streams.setdefault(f"{job}/algo-{instance}-{begun}", [])
        ingested = int(now * 1000)
        stream += [Line(ingested - int(ago * 1000), ingested, line) for line in lines]

    def read(self, job: str) -> list[str]:
        """Return what a job has written, all its instances, in order of time."""
        self.catch_up()
        found = [
            line
            for name, lines in self.streams.items()
            if name.startswith(f"{job}/")
            for line in lines
        ]
        return [line.message for line in sorted(found, key=lambda line: line.timestamp)]

    def lines(self, function: LineFunction) -> LineFunction:
        """Let a function say what jobs write; it is returned, so that this is a decorator.

            @server.logs["TrainingJobs"].lines
            def lines(job: Mapping[str, Any]) -> list[str]:
                return [f"{job['TrainingJobName']} is {job['TrainingJobStatus']}"]

        Args:
            function: takes a job's members by wire name when it reaches a status, and returns the
                lines that each of its instances then writes.
        """
        self._write_at_status = function
        return function

    def catch_up(self) -> None:
        """Let jobs write what they have by now: those whose statuses last for seconds."""
        if self.kind is not None:
            self.kind.wear_out()

    def snapshot(self) -> dict[str, Any]:
        """Return the lines as values that JSON can hold."""
        self.catch_up()
        streams = {
            name: [[line.timestamp, line.ingested, line.message] for line in lines]
            for name, lines in self.streams.items()
        }
        return {"begun": dict(self._begun), "streams": streams}

    def restore(self, snapshot: Members) -> None:
        """Keep what a snapshot holds, and nothing else."""
        self._begun = dict(snapshot.get("begun", {}))
        streams: dict[str, list[Any]] = snapshot.get("streams", {})
        self.streams = {name: [Line(*line) for line in lines] for name, lines in streams.items()}

    def _reached(self, job: Members) -> None:
        """Write what a job writes at the status that it has reached."""
        assert self.kind is not None
        resource = self.kind.resource
        name = str(job[resource.identity[0]])
        self._begun[name] = int(job[resource.created or ""])
        place: Any = job
        for member in self._instances:
            place = place.get(member, {})
        lines = list(self._write_at_status(deepcopy(dict(job))))
        for instance in range(1, int(place.get("InstanceCount", 1)) + 1):
            self.write(name, *lines, instance=instance)

    def _made_up(self, job: Members) -> Sequence[str]:
        assert self.kind is not None
        return _MADE_UP.get(job[self.kind.resource.status or ""], ())


class Logs(Mapping[str, LogGroup]):
    """The log groups of a server's jobs, by the end of their names.

    Args:
        server: the server.
    """

    def __init__(self, server: SageMakerServer[Any]) -> None:
        self._server = server
        self._groups = {name: LogGroup(server, name) for name in _KINDS}

    def __getitem__(self, name: str) -> LogGroup:
        if (group := self._groups.get(name.removeprefix(_PREFIX))) is None:
            raise KeyError(f"no log group {name!r}; there are: {', '.join(self)}")
        return group

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def snapshot(self) -> dict[str, Any]:
        """Return the lines as values that JSON can hold."""
        return {name: group.snapshot() for name, group in self.items() if group.streams}

    def restore(self, snapshot: Members) -> None:
        """Keep what a snapshot holds, and nothing else."""
        for name, group in self.items():
            group.restore(snapshot.get(name, {}))

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request of CloudWatch Logs' JSON protocol."""
        operations = {
            "DescribeLogGroups": self._groups_of,
            "DescribeLogStreams": self._streams_of,
            "FilterLogEvents": self._filtered,
            "GetLogEvents": self._events_of,
        }
        name = request.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
        try:
            if name not in operations:
                served = ", ".join(operations)
                raise ServedError(
                    "UnknownOperationException",
                    f"{name} is not served: of CloudWatch Logs there are {served}.",
                )
            members = parse_json(request.body)
            answer = operations[name](members if is_object(members) else {})
        except ServedError as fault:
            body = encode({"__type": fault.code, "message": fault.message})
            return HttpAnswer(400, body, {"Content-Type": _CONTENT_TYPE})
        return HttpAnswer(200, encode(answer), {"Content-Type": _CONTENT_TYPE})

    def _groups_of(self, request: Members) -> Members:
        prefix, part = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern", "")
        groups = [
            {
                "logGroupName": group.name,
                "arn": f"{self._arn(group)}:*",
                "logGroupArn": self._arn(group),
                "logGroupClass": "STANDARD",
                "storedBytes": 0,
            }
            for group in sorted(self.values(), key=lambda group: group.name)
            if group.name.startswith(prefix) and part in group.name
        ]
        return {"logGroups": groups}

    def _streams_of(self, request: Members) -> Members:
        group = self._group(request)
        prefix = request.get("logStreamNamePrefix", "")
        names = [name for name in group.streams if name.startswith(prefix)]
        if request.get("orderBy") == "LastEventTime":
            names.sort(key=lambda name: (group.streams[name][-1].timestamp, name))
        else:
            names.sort()
        if request.get("descending"):
            names.reverse()
        after = request.get("nextToken")
        if after is not None and after not in names:
            raise _invalid("The specified nextToken is invalid.")
        names = names if after is None else names[names.index(after) + 1 :]
        size = _limit(request, 50)
        more = {"nextToken": names[size - 1]} if len(names) > size else {}
        return {"logStreams": [self._shown(group, name) for name in names[:size]], **more}

    def _shown(self, group: LogGroup, name: str) -> Members:
        lines = group.streams[name]
        return {
            "logStreamName": name,
            "arn": f"{self._arn(group)}:log-stream:{name}",
            "creationTime": lines[0].ingested,
            "firstEventTimestamp": lines[0].timestamp,
            "lastEventTimestamp": lines[-1].timestamp,
            "lastIngestionTime": lines[-1].ingested,
            "storedBytes": 0,
        }

    def _events_of(self, request: Members) -> Members:
        """Tokens are places between lines; at either end the token that was given comes back."""
        lines = self._stream(self._group(request), request.get("logStreamName", ""))
        size = _limit(request, 10_000)
        forward, place = _read_place(request, len(lines))
        chosen: list[int] = []
        rest = iter(range(place, len(lines)) if forward else range(place - 1, -1, -1))
        while len(chosen) < size and (number := next(rest, None)) is not None:
            if _is_within(lines[number], request):
                chosen.append(number)
        if len(chosen) == size:
            end = chosen[-1] + 1 if forward else chosen[-1]
        else:
            end = len(lines) if forward else 0
        begin, end = sorted((place, end))
        return {
            "events": [_event(lines[number]) for number in sorted(chosen)],
            "nextForwardToken": f"f/{end:056d}",
            "nextBackwardToken": f"b/{begin:056d}",
        }

    def _filtered(self, request: Members) -> Members:
        group = self._group(request)
        names = request.get("logStreamNames")
        prefix = request.get("logStreamNamePrefix", "")
        words = _words(request.get("filterPattern", ""))
        found = sorted(
            (line.timestamp, name, number)
            for name, lines in group.streams.items()
            if (name in names if names else name.startswith(prefix))
            for number, line in enumerate(lines)
            if _is_within(line, request) and all(word in line.message for word in words)
        )
        if (token := request.get("nextToken")) is not None:
            last = _read_last(token)
            found = [each for each in found if each > last]
        size = _limit(request, 10_000)
        events = [
            {
                **_event(group.streams[name][number]),
                "logStreamName": name,
                "eventId": f"{timestamp:020d}{number:036d}",
            }
            for timestamp, name, number in found[:size]
        ]
        answer = {"events": events, "searchedLogStreams": []}
        return answer | {"nextToken": _write_last(found[size - 1])} if len(found) > size else answer

    def _group(self, request: Members) -> LogGroup:
        given = request.get("logGroupName") or request.get("logGroupIdentifier") or ""
        group = self._groups.get(given.rpartition(":")[2].removeprefix(_PREFIX))
        if group is None or _PREFIX not in given:
            raise ServedError(
                "ResourceNotFoundException", f"The specified log group does not exist: {given!r}."
            )
        group.catch_up()
        return group

    def _stream(self, group: LogGroup, name: str) -> list[Line]:
        if name not in group.streams:
            raise ServedError(
                "ResourceNotFoundException", f"The specified log stream does not exist: {name!r}."
            )
        return group.streams[name]

    def _arn(self, group: LogGroup) -> str:
        place = self._server.place
        return f"arn:aws:logs:{place.region}:{place.account}:log-group:{group.name}"


def _event(line: Line) -> dict[str, Any]:
    return {
        "timestamp": line.timestamp,
        "ingestionTime": line.ingested,
        "message": line.message,
    }


def _is_within(line: Line, request: Members) -> bool:
    begin, end = request.get("startTime", 0), request.get("endTime")
    return line.timestamp >= begin and (end is None or line.timestamp < end)


def _limit(request: Members, most: int) -> int:
    limit = request.get("limit", most)
    if not 1 <= limit <= most:
        raise _invalid(f"limit is {limit}: pass a number from 1 to {most}.")
    return int(limit)


def _read_place(request: Members, end: int) -> tuple[bool, int]:
    """Return the direction and the place that a request for events begins at."""
    token = request.get("nextToken")
    if token is None:
        return (True, 0) if request.get("startFromHead") else (False, end)
    direction, _, number = token.partition("/")
    if direction not in ("f", "b") or not number.isdecimal() or int(number) > end:
        raise _invalid("The specified nextToken is invalid.")
    return direction == "f", int(number)


def _words(pattern: str) -> Sequence[str]:
    try:
        words = split(pattern)
    except ValueError:
        words = [pattern]
    if any(word.startswith(_PATTERN_SIGNS) for word in words):
        raise _invalid(
            f"filterPattern {pattern!r} is not served: pass words, which all must occur."
        )
    return words


def _write_last(last: tuple[int, str, int]) -> str:
    return urlsafe_b64encode(json.dumps(last).encode()).decode()


def _read_last(token: str) -> tuple[int, str, int]:
    try:
        timestamp, name, number = json.loads(urlsafe_b64decode(token))
    except ValueError:
        raise _invalid("The specified nextToken is invalid.") from None
    return int(timestamp), str(name), int(number)


def _invalid(message: str) -> ServedError:
    return ServedError("InvalidParameterException", message)
