"""The JSON beside the status page: what it says, whom it answers, and what it hides."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import pytest
from aiohttp import ClientSession

from aiobotantic.constraints import SENSITIVE
from aiobotantic.errors import ServiceError
from aiobotantic.manifest import spec_versions
from aiobotantic.structure import Structure
from aiobotantic.testing.json_protocol import HttpRequest
from aiobotantic.testing.rest_json_protocol import RestJsonProtocol
from aiobotantic.testing.status_page import StatusPage
from aiobotantic.testing.status_views import masked_by
from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker.errors import ThrottlingException, ValidationException
from aiosagemaker_extras.testing import SageMakerServer, ServedError, client_class

ROLE = "arn:aws:iam::123456789012:role/tester"
SECRET = '{"secret": "of the card"}'
CARD = {"ModelCardName": "card", "Content": SECRET, "ModelCardStatus": "Draft"}
CHANGES = {"X-Status-Page": "1"}


async def ask(
    server: SageMakerServer, path: str, method: str = "GET", value: Any = None, **headers: str
) -> tuple[int, Any]:
    """Return status and JSON of an answer; `Sec_Fetch_Site` is a header's name."""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    if method != "GET":
        sent = CHANGES | sent
    async with (
        ClientSession() as session,
        session.request(method, f"{server.status_url}{path}", json=value, headers=sent) as answer,
    ):
        return answer.status, await answer.json()


async def test_what_is_kept_and_what_was_asked_is_told() -> None:
    async with (
        SageMakerServer(now=lambda: 1_700_000_000.0) as server,
        server.client() as sagemaker,
    ):
        for name in ("one", "two"):
            await sagemaker.create_notebook_instance(
                notebook_instance_name=name, instance_type="ml.t3.medium", role_arn=ROLE
            )
        unchecked = sagemaker.with_options(validation="off")
        with pytest.raises(ValidationException):
            await unchecked.wire.create_model(ModelName="no good")

        _, state = await ask(server, "/state?filter=notebook+TWO")
        (line,) = state["resources"]
        assert (state["kept"], state["fitting"], state["now"]) == (2, 1, 1_700_000_000.0)
        assert line == {
            "id": line["id"],
            "family": "notebook_instance",
            "label": "notebook instance",
            "identity": {"NotebookInstanceName": "two"},
            "status": "Pending",
            "created": 1_700_000_000.0,
        }
        _, shown = await ask(server, f"/state?id={line['id']}")
        assert shown["members"]["InstanceType"] == "ml.t3.medium"
        assert (await ask(server, "/state?limit=1"))[1]["fitting"] == 2

        _, journal = await ask(server, "/journal")
        newest, second, first = journal["requests"]
        assert (newest["operation"], newest["status"]) == ("CreateModel", 400)
        assert newest["error"] == "ValidationException"
        assert "Value 'no good' at 'modelName' failed to satisfy" in newest["message"]
        assert (first["error"], first["message"], first["at"]) == (None, None, 1_700_000_000.0)
        assert 0 < first["seconds"] < 60
        _, request = await ask(server, f"/journal?id={second['id']}")
        assert request["members"]["NotebookInstanceName"] == "two"
        _, filtered = await ask(server, "/journal?filter=validation")
        assert [each["id"] for each in filtered["requests"]] == [newest["id"]]
        # Looking changes nothing: no status was shown, and no request came.
        assert (await ask(server, "/state"))[1]["resources"][0]["status"] == "Pending"
        assert len(server.journal) == 3


async def test_the_page_brings_a_policy_and_needs_nothing_else() -> None:
    async with (
        SageMakerServer() as server,
        ClientSession() as session,
        session.get(server.status_url) as answer,
    ):
        text, headers = await answer.text(), answer.headers
    assert server.journal == []
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    policy = headers["Content-Security-Policy"]
    assert re.search(r"default-src 'none';.* script-src 'sha256-[\w+/=]+'; style-src 'sha", policy)
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert re.findall(r"(?:src|href|url)\s*[=(]\s*\W?([^\s\"'>)]*)", text) == ["data:,"]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)


def test_no_operation_has_an_address_of_the_page() -> None:
    tried = 0
    for service in spec_versions("aiosagemaker"):
        cls = client_class(service)
        if cls.SERVICE.protocol == "rest-json":
            protocol = RestJsonProtocol(cls.SERVICE, cls.operations())
            for method in ("GET", "POST", "DELETE", "PUT", "PATCH"):
                for path in ("/_status", "/_status/state", "/_status/clock"):
                    tried += 1
                    with pytest.raises(ServedError, match="UnknownOperationException"):
                        protocol.operation(HttpRequest(method, path, {}, b""))
    assert tried > 100


@pytest.mark.parametrize("show_sensitive", [False, True])
async def test_sensitive_members_are_masked_unless_they_are_asked_for(show_sensitive: bool) -> None:
    def fail(request: Mapping[str, Any]) -> NoReturn:
        raise ServedError("ModelError", f"cannot read {request['Body'].decode()}")

    async with SageMakerServer(show_sensitive=show_sensitive) as server:
        server.answer_with("InvokeEndpoint", fail)
        async with server.client() as sagemaker, server.client(SageMakerRuntime) as runtime:
            await sagemaker.wire.create_model_card(**CARD)
            with pytest.raises(ServiceError):
                await runtime.with_options(retries=0).invoke_endpoint(
                    endpoint_name="e", body=b"text of a body"
                )
        _, state = await ask(server, "/state")
        _, journal = await ask(server, "/journal")
        details = [
            (await ask(server, f"/{face}?id={line['id']}"))[1]["members"]
            for face, lines in (("state", state["resources"]), ("journal", journal["requests"]))
            for line in lines
        ]
    card, invoked, created = details
    text, content = ("text of a body", SECRET) if show_sensitive else ("***", "***")
    assert journal["requests"][0]["message"] == f"cannot read {text}"
    assert card["Content"] == created["Content"] == content
    assert (card["ModelCardName"], invoked["EndpointName"]) == ("card", "e")
    body = b64encode(b"text of a body").decode() if show_sensitive else "***"
    assert invoked["Body"] == body


class Asked(Structure):
    title: str | None = None
    key: str | None = None
    note: Annotated[str, SENSITIVE] | None = None


class Described(Structure):
    title: str | None = None
    key: Annotated[str, SENSITIVE] | None = None
    note: str | None = None


@pytest.mark.parametrize(
    ("name", "shown"), [("Title", "a"), ("Key", "***"), ("Note", "***"), ("Else", "***")]
)
def test_a_member_is_shown_that_all_structures_call_plain(name: str, shown: str) -> None:
    assert masked_by([Asked, Described], name, "a") == shown


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Host": "evil.example:80"}, "'evil.example:80' is no loopback name: open the page at"),
        ({"Host": "127.0.0.1.evil.example"}, "'127.0.0.1.evil.example' is no loopback name"),
        ({"Host": "10.0.0.1"}, "'10.0.0.1' is no loopback name"),
        ({"Origin": "http://evil.example"}, "A page of another origin asks: only http://127.0.0.1"),
        ({"Origin": "http://127.0.0.1:1"}, "A page of another origin asks"),
        ({"Origin": "null"}, "A page of another origin asks"),
        ({"Sec_Fetch_Site": "cross-site"}, "A page of another origin asks"),
        ({"Sec_Fetch_Site": "same-site"}, "A page of another origin asks"),
    ],
)
async def test_other_hosts_and_origins_are_refused(headers: dict[str, str], says: str) -> None:
    async with SageMakerServer() as server:
        for method, path in (("GET", "/state"), ("POST", "/statuses"), ("DELETE", "/faults")):
            status, answer = await ask(server, path, method, **headers)
            assert status == 403
            assert answer["message"].startswith(says)


async def test_loopback_names_and_the_own_origin_are_answered() -> None:
    async with SageMakerServer() as server:
        port = server.url.rpartition(":")[2]
        for host in (f"localhost:{port}", "127.1.2.3", "[::1]:80", "LOCALHOST"):
            own = {"Host": host, "Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"}
            assert (await ask(server, "/statuses", "POST", **own))[0] == 200


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", None])
def test_other_machines_are_refused(peer: str | None) -> None:
    page = StatusPage(SageMakerServer(), False)
    for path in ("/_status", "/_status/state"):
        request = HttpRequest("GET", path, {"Host": "localhost"}, b"")
        answer = page.answer(request, peer)
        assert answer.status == 403
        assert b"The status page is for this machine alone" in answer.body
        assert page.answer(request, "::ffff:127.0.0.1").status == 200


async def test_what_changes_something_needs_the_header() -> None:
    async with SageMakerServer() as server, ClientSession() as session:
        before = server.clock.now()
        for method, path in (("POST", "clock"), ("POST", "faults"), ("DELETE", "faults")):
            url = f"{server.status_url}/{path}"
            async with session.request(method, url, data='{"seconds": 1000}') as answer:
                said = (await answer.json())["message"]
            assert answer.status == 403
            assert said == (
                f"{method} /_status/{path} changes something: send the header X-Status-Page: 1."
            )
        async with session.options(f"{server.status_url}/clock") as answer:  # a preflight
            assert answer.status == 405
            assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert server.clock.now() < before + 900


async def test_faults_are_switched_on_and_off() -> None:
    async with SageMakerServer() as server, server.client() as client:
        sagemaker = client.with_options(retries=0)
        fault = {"operation": "ListModels", "code": "ThrottlingException"}
        _, on = await ask(server, "/faults", "POST", {**fault, "times": 2, "status": 429})
        assert on["faults"] == [
            {
                **fault,
                "message": "ThrottlingException was scripted",
                "status": 429,
                "times": 2,
                "probability": 1.0,
            }
        ]
        for _ in range(2):
            with pytest.raises(ThrottlingException):
                await sagemaker.list_models()
        await sagemaker.list_models()
        assert (await ask(server, "/faults"))[1] == {"faults": []}
        await ask(server, "/faults", "POST", {**fault, "probability": 0.5})
        await ask(server, "/faults", "POST", {**fault, "operation": "ListImages"})
        failed = 0
        for _ in range(100):
            try:
                await sagemaker.list_models()
            except ThrottlingException:
                failed += 1
        assert 30 <= failed <= 70
        await ask(server, "/faults?operation=ListModels", "DELETE")
        assert [each.operation for each in server.faults] == ["ListImages"]
        await ask(server, "/faults", "DELETE")
        assert list(server.faults) == []


async def test_a_chance_is_the_same_in_each_run() -> None:
    async def outcomes() -> list[bool]:
        found: list[bool] = []
        async with SageMakerServer() as server, server.client() as client:
            server.fail_often("ListModels", "ThrottlingException", 0.3)
            for _ in range(20):
                try:
                    await client.with_options(retries=0).list_models()
                    found.append(True)
                except ThrottlingException:
                    found.append(False)
        return found

    first = await outcomes()
    assert set(first) == {True, False}
    assert await outcomes() == first


def test_a_probability_is_between_0_and_1() -> None:
    server = SageMakerServer()
    with pytest.raises(ValueError, match=r"^1\.5 is no probability: pass 0 to 1$"):
        server.fail_often("ListModels", "ThrottlingException", 1.5)


@pytest.mark.parametrize(
    ("method", "path", "value", "status", "says"),
    [
        ("GET", "/stat", None, 404, "There is no /_status/stat; there are: /_status/state, "),
        ("GET", "/state?id=none", None, 404, "The resource is gone."),
        ("GET", "/journal?id=none", None, 404, "The request is no longer in the journal."),
        ("GET", "/journal?limit=0", None, 400, "limit is '0': pass a number from 1 to 99999"),
        ("DELETE", "/clock", None, 405, "DELETE /_status/clock: it takes POST."),
        ("PUT", "", None, 405, "PUT /_status: the page is read by GET."),
        ("POST", "/clock", [], 400, "the body is not a JSON object"),
        ("POST", "/clock", {"seconds": -1}, 400, "seconds is -1: pass a number from 0 to 31622400"),
        ("POST", "/clock", {"minutes": 1}, 400, "minutes: choose from seconds"),
        ("POST", "/faults", {"operation": "ListModels"}, 400, "a fault needs its code, such as"),
        ("POST", "/faults", {"code": "A"}, 400, "a fault needs its operation, such as"),
        (
            "POST",
            "/faults",
            {"operation": "ListModel", "code": "A"},
            400,
            "sagemaker has no operation ListModel: did you mean ListModels",
        ),
        (
            "POST",
            "/faults",
            {"operation": "ListModels", "code": "A", "probability": True},
            400,
            "probability is true: pass a number from 0 to 1",
        ),
        (
            "POST",
            "/faults",
            {"operation": "ListModels", "code": 1},
            400,
            "code is 1: pass a text",
        ),
    ],
)
async def test_what_cannot_be_done_is_said(
    method: str, path: str, value: Any, status: int, says: str
) -> None:
    async with SageMakerServer() as server:
        found, answer = await ask(server, path, method, value)
    assert found == status
    assert answer["message"].startswith(says)


async def test_signed_requests_are_for_services() -> None:
    async with SageMakerServer() as server, ClientSession() as session:
        signed = {"Authorization": "AWS4-HMAC-SHA256"}
        async with session.get(server.status_url, headers=signed) as answer:
            assert answer.status == 404
        assert server.journal[-1].error == "UnknownOperationException"


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")]
)
async def test_the_address_is_one_that_a_browser_of_this_machine_can_open(
    host: str, shown: str
) -> None:
    async with SageMakerServer(host=host) as server:
        assert re.fullmatch(rf"http://{re.escape(shown)}:[0-9]+/_status", server.status_url)
        assert (await ask(server, "/state"))[0] == 200
