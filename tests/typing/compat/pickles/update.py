"""Make the queued pickles by the output of an older model.

    python tests/typing/compat/pickles/update.py [--botocore 1.29.141]

Brings the facts of that botocore, generates `aiosagemaker` from them in a temporary folder with the
generator as it is, runs every type checker on the programs there, and pickles the requests of
`queued_requests.py` as that output makes them.
"""

from __future__ import annotations

import argparse
import base64
import os
import pickle
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

PICKLES = Path(__file__).resolve().parent
PROGRAMS = PICKLES.parent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--botocore", default="1.29.141", metavar="VERSION")
    parser.add_argument("--pickle", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.pickle:
        write_pickles()
        return
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "out"
        specs = ["--specs", f"{folder}/specs"]
        generator = [sys.executable, "-m", "aiobotantic_codegen.cli"]
        bring = ["--service", "sagemaker", "--botocore", given.botocore]
        subprocess.run([*generator, "sync", *bring, *specs], check=True)
        subprocess.run([*generator, "generate", *specs, "--out", old], check=True, stdout=subprocess.DEVNULL)
        path = os.pathsep.join([str(old), str(PROGRAMS), os.environ.get("PYTHONPATH", "")])
        env = {**os.environ, "PYTHONPATH": path, "MYPYPATH": f"{old}:{PROGRAMS}"}
        programs = sorted(PROGRAMS.glob("*.py"))
        subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={folder}/mypy", *programs],
            check=True,
            cwd=folder,
            env=env,
        )
        subprocess.run([sys.executable, __file__, "--pickle"], check=True, env=env)


def write_pickles() -> None:
    from queued_requests import requests

    for name, request in requests().items():
        text = base64.b64encode(pickle.dumps(request, protocol=4)).decode()
        (PICKLES / f"{name}.txt").write_text("\n".join(textwrap.wrap(text, 96)) + "\n")


if __name__ == "__main__":
    main()
