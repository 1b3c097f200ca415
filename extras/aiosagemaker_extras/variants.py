"""The variants of endpoints: what DescribeEndpoint tells of them, and which one answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiobotantic.testing.faults import ServedError

if TYPE_CHECKING:
    from aiosagemaker_extras.testing import SageMakerServer

_DESIRED = {
    "DesiredWeight": "CurrentWeight",
    "DesiredInstanceCount": "CurrentInstanceCount",
    "DesiredServerlessConfig": "CurrentServerlessConfig",
}
_ALIKE = ("ManagedInstanceScaling", "RoutingConfig")
_LISTS = ("ProductionVariants", "ShadowProductionVariants")
_WHOLE = ("AsyncInferenceConfig", "ExplainerConfig")
ALL_TRAFFIC = "AllTraffic"
"""The variant that answers where no configuration names any."""


class Variants:
    """The variants of a server's endpoints.

    Args:
        server: the server; where it has no control plane, endpoints have no variants.
    """

    def __init__(self, server: SageMakerServer[Any]) -> None:
        self._state = server.state
        self._answered: dict[str, Counter[str]] = {}
        if (kind := self._state.kinds.get("endpoint")) is not None:
            kind.completers.append(self._complete)
            kind.watchers.append(self._reached)

    def choose(self, endpoint: Mapping[str, Any], target: str | None) -> str:
        """Return the variant that answers the next invocation: by their weights, in turns.

        Raises:
            ServedError: the endpoint has no variant of the name that the request targets.
        """
        weights: dict[str, float] = {
            each["VariantName"]: each.get("CurrentWeight", 1.0)
            for each in endpoint.get("ProductionVariants", ())
        }
        if target is not None:
            if weights and target not in weights:
                raise ServedError(
                    "ValidationError",
                    f"Endpoint {endpoint['EndpointName']} has no variant {target}: it has "
                    f"{', '.join(weights)}.",
                )
            return target
        total = sum(weights.values())
        if not total:
            return next(iter(weights), ALL_TRAFFIC)
        answered = self._answered.setdefault(endpoint["EndpointName"], Counter())
        turn = answered.total() + 1
        chosen = max(weights, key=lambda name: weights[name] / total * turn - answered[name])
        answered[chosen] += 1
        return chosen

    def _complete(self, endpoint: dict[str, Any]) -> None:
        """Add what follows from the configuration, or from weights that were asked for."""
        desired = endpoint.pop("DesiredWeightsAndCapacities", None)
        kept = bool(endpoint.pop("RetainAllVariantProperties", False))
        if desired is not None:
            self._weigh(endpoint, desired)
            return
        before = {each["VariantName"]: each for each in endpoint.get("ProductionVariants", ())}
        config = self._state.look("endpoint_config", endpoint["EndpointConfigName"]) or {}
        for name in _LISTS:
            if name in config:
                endpoint[name] = [_summary(each, before if kept else {}) for each in config[name]]
            else:
                endpoint.pop(name, None)
        for name in _WHOLE:
            if name in config:
                endpoint[name] = config[name]
        if (capture := config.get("DataCaptureConfig")) is not None:
            enabled = capture.get("EnableCapture", False)
            endpoint["DataCaptureConfig"] = {
                "EnableCapture": enabled,
                "CaptureStatus": "Started" if enabled else "Stopped",
                "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
                "DestinationS3Uri": capture["DestinationS3Uri"],
                "KmsKeyId": capture.get("KmsKeyId", ""),
            }
        self._answered.pop(endpoint["EndpointName"], None)

    def _weigh(self, endpoint: dict[str, Any], desired: Iterable[Mapping[str, Any]]) -> None:
        variants = {each["VariantName"]: each for each in endpoint.get("ProductionVariants", ())}
        for each in desired:
            if each["VariantName"] not in variants:
                raise ServedError(
                    "ValidationException",
                    f"Endpoint {endpoint['EndpointName']} has no variant {each['VariantName']}: "
                    f"it has {', '.join(variants)}.",
                )
        for each in desired:
            wanted = {name: value for name, value in each.items() if name in _DESIRED}
            variants[each["VariantName"]] = {**variants[each["VariantName"]], **wanted}
        endpoint["ProductionVariants"] = list(variants.values())

    def _reached(self, endpoint: dict[str, Any]) -> None:
        """Let what was desired be so, once the endpoint serves."""
        if endpoint["EndpointStatus"] == "InService":
            for name in _LISTS:
                if name in endpoint:
                    endpoint[name] = [{**each, **_current(each)} for each in endpoint[name]]


def _current(variant: Mapping[str, Any]) -> dict[str, Any]:
    return {now: variant[wanted] for wanted, now in _DESIRED.items() if wanted in variant}


def _summary(variant: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what an endpoint tells of a variant of its configuration."""
    name = variant["VariantName"]
    told: dict[str, Any] = {
        "VariantName": name,
        "DesiredWeight": variant.get("InitialVariantWeight", 1.0),
        "DesiredInstanceCount": variant.get("InitialInstanceCount"),
        "DesiredServerlessConfig": variant.get("ServerlessConfig"),
        **{each: variant.get(each) for each in _ALIKE},
    }
    kept = {each: before[name].get(each) for each in _DESIRED} if name in before else {}
    return {each: value for each, value in {**told, **kept}.items() if value is not None}
