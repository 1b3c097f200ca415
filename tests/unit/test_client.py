"""The client itself: what it is made with, its states, its views, and the doors to it."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
import warnings
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore import UNSIGNED
from botocore import exceptions as botocore
from botocore.config import Config
from botocore.session import Session
from http_service import HttpService, answer, error
from sample_service import Workshop
from sample_service.workshop import models
from sample_service.workshop.models import CreateMachineInput, DescribeMachineInput, JobSource

from aiobotantic import errors
from aiobotantic.client import Client
from aiobotantic.errors import (
    ClientClosedError,
    ConfigurationError,
    CredentialsError,
    RequestValidationError,
    RequestValidationWarning,
    WrongEventLoopError,
)
from aiobotantic.lanes.direct import DirectSession
from aiobotantic.lanes.fast import FastLane
from aiobotantic.operation import Service


async def config_of(client: Workshop) -> Any:
    lane: Any = client._connection.lane
    compat = await lane.footing.compat() if isinstance(lane, FastLane) else lane
    return compat.client.meta.config


def create(client: Workshop, name: str = "m") -> Coroutine[Any, Any, Any]:
    return client.create_machine(machine_name=name, machine_kind="mill.large")


# What it is made with


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("validation", "loose", "validation is 'loose': pass one of strict, warn, off"),
        ("pipeline", "fast", "pipeline is 'fast': pass 'botocore' or nothing"),
        ("session", "", "as its first argument, not the str ''"),
        ("session", Session(), "AioSession.* not a Session of botocore.session. It knows its"),
        ("session", AioSession, "AioSession.* not a type of builtins"),
        ("config", {"read_timeout": 3}, "takes an aiobotocore Config as config, not a dict of"),
        ("config", "config", r"not the str 'config': Workshop\(config=AioConfig\(read_timeout=30"),
    ],
)
def test_the_constructor_refuses(option: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Workshop(**{option: value})


def test_the_name_of_the_service_is_no_session() -> None:
    name: Any = "workshop"
    with pytest.raises(ConfigurationError) as caught:
        Workshop(name)

    assert str(caught.value) == (
        "Workshop takes an aiobotocore session (AioSession) as its first argument, not the str "
        "'workshop'. It knows its service and makes a session itself: "
        'Workshop(region_name="us-east-1")'
    )


def test_subclasses_of_session_and_config_are_taken() -> None:
    class Mine(AioSession):  # type: ignore[misc]
        pass

    assert Workshop(Mine(), config=Config()).closed is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": "loose"}, "validation is 'loose'"),
        ({"timeout": 0}, "timeout is 0: pass more than 0 seconds"),
        ({"timeout": "3"}, "timeout is '3': pass seconds"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"deadline": "soon"}, r"deadline is 'soon': pass a moment of the event loop's clock"),
        ({"deadline": float("nan")}, "deadline is nan"),
        ({"deadline": True}, "deadline is True"),
        ({"poller": 3}, r"poller is 3: pass an aiobotantic\.polling\.SharedPoller"),
        ({"region_name": 7}, "region_name is 7: pass a name"),
        ({"region_name": ""}, "region_name is ''"),
        ({"retries": -1}, "retries is -1: pass 0 or more"),
        ({"retries": True}, "retries is True: pass a number"),
        ({"retries": 1.5}, "retries is 1.5: pass a number"),
    ],
)
def test_with_options_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Workshop().with_options(**options)


def test_a_protocol_that_is_not_spoken_is_named() -> None:
    class Old(Client):
        SERVICE = Service("sample_service.old", "old", {"protocol": "ec2"})

    with pytest.raises(ConfigurationError, match="old speaks the protocol 'ec2'"):
        Old()


async def test_the_environment_chooses_the_validation(
    service: HttpService, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_SERVICE_VALIDATION", "off")
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as lax:
        await create(lax, "m m")
    assert len(service.sent) == 1

    monkeypatch.setenv("SAMPLE_SERVICE_VALIDATION", "loose")
    with pytest.raises(ConfigurationError, match="SAMPLE_SERVICE_VALIDATION is 'loose'"):
        Workshop()
    assert Workshop(validation="strict").with_options(validation="warn") is not None


async def test_no_region() -> None:
    with pytest.raises(errors.RegionError, match="Pass region_name, set AWS_DEFAULT_REGION"):
        await Workshop().open()


async def test_no_profile() -> None:
    with pytest.raises(errors.ProfileError, match=r"\(nobody\) could not be found"):
        await Workshop(profile_name="nobody").open()
    with pytest.raises(ConfigurationError, match="session and profile_name were both given"):
        await Workshop(AioSession(), profile_name="nobody").open()


async def test_an_endpoint_that_is_none() -> None:
    with pytest.raises(ConfigurationError, match="Invalid endpoint: nowhere"):
        await Workshop(region_name="us-east-1", endpoint_url="nowhere").open()


async def test_half_of_the_credentials() -> None:
    with pytest.raises(CredentialsError, match="aws_secret_access_key"):
        await Workshop(region_name="us-east-1", aws_access_key_id="AKID").open()


async def test_no_credentials_are_an_error_of_the_call(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        with pytest.raises(CredentialsError, match=r"Unable to locate credentials. Pass") as caught:
            await create(client)
    assert isinstance(caught.value, botocore.NoCredentialsError)
    assert service.sent == []

    unsigned = AioConfig(signature_version=UNSIGNED)
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, config=unsigned
    ) as client:
        await create(client)
    assert "authorization" not in service.sent[0].headers


async def test_credentials_of_the_arguments_and_of_the_session(service: HttpService) -> None:
    session = AioSession()
    session.set_credentials("AKSESSION", "secret")
    for client, key in [
        (Workshop(session, region_name="eu-west-1", endpoint_url=service.url), "AKSESSION"),
        (
            Workshop(
                region_name="eu-west-1",
                endpoint_url=service.url,
                aws_access_key_id="AKARGUMENT",
                aws_secret_access_key="s",
                aws_session_token="t",
            ),
            "AKARGUMENT",
        ),
    ]:
        async with client:
            await create(client)
        assert f"Credential={key}/" in service.sent[-1].headers["authorization"]
    assert service.sent[-1].headers["x-amz-security-token"] == "t"


async def test_twenty_clients_of_a_session_fetch_credentials_once(service: HttpService) -> None:
    fetched = 0

    class Provider:
        async def load_credentials(self) -> AioCredentials:
            nonlocal fetched
            fetched += 1
            await asyncio.sleep(0.05)
            return AioCredentials("AKSLOW", "secret")

    session = AioSession()
    session.register_component("credential_provider", Provider())
    clients = [
        Workshop(session, region_name="us-east-1", endpoint_url=service.url) for _ in range(20)
    ]
    await asyncio.gather(*(client.open() for client in clients))
    await asyncio.gather(*(create(client) for client in clients))
    await asyncio.gather(*(client.close() for client in clients))

    assert fetched == 1
    assert len(service.sent) == 20


async def test_what_the_config_is_unless_something_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def config(**options: Any) -> Any:
        async with Workshop(region_name="us-east-1", **options) as client:
            return await config_of(client)

    plain = await config()
    assert plain.retries == {"mode": "standard"}
    assert plain.max_pool_connections == 100
    assert plain.http_session_cls is DirectSession

    mine = AioConfig(max_pool_connections=7, retries={"mode": "legacy", "max_attempts": 1})
    given = await config(config=mine)
    assert given.max_pool_connections == 7
    assert given.retries == {"mode": "legacy", "total_max_attempts": 2}
    assert mine.retries == {"mode": "legacy", "max_attempts": 1}

    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    assert (await config()).retries == {"mode": "legacy", "total_max_attempts": 9}
    monkeypatch.delenv("AWS_RETRY_MODE")
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")

    (tmp_path / "config").write_text("[profile slow]\nretry_mode = legacy\n")
    assert (await config(profile_name="slow")).retries == {"mode": "legacy"}

    class OwnSession(AIOHTTPSession):  # type: ignore[misc]
        pass

    own = await config(config=AioConfig(http_session_cls=OwnSession))
    assert own.http_session_cls is OwnSession


async def test_the_number_of_attempts_follows_mode_environment_and_options(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.script = [error("ThrottlingException")]
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        for view, attempts in [(client, 2), (client.with_options(retries=0), 1)]:
            service.sent.clear()
            with pytest.raises(errors.ThrottlingException) as caught:
                await create(view)
            assert len(service.sent) == caught.value.attempts == attempts


async def test_the_endpoint_follows_from_the_packages_rules() -> None:
    client = Workshop(region_name="eu-central-1")
    assert (client.region_name, client.endpoint_url) == ("eu-central-1", None)
    async with client:
        assert client.endpoint_url == "https://workshop.eu-central-1.example.com"
        assert client.region_name == "eu-central-1"
        assert client.pipeline.lane == "fast"
        assert str(client.pipeline).startswith("fast: ")


# States


async def test_calls_before_opening_and_after_closing() -> None:
    client = Workshop(region_name="us-east-1")
    with pytest.raises(ClientClosedError, match="Workshop is not open: use it in `async with"):
        await create(client)
    with pytest.raises(ClientClosedError, match="is not open"):
        client.pipeline  # noqa: B018

    assert await client.open() is client
    assert await client.open() is client
    assert not client.closed
    view = client.with_options(timeout=3)
    await client.close()
    await client.close()

    assert client.closed
    assert view.closed
    for call in (create(client), create(view), client.open()):
        with pytest.raises(ClientClosedError, match="was closed: make a new client"):
            await call


async def test_opening_at_once_opens_once() -> None:
    client = Workshop(region_name="us-east-1")
    await asyncio.gather(*(client.open() for _ in range(5)))
    await client.close()


def test_a_client_belongs_to_its_event_loop() -> None:
    client = asyncio.run(_opened())

    async def call() -> None:
        with pytest.raises(WrongEventLoopError, match="open one client for each loop"):
            await create(client)
        with pytest.raises(WrongEventLoopError):
            await client.close()

    asyncio.run(call())
    client._connection.lane = None


async def _opened() -> Workshop:
    return await Workshop(region_name="us-east-1").open()


async def test_a_client_belongs_to_its_process(workshop: Workshop) -> None:
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        child = os.fork()
    if child == 0:
        message = b"no error"
        try:
            create(workshop).send(None)  # one step: the loop is the parent's
        except ClientClosedError as caught:
            message = str(caught).encode()
        finally:
            os.write(write, message)
            os._exit(0)
    await asyncio.to_thread(os.waitpid, child, 0)

    assert os.read(read, 1000) == (
        b"Workshop was opened in another process: open a client after the fork"
    )


async def test_a_failed_opening_may_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Workshop()
    with pytest.raises(errors.RegionError):
        await client.open()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")

    async with client:
        assert client.region_name == "us-west-2"


async def test_opening_gives_the_loop_turns() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    before = ticks
    async with Workshop(region_name="us-east-1"):
        pass
    ticking.cancel()

    assert ticks > before


def test_a_session_serves_clients_on_several_loops() -> None:
    session = AioSession()
    failed: list[BaseException] = []

    def run() -> None:
        async def use() -> None:
            async with Workshop(session, region_name="us-east-1"):
                pass

        try:
            asyncio.run(use())
        except BaseException as caught:
            failed.append(caught)

    for _ in range(2):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert failed == []


def test_repr_shows_no_secret() -> None:
    client = Workshop(
        region_name="us-east-1", aws_access_key_id="AKID", aws_secret_access_key="hush"
    )

    assert repr(client) == "<Workshop not open, region us-east-1>"
    assert "hush" not in repr(client._connection.settings)


# Doors


async def test_send_takes_a_request_as_a_value(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"MachineArn": "arn"})]
    request = CreateMachineInput(machine_name="m", machine_kind="mill.large")

    made = await workshop.send(pickle.loads(pickle.dumps(request)))

    assert made.machine_arn == "arn"
    assert service.sent[0].body == {"MachineName": "m", "MachineKind": "mill.large"}


async def test_send_refuses_what_is_no_request(workshop: Workshop) -> None:
    source: Any = JobSource(image_uri="i")
    with pytest.raises(TypeError, match=r"JobSource of .* is no request of Workshop"):
        await workshop.send(source)


async def test_the_wire_door_takes_awss_names(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"MachineArn": "arn"})]

    made = await workshop.wire.create_machine(
        MachineName="m",
        MachineKind="mill.large",
        VolumeSizeInGB=None,
        Tags=[{"Key": "k", "Value": "v"}],
    )

    assert made.machine_arn == "arn"
    assert service.sent[0].body == {
        "MachineName": "m",
        "MachineKind": "mill.large",
        "Tags": [{"Key": "k", "Value": "v"}],
    }


async def test_the_wire_door_says_what_is_wrong_in_awss_names(
    service: HttpService, workshop: Workshop
) -> None:
    with pytest.raises(RequestValidationError, match="did you mean 'MachineName'"):
        await workshop.wire.create_machine(MachineNam="m")
    with pytest.raises(RequestValidationError) as caught:
        await workshop.wire.create_machine(MachineName="m", Tags=[{"Key": ""}])
    with pytest.raises(AttributeError, match=r"no operation is called 'creat_machine'. Did you"):
        workshop.wire.creat_machine  # type: ignore[attr-defined]  # noqa: B018

    assert [str(refusal) for refusal in caught.value.refusals] == [
        "MachineKind: is required",
        "Tags[0].Key = '': must have at least 1 characters",
    ]
    assert "list_machines" in dir(workshop.wire)
    assert service.sent == []

    lax = workshop.with_options(validation="off")
    await lax.wire.create_machine(MachineName="m")
    assert service.sent[0].body == {"MachineName": "m"}


async def test_the_idempotency_token_is_filled_in_and_the_request_left_alone(
    service: HttpService, workshop: Workshop
) -> None:
    request = models.CreateJobInput(job_name="j", source=JobSource(image_uri="i"))

    await workshop.send(request)
    await workshop.send(request)
    await workshop.create_job(
        job_name="j", source=JobSource(image_uri="i"), client_token="of-my-own"
    )

    tokens = [sent.body["ClientToken"] for sent in service.sent]
    assert len(set(tokens)) == 3
    assert tokens[2] == "of-my-own"
    assert request.client_token is None


def test_operations_by_name() -> None:
    operations = Workshop.operations()

    assert sorted(operations) == [
        "CreateJob",
        "CreateMachine",
        "DeleteMachine",
        "DescribeMachine",
        "ListMachines",
        "OpenSession",
        "UpdateMachine",
    ]
    assert operations["DescribeMachine"].request_class is DescribeMachineInput


# Modes


async def test_a_broken_limit_says_everything(service: HttpService, workshop: Workshop) -> None:
    with pytest.raises(RequestValidationError) as caught:
        await workshop.create_machine(
            machine_name="no name", machine_kind="mill.large", volume_size_in_gb=4
        )

    assert str(caught.value) == (
        "CreateMachine breaks 2 limits of workshop 2024-02-29, botocore 9.9.9:\n"
        "  machine_name = 'no name': must match the pattern [a-zA-Z0-9](-*[a-zA-Z0-9])* as a "
        "whole\n"
        "  volume_size_in_gb = 4: must be at least 5\n"
        "Nothing was sent. Where AWS has loosened the limit since: "
        'client.with_options(validation="off") for one call, or validation="warn" or "off" when '
        "the client is made."
    )
    assert service.sent == []


async def test_a_long_list_of_broken_limits_is_cut(workshop: Workshop) -> None:
    tags = [models.Tag(key="") for _ in range(30)]
    with pytest.raises(RequestValidationError, match=r"breaks 30 limits .*") as caught:
        await workshop.create_machine(machine_name="m", machine_kind="mill.large", tags=tags)

    lines = str(caught.value).splitlines()
    assert lines[20].startswith("  tags[19].key")
    assert lines[21] == "  and 10 more"
    assert len(caught.value.refusals) == 30


async def test_warn_sends_and_warns_once_for_each_argument_and_limit(
    service: HttpService, workshop: Workshop
) -> None:
    careful = workshop.with_options(validation="warn")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in ("x" * 64, "y" * 65):
            await careful.create_machine(
                machine_name=name,
                machine_kind="mill.large",
                tags=[models.Tag(key=""), models.Tag(key="")],
            )
        await careful.update_machine(machine_name="x" * 64)

    given = [each for each in caught if each.category is RequestValidationWarning]
    assert [str(each.message) for each in given] == [
        "CreateMachine breaks a limit of workshop 2024-02-29, botocore 9.9.9: "
        f"machine_name = '{'x' * 64}': must have at most 63 characters",
        "CreateMachine breaks a limit of workshop 2024-02-29, botocore 9.9.9: "
        "tags[0].key = '': must have at least 1 characters",
        "UpdateMachine breaks a limit of workshop 2024-02-29, botocore 9.9.9: "
        f"machine_name = '{'x' * 64}': must have at most 63 characters",
    ]
    assert {each.filename for each in given} == {__file__}
    assert len(service.sent) == 3


async def test_off_sends_without_a_word(service: HttpService, workshop: Workshop) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await create(workshop.with_options(validation="off"), "no name")

    assert service.sent[0].body["MachineName"] == "no name"


async def test_what_came_out_of_a_response_is_checked_when_it_is_sent(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"Tags": [{"Key": "k"}, {"Key": "", "New": 1}]})]
    tags = (await workshop.describe_machine(machine_name="m")).tags

    with pytest.raises(RequestValidationError) as caught:
        await workshop.create_machine(machine_name="m", machine_kind="mill.large", tags=tags)

    assert [refusal.path for refusal in caught.value.refusals] == ["tags[1].key", "tags[1].New"]


class Unwritable:
    def __repr__(self) -> str:
        return "hush"


async def test_a_value_that_cannot_be_written_is_named(workshop: Workshop) -> None:
    source: Any = Unwritable()
    looped = models.StepCondition(name="a")
    looped.all_of = [looped]
    lax = workshop.with_options(validation="off")
    image = JobSource(image_uri="i")

    with pytest.raises(RequestValidationError, match=r"source.script.text: a value of type Unw"):
        script = models.ScriptSource(text=source)
        await lax.create_job(job_name="j", source=JobSource(script=script))
    with pytest.raises(RequestValidationError, match="JobName: a value of type Unwritable"):
        await lax.wire.create_job(JobName=source, Source={"ImageUri": "i"})
    with pytest.raises(RequestValidationError, match=r"condition.all_of\[0\]"):
        await lax.create_job(job_name="j", source=image, condition=looped)
    with pytest.raises(RequestValidationError, match="job_name: a value of type str"):
        await lax.create_job(job_name="\ud800", source=image)
