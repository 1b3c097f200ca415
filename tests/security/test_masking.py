"""Masks: of plain dicts, of errors that repeat, of tokens of pages, of logs."""

from __future__ import annotations

import copy
import logging
import logging.config
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp import web
from botocore.awsrequest import AWSResponse
from http_service import HttpService, answer
from sample_service import Workshop

from aiobotantic import errors
from aiobotantic.lanes.quiet_logs import LOGGERS, masked_logs
from aiobotantic.masking import hide_repeated, masked_wire
from aiosagemaker import SageMaker, SageMakerGeospatial, SageMakerRuntime
from aiosagemaker.sagemaker.models import (
    CreateWorkforceRequest,
    SearchResponse,
    SendPipelineExecutionStepSuccessRequest,
)
from aiosagemaker.sagemakertrainingsessionruntime.models import (
    EncodedTextChunk,
    ExecuteSamplingOperationInput,
    ModelInput,
)

SECRET = "hush-hush-hush"


def test_a_wire_dict_is_masked_by_what_the_model_says() -> None:
    masked = masked_wire(
        CreateWorkforceRequest,
        {
            "WorkforceName": "w",
            "OidcConfig": {"ClientId": "id", "ClientSecret": SECRET, "New": SECRET},
            "SourceIpConfig": SECRET,
            "NeverHeardOf": SECRET,
        },
    )

    assert masked == {
        "WorkforceName": "w",
        "OidcConfig": {"ClientId": "id", "ClientSecret": "***", "New": "***"},
        "SourceIpConfig": "***",
        "NeverHeardOf": "***",
    }


def test_a_wire_dict_is_masked_in_lists_and_maps() -> None:
    card = {"ModelCardName": "card", "Content": SECRET}
    results = [{"ModelCard": card}, {"Model": None}]

    masked = masked_wire(SearchResponse, {"Results": results, "NextToken": "t"})

    assert masked["Results"] == [
        {"ModelCard": {"ModelCardName": "card", "Content": "***"}},
        {"Model": None},
    ]
    assert masked["NextToken"] == "t"
    assert card["Content"] == SECRET


def test_a_structure_that_is_sensitive_as_a_whole_is_masked_standing_alone() -> None:
    chunk = EncodedTextChunk(type="encoded_text", tokens=[4711])

    assert repr(ModelInput(chunks=[chunk])) == "ModelInput(chunks=***)"


def test_a_key_in_the_place_of_a_sensitive_structure_is_not_named() -> None:
    with pytest.raises(errors.RequestValidationError) as refused:
        ExecuteSamplingOperationInput.from_wire(
            {"operationConfig": {"sample": {"prompt": {SECRET: 1}}}}
        )

    assert "operationConfig.sample.prompt.***: is not in the model" in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_an_error_that_repeats_a_secret_of_the_request_is_masked() -> None:
    request = SendPipelineExecutionStepSuccessRequest(callback_token=SECRET)
    said = f"Value '{SECRET}' at 'callbackToken' is too long: \"{SECRET}\""
    error = errors.ValidationException(
        {"Error": {"Code": "ValidationException", "Message": said}, "Reasons": [SECRET, 7]}, "Send"
    )

    hide_repeated(error, request)

    assert error.message == "Value '***' at 'callbackToken' is too long: \"***\""
    assert error.response["Reasons"] == ["***", 7]
    assert SECRET not in f"{error!r} {error} {error.args}"
    assert SECRET.encode() not in pickle.dumps(error)


@pytest.mark.parametrize("secret", ["a", "ing", ""])
def test_a_secret_of_a_few_letters_is_no_reason_to_tear_a_message(secret: str) -> None:
    request = SendPipelineExecutionStepSuccessRequest(callback_token=secret)
    said = {"Error": {"Code": "ValidationException", "Message": "something is missing"}}
    error = errors.ValidationException(said, "Send")

    hide_repeated(error, request)

    assert error.message == "something is missing"


async def test_a_session_token_in_aws_s_words_is_masked(
    service: HttpService, pipeline: Any
) -> None:
    message = f"should have been\n'POST\n/\n\nhost:x\nx-amz-security-token:{SECRET}\n\nhost'"
    service.script = [answer({"__type": "InvalidSignatureException", "message": message}, 403)]
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as client:
        with pytest.raises(errors.InvalidSignatureException) as caught:
            await client.describe_machine(machine_name="m")

    assert "x-amz-security-token:***\n\nhost" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_token_of_pages_that_is_sensitive_is_not_shown() -> None:
    async with SageMakerGeospatial(region_name="us-east-1") as geospatial:
        with pytest.raises(errors.PaginationError, match=r"starting_token is \*\*\*: List"):
            geospatial.iter_earth_observation_jobs(starting_token=SECRET)


async def test_an_address_in_an_error_has_no_query(service: HttpService, pipeline: Any) -> None:
    await service.__aexit__()
    async with SageMakerGeospatial(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as geospatial:
        with pytest.raises(errors.ConnectError) as caught:
            await geospatial.with_options(retries=0).list_raster_data_collections(next_token=SECRET)

    assert f"no connection at {service.url}, attempt 1: NotConnectedError" in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


async def test_other_errors_keep_their_cause(service: HttpService, pipeline: Any) -> None:
    await service.__aexit__()
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as client:
        with pytest.raises(errors.ConnectError) as caught:
            await client.with_options(retries=0).describe_machine(machine_name="m")

    assert caught.value.__cause__ is not None


async def test_an_answer_that_is_no_http_is_one_of_our_errors(pipeline: Any) -> None:
    """It was an AttributeError in the fast lane, with the header that could not be read."""
    import asyncio

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nX-Token: {SECRET}\x00\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Workshop(region_name="us-east-1", endpoint_url=url, pipeline=pipeline) as client:
        with pytest.raises(errors.TransportError, match="the answer is no HTTP") as caught:
            await client.with_options(retries=0).describe_machine(machine_name="m")
    server.close()

    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


async def test_a_proxy_s_password_is_in_no_error(service: HttpService) -> None:
    service.script = [answer(b"", 407)]
    address = service.url.removeprefix("http://")
    proxies = {"https": f"http://user:{SECRET}@{address}", "http": f"http://u:{SECRET}@{address}"}
    for url in ("https://api.example.com", "http://localhost:1"):
        async with Workshop(
            region_name="us-east-1",
            endpoint_url=url,
            config=AioConfig(proxies=proxies),
        ) as client:
            with pytest.raises(errors.AioBotanticError) as caught:
                await client.with_options(retries=0).describe_machine(machine_name="m")
            seen: BaseException | None = caught.value
            assert SECRET not in "".join(traceback.format_exception(caught.value))
            while seen is not None:
                assert SECRET not in f"{seen!r} {seen} {seen.args} {vars(seen)}"
                seen = seen.__cause__ or seen.__context__
            assert SECRET.encode() not in pickle.dumps(caught.value)


def test_clients_and_their_settings_are_not_pickled() -> None:
    client = SageMaker(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key=SECRET)

    with pytest.raises(TypeError, match="SageMaker cannot be pickled: it may hold credentials"):
        pickle.dumps(client)
    with pytest.raises(TypeError, match="settings hold credentials, and are not pickled"):
        pickle.dumps(client._connection.settings)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.deepcopy(client)
    assert SECRET not in f"{client!r} {client._connection.settings!r}"


async def test_a_copy_of_a_client_is_the_same_client(service: HttpService) -> None:
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        view = copy.copy(client).with_options(timeout=5)
        await view.describe_machine(machine_name="m")
        assert view._connection is client._connection
        assert (view._options.timeout, client._options.timeout) == (5, None)


async def test_headers_of_an_answer_are_read_and_not_shown(service: HttpService) -> None:
    service.script = [answer(b"{}", headers={"X-Amzn-SageMaker-Custom-Attributes": SECRET})]
    async with SageMakerRuntime(region_name="us-east-1", endpoint_url=service.url) as runtime:
        made = await runtime.invoke_endpoint(endpoint_name="e", body=b"b")

    metadata = made.response_metadata
    assert made.custom_attributes == SECRET
    assert metadata.headers["x-amzn-sagemaker-custom-attributes"] == SECRET
    assert SECRET not in f"{made!r} {metadata!r} {metadata}"


ROLE = """
[profile role]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/R
source_profile = base
[profile base]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret-of-the-base
"""
ASSUMED = f"""
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>{SECRET}-key</SecretAccessKey>
<SessionToken>{SECRET}-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>
""".strip()


async def test_credentials_that_a_role_gives_are_in_no_log(
    service: HttpService,
    pipeline: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    async def sts(request: web.Request) -> web.StreamResponse:
        return web.Response(text=ASSUMED, content_type="text/xml")

    caplog.set_level(logging.DEBUG)
    (tmp_path / "config").write_text(ROLE)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    async with HttpService([sts]) as tokens:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", tokens.url)
        async with Workshop(
            profile_name="role", endpoint_url=service.url, pipeline=pipeline
        ) as client:
            await client.describe_machine(machine_name="m")
        assert len(tokens.sent) == 1

    (sent,) = service.sent
    assert sent.headers["x-amz-security-token"] == f"{SECRET}-token"
    assert "botocore.parsers" in {record.name for record in caplog.records}
    for record in caplog.records:
        assert SECRET not in f"{record.getMessage()} {record.args!r} {record.msg}", record.name
        assert "secret-of-the-base" not in record.getMessage()


async def test_logs_keep_their_texts_and_lose_what_is_filled_in(
    service: HttpService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        await client.describe_machine(machine_name="m")

    texts = [record.getMessage() for record in caplog.records]
    assert "CanonicalRequest:\n***" in texts
    assert "Making request for OperationModel(name=DescribeMachine) with params: ***" in texts


async def test_the_logs_of_other_clients_stay_as_they_are(
    service: HttpService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with AioSession().create_client(
        "sagemaker", region_name="us-east-1", endpoint_url=service.url
    ) as theirs:
        await theirs.list_models()

    texts = [record.getMessage() for record in caplog.records if record.name == "botocore.auth"]
    assert any("x-amz-date:" in text for text in texts)
    assert not any("***" in text for text in texts)


async def test_masks_outlive_a_configuration_of_logging(caplog: pytest.LogCaptureFixture) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {name: {"level": "DEBUG"} for name in LOGGERS},
        }
    )
    try:
        with masked_logs():
            for name in LOGGERS:
                logging.getLogger(name).debug("%(who)s said %(count)d", {"who": SECRET, "count": 7})
                try:
                    raise ValueError(SECRET)
                except ValueError:
                    logging.getLogger(name).debug("it failed", exc_info=True)
    finally:
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.NOTSET)

    assert {record.getMessage() for record in caplog.records} == {
        "*** said 7",
        "it failed (ValueError)",
    }
    assert SECRET not in caplog.text


async def test_a_wrong_answer_of_a_handler_leaves_no_trace(service: HttpService) -> None:
    async def answers(**_: Any) -> tuple[Any, dict[str, Any]]:
        return AWSResponse("", 200, {}, None), {"MachineName": {"Token": SECRET}}

    session = AioSession()
    session.get_component("event_emitter").register("before-call.workshop", answers)
    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        with pytest.raises(errors.ResponseParseError, match="a handler answered") as caught:
            await client.describe_machine(machine_name="m")

    assert caught.value.__context__ is caught.value.__cause__ is None
