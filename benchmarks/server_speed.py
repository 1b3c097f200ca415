"""How fast the embedded server is: `python benchmarks/server_speed.py [--calls N]`.

The server runs in a process of its own, which is measured in processor time, so a busy machine
changes little; requests come over one connection, signed once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NOTEBOOK = {"InstanceType": "ml.t3.medium", "RoleArn": "arn:aws:iam::123456789012:role/r"}


async def ask(url: str, pid: int, calls: int) -> dict[str, float]:
    """Call the server, and return the calls that it answers in a second of its processor time."""
    from aiohttp import ClientSession

    async with ClientSession() as session:

        async def call(operation: str, members: dict[str, Any]) -> Any:
            headers = {
                "X-Amz-Target": f"SageMaker.{operation}",
                "Authorization": "AWS4-HMAC-SHA256",
            }
            async with session.post(url, data=json.dumps(members), headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.read()

        async def measured(operation: str, members: Any, calls: int) -> float:
            begun = cpu_seconds(pid)
            for number in range(calls):
                await call(operation, members(number))
            return calls / max(cpu_seconds(pid) - begun, 1 / os.sysconf("SC_CLK_TCK"))

        def named(number: int) -> dict[str, Any]:
            return {"NotebookInstanceName": f"nb-{number}"}

        await call("CreateNotebookInstance", named(-1) | NOTEBOOK)
        await call("DescribeNotebookInstance", named(-1))
        await call("ListNotebookInstances", {})
        return {
            "create": await measured(
                "CreateNotebookInstance", lambda n: named(n) | NOTEBOOK, calls // 4
            ),
            "describe": await measured(
                "DescribeNotebookInstance", lambda n: named(n % (calls // 4)), calls
            ),
            "list 10 of 1,000": await measured("ListNotebookInstances", lambda n: {}, calls // 10),
        }


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the megabytes of memory that a process has taken at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


START = """
import asyncio, time, resource
from aiosagemaker.testing import SageMakerServer
async def main():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    server = SageMakerServer()
    await server.start()
    print((time.process_time() - begun) * 1000, (resource.getrusage(
        resource.RUSAGE_SELF).ru_maxrss - before) / 1024, before / 1024)
    await server.stop()
asyncio.run(main())
"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=4_000)
    calls = parser.parse_args().calls
    run = [
        subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    starts = sorted([tuple(map(float, each.stdout.split())) for each in run])
    milliseconds, megabytes, imported = starts[len(starts) // 2]
    print(f"start: {milliseconds:.1f} ms and {megabytes:.1f} MB after imports of {imported:.0f} MB")
    program = [sys.executable, "-m", "aiosagemaker_extras.server_cli"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            for what, found in asyncio.run(ask(url, server.pid, calls)).items():
                print(f"{what}: {found:,.0f} calls a second of processor time")
            print(f"memory of the program: {memory(server.pid):.0f} MB")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
