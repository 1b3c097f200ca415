"""The error tree: families, pickles, what an error says."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest
from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError
from sample_service.workshop import errors as workshop
from sample_service.workshop.models import DescribeMachineOutput

from aiobotantic import errors
from aiobotantic.checks import Refusal

CLASSES = [
    getattr(errors, name)
    for name in errors.__all__
    if isinstance(getattr(errors, name), type) and not name.endswith("Warning")
]
RESPONSE = {
    "Error": {"Code": "MachineInUse", "Message": "busy"},
    "ResponseMetadata": {"RequestId": "r", "HTTPStatusCode": 409, "RetryAttempts": 2},
    "JobName": "night",
}


def made(cls: type[Exception]) -> Any:
    if issubclass(cls, errors.ServiceError):
        return cls(RESPONSE, "CreateMachine")
    if issubclass(cls, errors.WaiterError):
        last = DescribeMachineOutput(machine_name="m")
        return cls("text", name="W", last_response=last)
    if cls is errors.RequestValidationError:
        return cls("text", [Refusal("a", "must be b", "c", "d")])
    return cls("text")


@pytest.mark.parametrize("cls", [*CLASSES, workshop.MachineInUse], ids=lambda cls: cls.__name__)
def test_every_error_survives_pickling_and_copying(cls: type[Exception]) -> None:
    error = made(cls)

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is cls
        assert twin is not error
        assert (str(twin), twin.args) == (str(error), error.args)
        assert vars(twin) == vars(error)
    assert issubclass(cls, errors.AioBotanticError)
    assert cls.__doc__


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (errors.RequestValidationError, botocore.ParamValidationError),
        (errors.CallTimeoutError, TimeoutError),
        (errors.TransportError, botocore.HTTPClientError),
        (errors.ConnectError, botocore.EndpointConnectionError),
        (errors.ConnectTimedOut, botocore.ConnectTimeoutError),
        (errors.ReadTimedOut, botocore.ReadTimeoutError),
        (errors.ConnectionLost, botocore.ConnectionClosedError),
        (errors.TLSError, botocore.SSLError),
        (errors.ProxyError, botocore.ProxyConnectionError),
        (errors.AmbiguousResultError, botocore.ConnectionClosedError),
        (errors.ResponseParseError, ResponseParserError),
        (errors.CredentialsError, botocore.NoCredentialsError),
        (errors.CredentialsError, botocore.CredentialRetrievalError),
        (errors.ConfigurationError, botocore.BotoCoreError),
        (errors.RegionError, botocore.NoRegionError),
        (errors.ProfileError, botocore.ProfileNotFound),
        (errors.PaginationError, botocore.PaginationError),
        (errors.WaiterError, botocore.WaiterError),
        (errors.WaiterTimedOut, TimeoutError),
        (errors.ServiceError, botocore.ClientError),
    ],
)
def test_each_error_is_botocores_counterpart_too(
    ours: type[Exception], theirs: type[Exception]
) -> None:
    assert issubclass(ours, theirs)


def test_a_service_error_says_what_the_service_said() -> None:
    error = workshop.MachineInUse(RESPONSE, "CreateMachine")

    assert (error.code, error.message, error.request_id) == ("MachineInUse", "busy", "r")
    assert (error.status_code, error.attempts, error.retryable) == (409, 3, False)
    assert error.job_name == "night"
    assert error.response["Error"]["Code"] == "MachineInUse"
    assert str(error) == (
        "An error occurred (MachineInUse) when calling the CreateMachine operation after 3 "
        "attempts: busy"
    )


def test_a_service_error_can_be_made_of_nothing() -> None:
    error = errors.ServiceError({}, "CreateMachine")

    assert (error.code, error.message, error.request_id) == ("Unknown", "", None)
    assert (error.status_code, error.attempts, error.retryable) == (None, 1, False)


@pytest.mark.parametrize(
    ("code", "status", "retryable"),
    [
        ("ThrottlingException", 400, True),
        ("ServiceUnavailable", 503, True),
        ("WarmingUp", 400, True),
        ("ValidationException", 400, False),
    ],
)
def test_whether_a_call_may_succeed_later(code: str, status: int, retryable: bool) -> None:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

    assert workshop.ERRORS[code](response, "X").retryable is retryable


def test_codes_that_no_model_lists_have_classes_in_families() -> None:
    assert all(cls.CODE == code == cls.__name__ for code, cls in errors.COMMON_ERRORS.items())
    assert issubclass(errors.TooManyRequestsException, errors.ThrottlingError)
    assert issubclass(errors.ExpiredToken, errors.AccessError)
    assert issubclass(errors.InternalServerException, errors.ServiceFault)


def test_a_constructor_names_the_nearest_member() -> None:
    with pytest.raises(errors.RequestValidationError) as caught:
        DescribeMachineOutput(machine_nam="m")  # type: ignore[call-arg]

    assert str(caught.value) == (
        "DescribeMachineOutput cannot be made:\n"
        "  machine_nam: is not in the model; did you mean 'machine_name'?"
    )


def test_importing_errors_is_light() -> None:
    code = (
        "import sys, aiobotantic.errors as e; e.ServiceError; "
        "print(*{'botocore.parsers', 'aiobotocore', 'pydantic'} & set(sys.modules))"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.split() == []
