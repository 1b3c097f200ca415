"""Programs and queued requests of the model of botocore 1.29.141, with today's output."""

from __future__ import annotations

import base64
import importlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from aiobotantic.structure import Request, write_json
from aiosagemaker.testing import SageMakerServer

ROOT = Path(__file__).resolve().parents[2]
COMPAT = ROOT / "tests" / "typing" / "compat"
PROGRAMS = sorted(path.stem for path in COMPAT.glob("*.py"))
PICKLES = sorted(path.stem for path in (COMPAT / "pickles").glob("*.txt"))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(COMPAT))
    yield
    for name in PROGRAMS:
        sys.modules.pop(name, None)


def program(name: str) -> ModuleType:
    return importlib.import_module(name)


def queued(name: str) -> Request[object]:
    text = (COMPAT / "pickles" / f"{name}.txt").read_text()
    request = pickle.loads(base64.b64decode(text))
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize("name", PROGRAMS)
async def test_an_old_program_runs(name: str) -> None:
    kept = name in ("notebook_instances", "inference_experiments")
    async with SageMakerServer(stateless=not kept) as server, server.client() as client:
        await program(name).main(client)
        assert server.journal


def test_old_programs_type_check(tmp_path: Path) -> None:
    path = os.pathsep.join(str(ROOT / each) for each in ("runtime", "generated", "extras"))
    settings = {
        "include": [str(COMPAT / f"{name}.py") for name in PROGRAMS],
        "extraPaths": [str(COMPAT), *path.split(os.pathsep)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    programs = [str(COMPAT / f"{name}.py") for name in PROGRAMS]
    commands = (
        ["mypy", "--strict", f"--cache-dir={tmp_path}", *programs],
        ["pyright", "-p", str(tmp_path), "--pythonpath", sys.executable],
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env={
                **os.environ,
                "MYPYPATH": f"{path}{os.pathsep}{COMPAT}",
                "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command in commands
    ]
    for process in running:
        output, _ = process.communicate()
        assert process.returncode == 0, output
        assert f"{len(PROGRAMS)} source files" in output or "0 errors" in output


def test_every_queued_request_has_its_pickle() -> None:
    assert sorted(program("queued_requests").requests()) == PICKLES
    assert len(PICKLES) > 5


@pytest.mark.parametrize("name", PICKLES)
async def test_a_queued_request_loads_is_equal_and_can_be_sent(name: str) -> None:
    request, fresh = queued(name), program("queued_requests").requests()[name]
    assert type(request) is type(fresh)
    assert request == fresh
    assert write_json(request) == write_json(fresh)
    async with SageMakerServer(stateless=True) as server, server.client() as client:
        await client.send(request)
        assert server.journal[-1].status == 200
        assert server.journal[-1].request == json.loads(write_json(fresh))
