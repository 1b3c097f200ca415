"""Hand-written bases of generated clients."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from minispec import Generate, Mini, one_structure

SOURCE = """
from aiobotantic.client import Client


class Mixin(Client):
    async def send(self, **fields):
        return "sent", fields

    async def send_twice(self):
        return await self.send(), await self.send()
"""


@pytest.fixture(scope="module")
def mini(generated: Generate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mini]:
    folder = tmp_path_factory.mktemp("mixin")
    (Path(folder) / "hand_written.py").write_text(SOURCE, "utf-8")
    sys.path.insert(0, str(folder))
    overrides = '[services.mini]\nmixin = "hand_written:Mixin"\n'
    yield generated(one_structure({"Name": "String"}, overrides=overrides))
    sys.path.remove(str(folder))
    sys.modules.pop("hand_written", None)


async def test_a_mixin_adds_methods_and_comes_before_the_operations(mini: Mini) -> None:
    client = mini.module("client").Mini(region_name="us-east-1")

    assert await client.send(name="n") == ("sent", {"name": "n"})
    assert await client.send_twice() == (("sent", {}), ("sent", {}))
    assert list(client.operations()) == ["Send"]


async def test_a_fake_has_the_mixin_too(mini: Mini) -> None:
    fake = mini.module("fakes").FakeMini()

    assert (await fake.send_twice())[0] == ("sent", {})


def test_no_hand_written_method_hides_an_operation_of_a_service() -> None:
    import aiosagemaker

    for name in ("SageMaker", "SageMakerRuntime"):
        client: Any = getattr(aiosagemaker, name)
        mixin = client.__mro__[1]
        assert mixin.__module__.startswith("aiosagemaker_extras.")
        assert {each for each in vars(mixin) if not each.startswith("_")}.isdisjoint(
            client.operations()
        )
