"""Records of feature groups: the online store of a server that has the control plane, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aiobotantic.testing.faults import ServedError

if TYPE_CHECKING:
    from aiosagemaker_extras.testing import SageMakerServer

Members = Mapping[str, Any]
_NUMBERS: Final[Mapping[str | None, Callable[[str], float]]] = {
    "Integral": int,
    "Fractional": float,
}
_SECONDS: Final = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}


class FeatureStore:
    """The newest record of each identifier, by group.

    Args:
        server: the server whose control plane has the groups.
    """

    def __init__(self, server: SageMakerServer[Any]) -> None:
        self._server = server
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        """Names of groups, to identifiers, to `Record`, `EventTime`, and `ExpiresAt` if it ends."""

    def put(self, request: Members) -> Members:
        """Answer `PutRecord`: a record that is older than the one that is kept changes nothing."""
        group = self._group(request, "ValidationError")
        self._put(group, request, request["Record"])
        return {}

    def update(self, request: Members) -> Members:
        """Answer `UpdateRecord`."""
        group = self._group(request, "ResourceNotFound")
        identifier = request["RecordIdentifierValueAsString"]
        kept = self._kept(group, identifier)
        if kept is None:
            raise ServedError(
                "ResourceNotFound",
                f'Could not find record with RecordIdentifierValueAsString "{identifier}".',
            )
        fresh = {each["FeatureName"]: each for each in request["Features"]}
        old = {each["FeatureName"]: each for each in kept["Record"]}
        self._put(group, request, list({**old, **fresh}.values()))
        return {}

    def get(self, request: Members) -> Members:
        """Answer `GetRecord`: without a record where there is none."""
        group = self._group(request, "ResourceNotFound")
        self._check_names(group, request.get("FeatureNames", ()))
        kept = self._kept(group, request["RecordIdentifierValueAsString"])
        return {} if kept is None else _shown(kept, request)

    def delete(self, request: Members) -> Members:
        """Answer `DeleteRecord`: what is put later and happened earlier does not come back."""
        group = self._group(request, "ValidationError")
        records = self.records.setdefault(group["FeatureGroupName"], {})
        identifier = request["RecordIdentifierValueAsString"]
        kept = records.get(identifier)
        if kept is not None and _moment(kept["EventTime"]) > _moment(request["EventTime"]):
            return {}
        if request.get("DeletionMode") == "HardDelete":
            records.pop(identifier, None)
        else:
            records[identifier] = {"Record": None, "EventTime": request["EventTime"]}
        return {}

    def identifiers(self, request: Members) -> Members:
        """Answer `ListRecords`."""
        group = self._group(request, "ResourceNotFound")
        records = self.records.get(group["FeatureGroupName"], {})
        soft = bool(request.get("IncludeSoftDeletedRecords"))
        names = [name for name in sorted(records) if soft or self._kept(group, name) is not None]
        after, size = request.get("NextToken", ""), int(request.get("MaxResults") or 100)
        names = [name for name in names if name > after]
        more = {"NextToken": names[size - 1]} if len(names) > size else {}
        return {"RecordIdentifiers": names[:size], **more}

    def batch_get(self, request: Members) -> Members:
        """Answer `BatchGetRecord`."""
        found: list[Members] = []
        errors: list[Members] = []
        for each in request["Identifiers"]:
            for identifier in each["RecordIdentifiersValueAsString"]:
                named = {
                    "FeatureGroupName": each["FeatureGroupName"],
                    "RecordIdentifierValueAsString": identifier,
                }
                try:
                    shown = self.get({**request, **each, **named})
                except ServedError as error:
                    errors.append({**named, "ErrorCode": error.code, "ErrorMessage": error.message})
                    continue
                if "Record" in shown:
                    found.append({**named, **shown})
        return {"Records": found, "Errors": errors, "UnprocessedIdentifiers": []}

    def batch_write(self, request: Members) -> Members:
        """Answer `BatchWriteRecord`."""
        errors: list[Members] = []
        for entry in request["Entries"]:
            common = {"TtlDuration": request["TtlDuration"]} if "TtlDuration" in request else {}
            try:
                self.put({**common, **entry})
            except ServedError as error:
                errors.append(
                    {"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message}
                )
        return {"Errors": errors, "UnprocessedEntries": []}

    def _put(self, group: Members, request: Members, record: list[Any]) -> None:
        values = {each["FeatureName"]: each.get("ValueAsString") for each in record}
        self._check_names(group, values)
        _check_types(group, values)
        key, time = group["RecordIdentifierFeatureName"], group["EventTimeFeatureName"]
        for name in (key, time):
            if values.get(name) is None:
                raise ServedError(
                    "ValidationError", f"Record must have a value of feature {name!r}."
                )
        identifier, happened = str(values[key]), str(values[time])
        records = self.records.setdefault(group["FeatureGroupName"], {})
        kept = records.get(identifier)
        if kept is not None and _moment(kept["EventTime"]) > _moment(happened):
            return
        records[identifier] = {"Record": record, "EventTime": happened}
        lasts = request.get("TtlDuration") or group.get("OnlineStoreConfig", {}).get("TtlDuration")
        if lasts:
            ends = _moment(happened) + int(lasts["Value"]) * _SECONDS[lasts["Unit"]]
            records[identifier]["ExpiresAt"] = ends

    def _kept(self, group: Members, identifier: str) -> dict[str, Any] | None:
        kept = self.records.get(group["FeatureGroupName"], {}).get(identifier)
        if kept is None or kept["Record"] is None:
            return None
        return None if kept.get("ExpiresAt", float("inf")) <= self._server.clock.now() else kept

    def _group(self, request: Members, absent: str) -> Members:
        name = request["FeatureGroupName"]
        group = self._server.state.look("feature_group", name)
        if group is None:
            raise ServedError(
                absent, f'Could not find feature group with FeatureGroupName "{name}".'
            )
        if not group.get("OnlineStoreConfig", {}).get("EnableOnlineStore"):
            raise ServedError("ValidationError", f"Feature group {name} has no online store.")
        return group

    def _check_names(self, group: Members, names: Any) -> None:
        known = {each["FeatureName"] for each in group.get("FeatureDefinitions", ())}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ServedError(
                "ValidationError",
                f"FeatureName {', '.join(unknown)} is none of feature group "
                f"{group['FeatureGroupName']}, which has {', '.join(sorted(known))}.",
            )


def _check_types(group: Members, values: Members) -> None:
    kinds = {each["FeatureName"]: each.get("FeatureType") for each in group["FeatureDefinitions"]}
    for name, text in values.items():
        read = _NUMBERS.get(kinds[name])
        if read is None or text is None:
            continue
        try:
            read(text)
        except ValueError:
            raise ServedError(
                "ValidationError", f"Feature {name!r} is {kinds[name]}, and {text!r} is not."
            ) from None


def _shown(kept: Members, request: Members) -> dict[str, Any]:
    wanted = request.get("FeatureNames")
    record = [each for each in kept["Record"] if not wanted or each["FeatureName"] in wanted]
    shown: dict[str, Any] = {"Record": record}
    if request.get("ExpirationTimeResponse") == "Enabled" and "ExpiresAt" in kept:
        shown["ExpiresAt"] = datetime.fromtimestamp(kept["ExpiresAt"], UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    return shown


def _moment(text: str) -> float:
    """Return the seconds since 1970 of an event time: a number of them, or ISO 8601."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ServedError(
            "ValidationError", f"EventTime {text!r} is no number of seconds and no ISO 8601 time."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
