"""The compat lane against a real HTTP server: calls, faults, handlers, instrumentation, closing."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiobotocore.client
import pytest
import wrapt
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import exceptions as botocore
from http_service import HttpService, answer, cut, error, hang_up
from sample_service import Workshop
from sample_service.workshop.errors import MachineInUse, MachineNotFound
from sample_service.workshop.models import JobSource, MachineKind, ScriptSource, Tag

from aiobotantic import errors


async def create(client: Workshop, **more: Any) -> Any:
    return await client.create_machine(machine_name="m", machine_kind=MachineKind.MILL, **more)


async def test_a_call_sends_aws_names_signed_and_returns_a_structure(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineArn": "arn:m", "Brand": "new"})]

    made = await create(
        workshop,
        volume_size_in_gb=5,
        speeds=[1, 2.5],
        start_time=datetime(2024, 2, 29, tzinfo=UTC),
        spares={MachineKind.LATHE: 1},
        tags=[Tag(key="k", value="v")],
    )

    (sent,) = service.sent
    assert sent.body == {
        "MachineName": "m",
        "MachineKind": "mill.large",
        "VolumeSizeInGB": 5,
        "Speeds": [1, 2.5],
        "StartTime": 1709164800,
        "Spares": {"lathe.small": 1},
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    assert sent.operation == "CreateMachine"
    assert sent.headers["content-type"] == "application/x-amz-json-1.1"
    assert "/us-east-1/workshop/aws4_request" in sent.headers["authorization"]
    assert made.machine_arn == "arn:m"
    assert made["Brand"] == "new"
    metadata = made.response_metadata
    assert (metadata.request_id, metadata.status_code, metadata.attempts) == ("request-1", 200, 1)
    assert metadata.headers["content-type"] == "application/x-amz-json-1.1"


async def test_an_operation_without_output_takes_an_empty_body(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(b"")]

    gone = await workshop.delete_machine(machine_name="m")

    assert gone.to_wire() == {}
    assert gone.response_metadata.status_code == 200


async def test_a_modelled_error_is_raised_as_its_class(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [error("MachineInUse", JobName="night shift")]

    with pytest.raises(MachineInUse) as caught:
        await create(workshop)

    raised = caught.value
    assert isinstance(raised, botocore.ClientError)
    assert raised.job_name == "night shift"
    assert (raised.code, raised.message, raised.request_id) == (
        *("MachineInUse", "MachineInUse!", "request-1"),
    )
    assert (raised.status_code, raised.attempts, raised.retryable) == (400, 1, False)
    assert raised.response["Error"]["Code"] == "MachineInUse"
    assert raised.operation_name == "CreateMachine"
    assert str(raised) == (
        "An error occurred (MachineInUse) when calling the CreateMachine operation: MachineInUse!"
    )


async def test_unmodelled_and_unknown_codes(service: HttpService, workshop: Workshop) -> None:
    service.script = [error("ValidationException"), error("NeverHeardOf")]

    with pytest.raises(errors.ValidationException):
        await create(workshop)
    with pytest.raises(errors.ServiceError) as caught:
        await create(workshop)

    assert type(caught.value) is errors.ServiceError
    assert caught.value.code == "NeverHeardOf"


async def test_the_code_may_stand_in_a_header_and_be_query_compatible(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [
        answer(b"", 404, {"x-amzn-ErrorType": "MachineNotFound:http://example.com/"}),
        error("AWS.Old.Gone", headers={"x-amzn-query-error": "MachineNotFound;Sender"}),
    ]

    for _ in range(2):
        with pytest.raises(MachineNotFound) as caught:
            await workshop.delete_machine(machine_name="m")
        assert caught.value.code == "MachineNotFound"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_errors_and_credentials_stay_here(
    service: HttpService, workshop: Workshop, status: int
) -> None:
    async with HttpService([answer({"MachineArn": "stolen"})]) as thief:
        service.script = [answer(b"", status, {"Location": f"{thief.url}/"})]

        with pytest.raises(errors.ServiceError, match=r"a redirect to 127.0.0.1") as caught:
            await workshop.describe_machine(machine_name="m")

        assert caught.value.status_code == status
        assert len(service.sent) == 1
        assert thief.sent == []


async def test_a_lost_answer_to_a_creation_is_ambiguous_and_not_repeated(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [hang_up]

    with pytest.raises(errors.AmbiguousResultError, match="may have been carried out") as caught:
        await create(workshop)

    assert isinstance(caught.value, botocore.ConnectionClosedError)
    assert (caught.value.operation, caught.value.attempts) == ("CreateMachine", 1)
    assert len(service.sent) == 1


async def test_a_lost_answer_is_repeated_where_that_does_no_harm(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [hang_up, answer({"MachineName": "m"})]
    described = await workshop.describe_machine(machine_name="m")
    assert described.response_metadata.attempts == 2

    service.script = [hang_up, answer()]
    await workshop.update_machine(machine_name="m")

    service.script = [cut, answer({"JobArn": "arn"})]
    await workshop.create_job(job_name="j", source=JobSource(image_uri="i"))
    first, second = service.sent[-2:]
    assert first.body["ClientToken"] == second.body["ClientToken"]

    service.script = [hang_up, answer()]
    await create(workshop.with_options(repeat_ambiguous=True))

    assert len(service.sent) == 8


async def test_a_connection_that_cannot_be_made_is_tried_again_for_every_operation(
    service: HttpService,
) -> None:
    await service.__aexit__()
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        with pytest.raises(errors.ConnectError, match="no connection") as caught:
            await create(client.with_options(retries=1))

    assert isinstance(caught.value, botocore.EndpointConnectionError)
    assert caught.value.attempts == 2
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>sign in to the guest network</html>", "Invalid JSON"),
        (b"", "an empty body"),
        (b'{"MachineName": "m', "Invalid JSON"),
        (b'{"MachineName": "\xff"}', "Invalid JSON"),
        (b"[]", "it is JSON, but no object"),
        (b'{"VolumeSizeInGB": NaN}', "at VolumeSizeInGB: Input should be a finite number"),
        (b'{"Tags": [{"Key": 7}]}', r"at Tags\[0\].Key: Input should be a valid string"),
        (b'{"Tags": ' + b"[" * 500 + b"]" * 500 + b"}", "recursion limit"),
    ],
)
async def test_a_200_that_is_no_answer(
    service: HttpService, workshop: Workshop, body: bytes, problem: str
) -> None:
    service.script = [answer(body)]

    with pytest.raises(errors.ResponseParseError, match=problem) as caught:
        await workshop.with_options(retries=0).describe_machine(machine_name="m")

    assert caught.value.request_id == "request-1"
    assert "guest network" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_an_unreadable_answer_is_asked_for_once_more_if_that_only_reads(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(b"<html>"), answer({"MachineName": "m"})]
    assert (await workshop.describe_machine(machine_name="m")).machine_name == "m"

    service.script = [answer(b"<html>")]
    with pytest.raises(errors.ResponseParseError) as caught:
        await workshop.describe_machine(machine_name="m")
    assert caught.value.attempts == 2

    with pytest.raises(errors.ResponseParseError):
        await create(workshop)
    with pytest.raises(errors.ResponseParseError):
        await workshop.delete_machine(machine_name="m")
    assert service.operations == ["DescribeMachine"] * 4 + ["CreateMachine", "DeleteMachine"]


async def test_an_answer_never_shows_what_is_sensitive(
    service: HttpService, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.script = [
        answer({"SessionId": "s", "TokenValue": "hush-1"}),
        answer({"SessionId": "s", "TokenValue": ["hush-2"]}),
        answer({"SessionId": "s", "Secrets": {"hush-3": "hush-4"}}),
        answer({"JobArn": "arn"}),
    ]

    opened = await workshop.open_session(job_name="j")
    assert opened.token_value == "hush-1"
    for member in ("TokenValue", "Secrets"):
        with pytest.raises(errors.ResponseParseError, match=f"at {member}") as caught:
            await workshop.open_session(job_name="j")
        assert "hush" not in repr(caught.value)
    await workshop.create_job(
        job_name="j", source=JobSource(script=ScriptSource(text="hush-5")), password="hush-6-long"
    )

    assert "hush" not in f"{opened!r}{opened}"
    assert "CreateJob" in caplog.text
    assert "hush" not in caplog.text


async def test_a_plain_429_is_repeated_and_retry_after_is_honoured(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(b"", 429, {"Retry-After": "2"}), answer()]

    started = time.monotonic()
    made = await create(workshop)

    assert time.monotonic() - started >= 2
    assert made.response_metadata.attempts == 2


async def test_attempts_end_with_the_error_of_the_last_one(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [error("ThrottlingException"), error("SlowDown", 503)]

    with pytest.raises(errors.SlowDown) as caught:
        await create(workshop.with_options(retries=1))

    assert isinstance(caught.value, errors.ThrottlingError)
    assert caught.value.retryable
    assert caught.value.attempts == 2
    assert "operation after 2 attempts: SlowDown!" in str(caught.value)
    first, second = (sent.headers["amz-sdk-request"] for sent in service.sent)
    assert first == "attempt=1"
    assert second.endswith("attempt=2; max=2")


async def test_an_error_that_the_model_calls_retryable_is_repeated(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [error("WarmingUp"), answer({"MachineName": "m"})]

    assert (await workshop.describe_machine(machine_name="m")).response_metadata.attempts == 2


async def test_the_retry_budget_is_used_up_by_calls_that_never_succeed(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [error("ThrottlingException")]
    eager = workshop.with_options(retries=1)

    failed = await asyncio.gather(*(create(eager) for _ in range(110)), return_exceptions=True)

    assert {type(each) for each in failed} == {errors.ThrottlingException}
    assert len(service.sent) == 110 + 100  # a retry costs 5 of 500


async def test_a_success_gives_back_what_its_retry_cost(
    service: HttpService, workshop: Workshop
) -> None:
    lane: Any = workshop._connection.lane
    service.script = [error("ThrottlingException"), answer()]

    await create(workshop)

    assert lane.retries._budget.available == 500


async def test_clock_skew_is_corrected_once_from_the_date_header(
    service: HttpService, workshop: Workshop
) -> None:
    theirs = datetime.now(UTC) + timedelta(hours=3)
    late = error("RequestExpired", headers={"Date": format_datetime(theirs, usegmt=True)})
    service.script = [late, answer(), answer(), late]

    made = await create(workshop)
    await create(workshop)

    assert made.response_metadata.attempts == 2
    dates = [
        datetime.strptime(sent.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        for sent in service.sent
    ]
    assert theirs - dates[0] > timedelta(hours=2)
    assert abs(dates[1] - theirs) < timedelta(seconds=60)
    assert abs(dates[2] - theirs) < timedelta(seconds=60)
    assert len({sent.headers["authorization"] for sent in service.sent}) > 1

    with pytest.raises(errors.RequestExpired) as caught:
        await create(workshop)
    assert caught.value.attempts == 1  # the clocks agree now: another try would fail the same


async def test_a_deadline_covers_retries_and_waiting(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(delay=30)]

    started = time.monotonic()
    with pytest.raises(errors.CallTimeoutError, match=r"took longer than its 0.2 s; it may") as e:
        await create(workshop.with_options(timeout=0.2))
    with pytest.raises(TimeoutError, match=r"longer than its 0.2 s$"):
        await workshop.with_options(timeout=0.2).describe_machine(machine_name="m")

    assert time.monotonic() - started < 5
    assert e.value.operation == "CreateMachine"


async def test_a_read_timeout_of_a_creation_is_ambiguous(service: HttpService) -> None:
    service.script = [answer(delay=30)]
    config = AioConfig(read_timeout=0.2)
    async with Workshop(region_name="us-east-1", endpoint_url=service.url, config=config) as client:
        with pytest.raises(errors.AmbiguousResultError):
            await create(client)
        with pytest.raises(errors.ReadTimedOut) as caught:
            await client.with_options(retries=0).describe_machine(machine_name="m")

    assert isinstance(caught.value, botocore.ReadTimeoutError)
    assert service.operations == ["CreateMachine", "DescribeMachine"]


async def test_a_hundred_calls_run_at_once(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"MachineName": "m"}, delay=3)]

    found = await asyncio.gather(
        *(workshop.describe_machine(machine_name=f"m{n}") for n in range(100))
    )

    assert len(found) == 100
    assert service.most_at_once == 100
    assert {sent.body["MachineName"] for sent in service.sent} == {f"m{n}" for n in range(100)}


async def test_closing_closes_every_connection_and_leaves_no_task(service: HttpService) -> None:
    before = asyncio.all_tasks()
    client = await Workshop(region_name="us-east-1", endpoint_url=service.url).open()
    service.script = [answer(delay=0.1)]
    await asyncio.gather(*(create(client) for _ in range(10)))
    assert service.open_connections == 10

    await client.close()
    await asyncio.sleep(0.1)

    assert service.open_connections == 0
    assert asyncio.all_tasks() == before


async def test_closing_during_a_call_ends_it_with_a_clear_error(service: HttpService) -> None:
    service.script = [answer(delay=30)]
    client = await Workshop(region_name="us-east-1", endpoint_url=service.url).open()
    call = asyncio.create_task(create(client))
    await service.first_request()

    await client.close()

    with pytest.raises(errors.ClientClosedError, match="may have been carried out"):
        await call


async def test_closing_during_a_call_that_could_be_repeated_ends_it_at_once(
    service: HttpService,
) -> None:
    service.script = [answer(delay=30)]
    client = await Workshop(region_name="us-east-1", endpoint_url=service.url).open()
    describe = client.with_options(retries=9).describe_machine(machine_name="m")
    call = asyncio.create_task(describe)
    await service.first_request()

    await client.close()

    with pytest.raises(
        errors.ClientClosedError, match=r"was closed while DescribeMachine was under way$"
    ):
        await asyncio.wait_for(call, 3)


async def test_cancelling_a_call_leaves_the_client_usable(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(delay=30), answer({"MachineName": "m"})]
    call = asyncio.create_task(workshop.describe_machine(machine_name="m"))
    await service.first_request()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert (await workshop.describe_machine(machine_name="m")).machine_name == "m"


async def test_handlers_on_the_session_see_and_change_the_request(service: HttpService) -> None:
    session = AioSession()
    seen: dict[str, Any] = {}

    def change(params: dict[str, Any], **_: Any) -> None:
        seen["name"] = params["MachineName"]
        params["Tags"] = [{"Key": "added", "Value": "by a handler"}]

    def sign(request: Any, **_: Any) -> None:
        request.headers["X-Extra"] = "1"

    async def after(parsed: dict[str, Any], **_: Any) -> None:
        seen["status"] = parsed["ResponseMetadata"]["HTTPStatusCode"]
        seen["arn"] = parsed["MachineArn"]
        seen["all"] = dict(parsed)

    session.register("before-parameter-build.workshop.CreateMachine", change)
    session.register("before-sign.workshop", sign)
    session.register("after-call.workshop.CreateMachine", after)
    service.script = [answer({"MachineArn": "arn"})]
    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        made = await create(client)

    assert service.sent[0].body["Tags"] == [{"Key": "added", "Value": "by a handler"}]
    assert service.sent[0].headers["x-extra"] == "1"
    assert "x-extra" in service.sent[0].headers["authorization"]
    assert (seen["name"], seen["status"], seen["arn"]) == ("m", 200, "arn")
    assert set(seen["all"]) == {"MachineArn", "ResponseMetadata"}
    assert made.machine_arn == "arn"


async def test_a_handler_may_replace_the_request_and_is_checked(service: HttpService) -> None:
    session = AioSession()
    session.register(
        "provide-client-params.workshop.CreateMachine",
        lambda params, **_: {**params, "MachineName": params["MachineName"] + " "},
    )
    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        with pytest.raises(errors.RequestValidationError, match="MachineName = 'm '"):
            await create(client)
        await create(client.with_options(validation="off"))

    assert [sent.body["MachineName"] for sent in service.sent] == ["m "]


async def test_a_handler_may_call_the_client(service: HttpService) -> None:
    session = AioSession()
    seen: list[Any] = []
    client = Workshop(session, region_name="us-east-1", endpoint_url=service.url)

    async def look(**_: Any) -> None:
        seen.append(await client.describe_machine(machine_name="other"))

    session.register("provide-client-params.workshop.CreateMachine", look)
    service.script = [answer({"MachineName": "other"}), hang_up]
    async with client:
        with pytest.raises(errors.AmbiguousResultError, match=r"CreateMachine"):
            await create(client)

    assert seen[0].machine_name == "other"
    assert [(sent.operation, sent.body["MachineName"]) for sent in service.sent] == [
        ("DescribeMachine", "other"),
        ("CreateMachine", "m"),
    ]


async def test_the_users_session_stays_as_it_was(service: HttpService) -> None:
    session = AioSession()
    loader = session.get_component("data_loader")
    parsers = session.get_component("response_parser_factory")

    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        await create(client)

    assert session.get_component("data_loader") is loader
    assert session.get_component("response_parser_factory") is parsers
    async with session.create_client("sts", region_name="us-east-1") as sts:
        assert sts.meta.service_model.operation_model("GetCallerIdentity").output_shape is not None


@pytest.fixture
def traced() -> Iterator[list[tuple[str, dict[str, Any], Any]]]:
    """Patch aiobotocore as OpenTelemetry's and other instrumentation does."""
    calls: list[tuple[str, dict[str, Any], Any]] = []
    cls = aiobotocore.client.AioBaseClient
    original = cls._make_api_call

    async def trace(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        operation, params = args
        answered = await wrapped(*args, **kwargs)
        calls.append((operation, params, answered))
        return answered

    cls._make_api_call = wrapt.FunctionWrapper(original, trace)
    yield calls
    cls._make_api_call = original


async def test_instrumentation_that_patches_make_api_call_works(
    service: HttpService, workshop: Workshop, traced: list[tuple[str, dict[str, Any], Any]]
) -> None:
    service.script = [answer({"MachineArn": "arn"})]

    made = await create(workshop)

    ((operation, params, answered),) = traced
    assert operation == "CreateMachine"
    assert not params.looked_at  # nobody asked, so nothing was made of it
    assert params.get("MachineName") == "m"
    assert {**params} == {"MachineName": "m", "MachineKind": "mill.large"}
    assert answered["ResponseMetadata"]["RequestId"] == "request-1"
    assert answered["MachineArn"] == "arn"
    assert made.machine_arn == "arn"


async def test_a_stub_may_answer_in_the_services_place(service: HttpService) -> None:
    class Response:
        status_code = 200

    session = AioSession()
    parsed = {"MachineStatus": "InService", "CreationTime": datetime(2024, 2, 29, tzinfo=UTC)}
    session.register("before-call.workshop", lambda **_: (Response(), parsed))
    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        described = await client.describe_machine(machine_name="m")

    assert service.sent == []
    assert described.machine_status == "InService"
    assert described.creation_time == datetime(2024, 2, 29, tzinfo=UTC)


async def test_a_handlers_own_exception_passes_as_it_is(service: HttpService) -> None:
    class MyError(Exception):
        pass

    def refuse(**_: Any) -> None:
        raise MyError

    session = AioSession()
    session.register("before-send.workshop", refuse)
    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        with pytest.raises(MyError):
            await create(client)


async def test_adaptive_mode_keeps_botocores_rate_limiter(service: HttpService) -> None:
    config = AioConfig(retries={"mode": "adaptive"})
    service.script = [error("ThrottlingException"), answer()]
    async with Workshop(region_name="us-east-1", endpoint_url=service.url, config=config) as client:
        assert (await create(client)).response_metadata.attempts == 2


async def test_an_unclosed_client_says_so(service: HttpService) -> None:
    client = await Workshop(region_name="us-east-1", endpoint_url=service.url).open()
    lane = client._connection.lane
    with pytest.warns(ResourceWarning, match="Workshop was not closed"):
        del client
        gc.collect()
    assert lane is not None
    await lane.close()
