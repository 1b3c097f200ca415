"""The benchmarks run, with a call or two of each kind; how fast anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("ours", "ours_botocore")
INSTALLED = (*OURS, "aiobotocore", "boto3_threads", "validated")
OTHERS = ("capo", "floor", "sagemaker_core")
KINDS = {"small", "medium", "large", "deep", "invoke_1k", "invoke_1m", "stream"}
STARTS = {
    *("import", "first client", "first answer", "later client"),
    *("memory of first client", "memory of later client", "memory"),
}


@dataclass(frozen=True)
class Run:
    """What a run of the benchmarks left."""

    printed: str
    measured: dict[str, Any]
    svg: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("benchmarks")
    bare = folder / "bare"
    venv.create(bare, symlinks=True)
    words = ["--generate", "0", "--rounds", "1", "--calls", "0.01"]
    words += ["--python", f"sagemaker_core={bare / 'bin' / 'python'}"]
    words += ["--json", str(folder / "made.json"), "--svg", str(folder / "made.svg")]
    done = subprocess.run(
        [sys.executable, "benchmarks", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads((folder / "made.json").read_text())
    return Run(done.stdout, measured, (folder / "made.svg").read_text())


def test_our_pipelines_and_what_the_tests_install_make_every_kind_of_call(run: Run) -> None:
    for peer in INSTALLED:
        kinds = KINDS - {"invoke_1k", "invoke_1m", "stream"} if peer == "validated" else KINDS
        assert run.measured["cannot"][peer] == {}
        assert {row["kind"] for row in run.measured["calls"] if peer in row["cpu"]} == kinds


def test_each_row_has_a_number_for_each_round_and_peer(run: Run) -> None:
    rows = run.measured["calls"]

    assert [row["at once"] for row in rows] == [1] * 7 + [100] * 6
    for row in rows:
        assert {1, 2, 4} >= {row["calls"]}
        assert row["cpu"].keys() == row["wall"].keys()
        for taken in (*row["cpu"].values(), *row["wall"].values()):
            assert len(taken) == 1


def test_starts_are_measured(run: Run) -> None:
    for peer in INSTALLED:
        start = run.measured["start"][peer]
        assert start.keys() == STARTS
        assert {len(values) for values in start.values()} == {1}
        assert start["memory"][0] > 0


def test_stalls_of_the_event_loop_are_measured(run: Run) -> None:
    stalls = run.measured["lag"]

    assert stalls["aiobotocore"].keys() == {"first client", "second client", "first call"}
    assert stalls["ours"].keys() == stalls["aiobotocore"].keys() | {
        "client after warm-up",
        "call after warm-up",
    }
    assert all(len(values) == 1 for told in stalls.values() for values in told.values())
    assert "longest stall of the event loop" in run.printed


def test_every_peer_has_a_version_or_is_said_to_be_absent(run: Run) -> None:
    versions, absent = run.measured["versions"], run.measured["absent"]

    assert versions.keys() | absent.keys() == {*INSTALLED, "ours_structures", *OTHERS}
    assert versions.keys().isdisjoint(absent)
    assert versions["ours"].startswith("aiosagemaker ")
    assert absent["sagemaker_core"] == "not installed: No module named 'boto3'"
    assert "sagemaker-core in threads: not installed: No module named 'boto3'" in run.printed


def test_the_tables_show_every_kind_and_the_ratio_against_aiobotocore(run: Run) -> None:
    base = [line for line in run.printed.splitlines() if line.startswith("  aiobotocore  ")]

    assert "DescribeNotebookInstance, 0.1 kB answer, 100 at once" in run.printed
    assert len(base) == len(run.measured["calls"]) + 3
    assert all(line.endswith(" 1.00  (1.00 to 1.00)") for line in base[:-3])


def test_the_plot_is_svg_with_a_bar_for_each_peer_of_each_row(run: Run) -> None:
    tree = ElementTree.fromstring(run.svg)
    space = "{http://www.w3.org/2000/svg}"
    words = [text.text for text in tree.iter(f"{space}text")]
    one_by_one = [row for row in run.measured["calls"] if row["at once"] == 1]

    assert tree.tag == f"{space}svg"
    bars = len(list(tree.iter(f"{space}rect"))) - 1
    assert bars == sum(len(row["cpu"]) for row in one_by_one)
    assert words.count("ours") == len(one_by_one)


def printed_by(*words: str) -> list[str]:
    """Return the lines of a benchmark that is run on its own."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_many_calls_are_measured_beside_a_loop_with_a_semaphore() -> None:
    words = ("--calls", "200", "--limit", "20", "--rounds", "1")
    title, names, *rows, ratio = printed_by("benchmarks/many.py", *words)

    assert title == "200 calls, 20 at once; medians of 1 rounds"
    assert names.split() == ["calls", "a", "second", "processor", "us", "MB", "tasks"]
    assert [row.split()[0] for row in rows] == ["semaphore", "map_calls"]
    assert all(float(word.replace(",", "")) >= 0 for row in rows for word in row.split()[1:])
    assert ratio.startswith("calls a second, semaphore = 1: ")


def test_waiters_are_measured_beside_aiobotocores() -> None:
    title, _, *rows = printed_by("benchmarks/waiting.py", "--jobs", "9", "--seconds", "2")

    assert title == "9 jobs, the last of which ends after 2 s"
    told = {row.split()[0]: row.split()[1:] for row in rows if "failures" not in row}
    assert told.keys() == {"shared", "alone", "aiobotocore"}
    for ended, failed, *_ in told.values():
        assert int(ended) + int(failed) == 9
    assert told["shared"][0] == "9"


def test_the_speed_of_the_server_is_measured() -> None:
    lines = printed_by("benchmarks/server_speed.py", "--calls", "40")
    assert any(line.startswith("describe") for line in lines)
