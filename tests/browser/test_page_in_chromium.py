"""The status page as its reader has it: in a browser, by clicks and keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chromium import Tab, open_tab

from aiobotantic.errors import ServiceError
from aiosagemaker.sagemaker.errors import ValidationException
from aiosagemaker.sagemaker.models import Tag
from aiosagemaker_extras.testing import SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/tester"
SCRIPT = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
TRAINING: dict[str, Any] = {
    "TrainingJobName": "job",
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


async def detail(tab: Tab) -> dict[str, Any]:
    """Read the open dialog, and close it."""
    await tab.until("document.querySelector('#detail').open")
    shown = json.loads(await tab.run("document.querySelector('#detail-text').textContent"))
    await tab.click("#close")
    assert isinstance(shown, dict)
    return shown


async def test_resources_and_requests_are_shown_and_open_on_a_click(browser: str) -> None:
    async with (
        SageMakerServer() as server,
        server.client() as sagemaker,
        open_tab(browser, server.status_url) as tab,
    ):
        await tab.until_text("#resources", "Nothing that fits is kept.")
        await sagemaker.create_notebook_instance(
            notebook_instance_name="nb", instance_type="ml.t3.medium", role_arn=ROLE
        )
        with pytest.raises(ValidationException):
            await sagemaker.with_options(validation="off").wire.create_model(
                ModelName="no good name"
            )
        await tab.until_text("#resources", "nb")
        row = await tab.run("document.querySelector('#resources tr').innerText.split('\\t')")
        assert row[:3] == ["nb", "notebook_instance", "Pending"]
        await tab.until_text("#journal", "CreateModel")
        said = await tab.run("document.querySelector('#journal tr').innerText")
        assert "400" in said
        assert "Value 'no good name' at 'modelName' failed to satisfy constraint" in said
        await tab.click("#resources button", "nb")
        assert (await detail(tab))["members"]["InstanceType"] == "ml.t3.medium"
        await tab.click("#journal button", "CreateNotebookInstance")
        assert (await detail(tab))["members"]["RoleArn"] == ROLE
        await tab.type("#journal-filter", "validation")
        await tab.until("document.querySelectorAll('#journal tr').length == 1")
        await tab.until_text("#journal-count", "1 of 2")
        assert tab.errors == []


async def test_what_is_hostile_is_shown_as_text_and_runs_nothing(browser: str) -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await sagemaker.create_notebook_instance(
            notebook_instance_name="nb",
            instance_type=SCRIPT,
            role_arn=ROLE,
            tags=[Tag(key="k", value="v")],
        )
        kept = server.snapshot()
        (record,) = kept["resources"]["notebook_instance"]["records"]
        record["members"] |= {
            "NotebookInstanceName": SCRIPT,
            "NotebookInstanceStatus": SCRIPT,
            "Tags": [{"Key": SCRIPT, "Value": SCRIPT}],
        }
        server.restore(kept)
        unchecked = sagemaker.with_options(validation="off", retries=0)
        with pytest.raises(ValidationException):
            await unchecked.wire.create_model(ModelName=SCRIPT)
        server.fail_next("CreateModel", SCRIPT, times=2, message=SCRIPT)
        with pytest.raises(ServiceError):
            await unchecked.wire.create_model(ModelName="m")
        async with open_tab(browser, server.status_url) as tab:
            for place in ("#resources", "#journal", "#faults"):
                await tab.until_text(place, SCRIPT)
            await tab.click("#resources button", "window.ran")
            shown = await tab.until("document.querySelector('#detail-text').textContent")
            members = json.loads(shown)["members"]
            assert members["InstanceType"] == SCRIPT
            assert members["Tags"] == [{"Key": SCRIPT, "Value": SCRIPT}]
            assert await tab.run("document.querySelector('#detail-title').textContent.trim()")
            assert await tab.run("document.querySelectorAll('img, script').length") == 1
            assert await tab.run("window.ran === undefined")
            assert tab.errors == []
            # And the policy of the page stops code that would let it in.
            refused = await tab.run(
                "(() => { try { document.querySelector('#said').innerHTML = '<img>'; }"
                "catch (error) { return String(error); } })()"
            )
            assert "requires 'TrustedHTML' assignment" in refused


async def test_a_fault_is_switched_on_and_off_by_clicks(browser: str) -> None:
    async with SageMakerServer() as server, server.client() as client:
        sagemaker = client.with_options(retries=0)
        async with open_tab(browser, server.status_url) as tab:
            await tab.type("#operation", "ListModels")
            await tab.type("#code", "ThrottlingException")
            await tab.type("#times", "2")
            await tab.click("#fault button", "Switch on")
            await tab.until_text("#faults", "next 2")
            with pytest.raises(ServiceError, match="ThrottlingException"):
                await sagemaker.list_models()
            await tab.until_text("#faults", "next 1")
            await tab.click("#clear")
            await tab.until_text("#faults", "None is switched on.")
            await sagemaker.list_models()
            await tab.type("#percent", "100")
            await tab.click("#fault button", "Switch on")
            await tab.until_text("#faults", "100 %")
            for _ in range(3):
                with pytest.raises(ServiceError, match="ThrottlingException"):
                    await sagemaker.list_models()
            await tab.click("#faults button", "Off")
            await tab.until_text("#faults", "None is switched on.")
            await tab.type("#operation", "ListModel")
            await tab.click("#fault button", "Switch on")
            await tab.until_text("#said.bad", "has no operation ListModel: did you mean ListModels")


async def test_the_clock_moves_statuses_on(browser: str) -> None:
    async with (
        SageMakerServer(lasting={"training_job": 300}) as server,
        server.client() as sagemaker,
        open_tab(browser, server.status_url) as tab,
    ):
        await sagemaker.wire.create_training_job(**TRAINING)
        await sagemaker.create_notebook_instance(
            notebook_instance_name="nb", instance_type="ml.t3.medium", role_arn=ROLE
        )
        await tab.until_text("#resources", "InProgress")
        await tab.click("button", "+10 min")
        await tab.until_text("#resources", "Completed")
        await tab.until_text("#said", "The clock was put forward by 10 min.")
        job = await sagemaker.describe_training_job(training_job_name="job")
        assert job.training_job_status == "Completed"
        await tab.until_text("#resources", "Pending")
        await tab.click("#next")
        await tab.until_text("#resources", "InService")
        await server.stop()
        await tab.until_text("#said.bad", "The server does not answer.")


async def test_it_fits_small_screens_both_schemes_and_readers_of_screens(browser: str) -> None:
    async with (
        SageMakerServer() as server,
        server.client() as sagemaker,
        open_tab(browser, server.status_url) as tab,
    ):
        await tab.run(
            "window.moved = 0, new PerformanceObserver((list) => {"
            "for (const each of list.getEntries()) window.moved += each.value; })"
            ".observe({type: 'layout-shift', buffered: true})"
        )
        await tab.until_text("#resources", "Nothing that fits is kept.")
        await sagemaker.create_notebook_instance(
            notebook_instance_name="n" * 63, instance_type="ml.t3.medium", role_arn=ROLE
        )
        with pytest.raises(ValidationException):
            await sagemaker.with_options(validation="off").wire.create_model(
                ModelName="no good name " * 30
            )
        await tab.until_text("#journal", "no good name")
        assert await tab.run("window.moved") == 0
        unnamed = await tab.run(
            "[...document.querySelectorAll('input')].filter((i) => !i.labels.length).length"
        )
        assert unnamed == 0
        loose = "th:not([scope]), table:not(:has(th)), section:not([aria-labelledby])"
        assert await tab.run(f"document.querySelectorAll('{loose}').length") == 0
        tree = (await tab.command("Accessibility.getFullAXTree"))["nodes"]
        nameless = [
            node["role"]["value"]
            for node in tree
            if node["role"]["value"] in ("button", "textbox", "searchbox", "spinbutton", "region")
            and not node["name"]["value"]
        ]
        assert nameless == []
        back = "getComputedStyle(document.body).backgroundColor"
        light = await tab.run(back)
        await tab.screen(400, 800, "dark")
        assert await tab.run(back) != light
        assert await tab.run("document.documentElement.scrollWidth") <= 400
        wide = await tab.run(
            "[...document.querySelectorAll('button, input, td, th, .box')].filter((each) =>"
            "each.getBoundingClientRect().right > 400).map((each) => each.outerHTML)"
        )
        assert wide == []
