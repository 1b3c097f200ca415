"""The first half: a model, a page of a change, and the difference it makes to the client."""

from __future__ import annotations

import difflib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from account import Account

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "tests" / "pages" / "2023-05-26-sagemaker.txt"
PACKAGE = "demo_client"
MODEL = Path("sagemaker", "service-2.json")


def regenerate(folder: Path, account: Account) -> None:
    """Generate a client, let the change in, generate again, and check the difference."""
    change = json.loads((HERE / "change.json").read_text())
    values = change["values"]
    specs, out = folder / "specs", folder / "out"
    shutil.copytree(HERE / "before", specs)

    account.chapter("1. The client as it was before the change")
    _generate(specs, out, account)
    account.expect(
        "before the change, InstanceType knows neither ml.inf1 nor ml.p4d",
        _run(out, f"print({values!r} == [v for v in {values!r} if not InstanceType(v).is_known])"),
        "True",
    )

    account.chapter(f"2. The page of {change['date']} comes in")
    old = shutil.copytree(out, folder / "old")
    spec_diff = _let_in(specs, account)
    account.say(f"specs/{MODEL.as_posix()}:")
    account.show(spec_diff)
    account.expect("six lines of one spec file are new, none is gone", _count(spec_diff), (6, 0))
    enum = json.loads((specs / MODEL).read_text())["shapes"][change["shape"]]["enum"]
    account.expect("the values and their order are those of the later model", enum[-6:], values)

    account.chapter("3. The client regenerates")
    _generate(specs, out, account)
    diffs = _diffs(old / PACKAGE, out / PACKAGE)
    manifest = diffs.pop("manifest.json", "")
    for path, text in diffs.items():
        account.say(f"{PACKAGE}/{path}:")
        account.show(text)
    account.expect(
        "one generated file changes, besides the manifest",
        list(diffs),
        ["sagemaker/_shapes/common_instance_type.py"],
    )
    account.expect("by six new lines", [_count(text) for text in diffs.values()], [(6, 0)])
    account.expect(
        "the manifest names the page, and the spec by its hash", _count(manifest), (2, 2)
    )
    account.expect(
        "InstanceType.ML_P4D_24XLARGE is there",
        _run(out, "print(InstanceType.ML_P4D_24XLARGE.value)"),
        "ml.p4d.24xlarge",
    )
    account.expect(
        "every new value is a member that is known",
        _run(out, f"print(all(InstanceType(v).is_known for v in {values!r}))"),
        "True",
    )


def _let_in(specs: Path, account: Account) -> str:
    """Apply the page of the change; return the difference of the spec file."""
    before = (specs / MODEL).read_text()
    page = Path(shutil.copy(PAGE, specs.parent))
    _aiobotantic(specs.parent, account, "changes", "parse", page.name)
    _aiobotantic(specs.parent, account, "changes", "apply", page.name, "--specs", specs.name)
    return _diff(before, (specs / MODEL).read_text())


def _generate(specs: Path, out: Path, account: Account) -> None:
    options = ["--specs", specs.name, "--out", out.name, "--package", PACKAGE]
    _aiobotantic(specs.parent, account, "generate", *options)


def _aiobotantic(folder: Path, account: Account, *arguments: str) -> None:
    """Run the command as a user would; its last line tells what it did."""
    account.say(f"$ aiobotantic {' '.join(arguments)}")
    start = time.perf_counter()
    program = [sys.executable, "-m", "aiobotantic_codegen.cli", *arguments]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    account.say(done.stdout.splitlines()[-1] if done.returncode == 0 else done.stderr)
    account.expect(f"it ends well, after {time.perf_counter() - start:.2f} s", done.returncode, 0)


def _run(out: Path, statement: str) -> str:
    """Run a statement with the generated client, in a fresh interpreter."""
    program = f"from {PACKAGE}.sagemaker.models import InstanceType; {statement}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=out, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr.strip()


def _diffs(old: Path, new: Path) -> dict[str, str]:
    names = {p.relative_to(root).as_posix() for root in (old, new) for p in root.rglob("*.*")}
    found = {}
    for name in sorted(name for name in names if "__pycache__" not in name):
        before, after = (
            (root / name).read_text() if (root / name).is_file() else "" for root in (old, new)
        )
        if before != after:
            found[name] = _diff(before, after)
    return found


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "before", "after", n=2, lineterm=""
    )
    return "\n".join(lines)


def _count(diff: str) -> tuple[int, int]:
    lines = diff.splitlines()[2:]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
