"""What went wrong once: secrets in a structure's place, clocks, shared credentials, closing."""

from __future__ import annotations

import asyncio
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from http_service import HttpService, answer, error
from sample_service import Workshop
from sample_service.workshop.models import MachineKind

from aiobotantic import errors
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker.models import CreateWorkforceRequest, OidcConfig
from aiosagemaker.testing import SageMakerServer

SECRET = "the-secret-that-nobody-may-see"


def told(error: errors.RequestValidationError) -> str:
    loaded = pickle.loads(pickle.dumps(error))
    return f"{error!r} {error} {error.refusals} {error.kwargs} {loaded.refusals} {loaded.args}"


@pytest.mark.parametrize(
    "value",
    [
        f'{{"client_secret": "{SECRET}"}}',
        [{"ClientSecret": SECRET}],
        {"ClientSecret": SECRET, "Issuer": 7},
        7,
    ],
)
async def test_what_stands_in_a_structure_s_place_is_not_shown(value: Any) -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        with pytest.raises(errors.RequestValidationError) as refused:
            await sagemaker.create_workforce(workforce_name="w", oidc_config=value)
        assert SECRET not in told(refused.value)
        assert server.journal == []


async def test_a_key_in_the_place_of_a_secret_is_not_shown() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        config = _oidc()
        config.client_secret = {SECRET: object()}  # type: ignore[assignment]
        with pytest.raises(errors.RequestValidationError) as refused:
            await sagemaker.create_workforce(workforce_name="w", oidc_config=config)
        assert SECRET not in told(refused.value)


def test_repr_shows_no_plain_value_in_a_structure_s_place() -> None:
    request = CreateWorkforceRequest(workforce_name="w", oidc_config=_oidc())
    assert SECRET not in repr(request)
    request.oidc_config = {"ClientSecret": SECRET}  # type: ignore[assignment]
    assert repr(request) == "CreateWorkforceRequest(oidc_config=<dict>, workforce_name='w')"
    request.oidc_config = [{"ClientSecret": SECRET}]  # type: ignore[assignment]
    assert SECRET not in f"{request!r} {request}"


def _oidc() -> OidcConfig:
    urls = ["issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint"]
    urls += ["logout_endpoint", "jwks_uri"]
    values: dict[str, Any] = dict.fromkeys(urls, "https://example.com/x")
    return OidcConfig(client_id="id", client_secret=SECRET, **values)


async def test_a_repaired_clock_is_noticed(service: HttpService, workshop: Workshop) -> None:
    def late(moment: datetime) -> Any:
        return error("RequestExpired", headers={"Date": format_datetime(moment, usegmt=True)})

    now = datetime.now(UTC)
    service.script = [late(now + timedelta(hours=3)), answer(), late(now), answer()]
    for _ in range(2):
        made = await workshop.create_machine(machine_name="m", machine_kind=MachineKind.MILL)
        assert made.response_metadata.attempts == 2
    signed = [
        datetime.strptime(sent.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) - now
        for sent in service.sent
    ]
    hours = [round(each / timedelta(hours=1)) for each in signed]
    assert hours == [0, 3, 3, 0]


async def test_calls_that_were_signed_before_a_correction_are_repeated(
    service: HttpService, workshop: Workshop
) -> None:
    theirs = datetime.now(UTC) + timedelta(hours=3)
    late = error("RequestExpired", headers={"Date": format_datetime(theirs, usegmt=True)})

    async def by_date(request: web.Request) -> web.StreamResponse:
        signed = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        if theirs - signed.replace(tzinfo=UTC) < timedelta(minutes=5):
            return await answer()(request)
        await asyncio.sleep(0.01 * len(service.sent))  # they fail one after the other
        return await late(request)

    service.script = [by_date]
    made = await asyncio.gather(
        *(
            workshop.create_machine(machine_name="m", machine_kind=MachineKind.MILL)
            for _ in range(10)
        )
    )
    assert {each.response_metadata.attempts for each in made} == {2}


async def test_clients_that_open_at_once_fetch_credentials_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched = 0

    async def credentials(request: web.BaseRequest) -> web.Response:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0.05)
        later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = {"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": later}
        return web.json_response(keys)

    runner = web.ServerRunner(web.Server(credentials))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{site.name}/credentials")
    clients = [SageMaker(region_name="us-east-1") for _ in range(20)]
    try:
        await asyncio.gather(*(client.open() for client in clients))
        assert fetched == 1
    finally:
        await asyncio.gather(*(client.close() for client in clients))
        await runner.cleanup()


async def test_closing_while_opening_leaves_nothing_open() -> None:
    client = SageMaker(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s")
    opening = asyncio.create_task(client.open())
    await asyncio.sleep(0)
    await client.close()
    with pytest.raises(errors.ClientClosedError):
        await opening
    assert client.closed
    with pytest.raises(errors.ClientClosedError):
        await client.list_models()


async def test_certificates_that_cannot_be_read_send_nothing() -> None:
    async with SageMaker(
        region_name="us-east-1",
        endpoint_url="https://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="s",
        verify="/nowhere/ca.pem",
    ) as sagemaker:
        with pytest.raises(errors.TLSError, match="certificates cannot be loaded") as raised:
            await sagemaker.delete_model(model_name="m")
        assert not raised.value.sent
        assert not isinstance(raised.value, errors.AmbiguousResultError)


async def test_times_may_be_texts_through_the_wire_door() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await sagemaker.wire.list_models(CreationTimeAfter="2024-01-01T00:00:00+00:00")
        assert server.requests("ListModels")[0]["CreationTimeAfter"] == 1704067200.0
        with pytest.raises(errors.RequestValidationError, match="CreationTimeAfter"):
            await sagemaker.wire.list_models(CreationTimeAfter="yesterday")


async def test_errors_of_nested_structures_name_the_place() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        with pytest.raises(errors.RequestValidationError) as refused:
            await sagemaker.wire.add_tags(
                ResourceArn="arn:aws:sagemaker:us-east-1:123456789012:model/m",
                Tags=[{"Key": "a", "Value": "b"}, {"Kye": "a", "Value": "b"}],
            )
        assert [refusal.path for refusal in refused.value.refusals] == ["Tags[1].Kye"]
        assert server.journal == []


async def test_an_answer_of_a_handler_that_cannot_be_read_is_an_error_of_ours(
    service: HttpService,
) -> None:
    from aiobotocore.session import AioSession

    session = AioSession()

    def answer_instead(**_: Any) -> Any:
        class Http:
            status_code = 200

        return Http(), {"MachineName": ["no", "text"], "ResponseMetadata": {}}

    session.get_component("event_emitter").register("before-call", answer_instead)
    async with Workshop(
        session,
        region_name="us-east-1",
        endpoint_url=service.url,
        aws_access_key_id="a",
        aws_secret_access_key="s",
    ) as workshop:
        with pytest.raises(errors.ResponseParseError, match="handler"):
            await workshop.describe_machine(machine_name="m")
