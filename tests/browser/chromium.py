"""A headless Chromium, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
PATIENCE = 30.0
"""Seconds until something that should come is missed."""


class NoBrowserError(Exception):
    """There is no Chromium; says how to get one."""


def find_browser() -> str:
    """Return the path of a Chromium: CHROMIUM names one, else PATH has it."""
    named = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if found is None:
        wanted = f"CHROMIUM={named} is not there" if named else f"PATH has no {', '.join(NAMES)}"
        raise NoBrowserError(
            f"these tests need Chromium, and {wanted}: `apt-get install chromium`, or name one "
            "with CHROMIUM=/path/of/it"
        )
    return found


@contextmanager
def running_browser() -> Iterator[str]:
    """Run a Chromium with a profile of its own; yields the address of its DevTools."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [find_browser(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        log = Path(profile) / "log"
        with log.open("wb") as output, subprocess.Popen(command, stderr=output) as program:
            try:
                yield f"http://127.0.0.1:{_port(program, Path(profile), log)}"
            finally:
                program.terminate()


def _port(program: subprocess.Popen[bytes], profile: Path, log: Path) -> int:
    """Return the port that a Chromium has opened."""
    file, until = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while time.monotonic() < until and program.poll() is None:
        if file.is_file() and (text := file.read_text()):
            return int(text.splitlines()[0])
        time.sleep(0.05)
    raise NoBrowserError(
        f"{program.args!r} opened no port for DevTools:\n{log.read_text(errors='replace')}"
    )


class Tab:
    """One page of the browser."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._sent = 0
        self.errors: list[str] = []
        """What the page's console was told of errors, and what its policy has stopped."""

    async def command(self, method: str, **arguments: Any) -> Any:
        """Send a command of the protocol and return its result."""
        self._sent += 1
        await self._socket.send_json({"id": self._sent, "method": method, "params": arguments})
        while True:
            told = await self._socket.receive_json(timeout=PATIENCE)
            if told.get("id") == self._sent:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]
            if told.get("method") == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(told["params"]))
            if told.get("method") == "Log.entryAdded":
                entry = told["params"]["entry"]
                if entry["level"] == "error":
                    self.errors.append(entry["text"])

    async def run(self, script: str) -> Any:
        """Return the value of an expression; a promise's, where it is one."""
        answer = await self.command(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, f"{script}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + PATIENCE
        while not (value := await self.run(script)):
            if time.monotonic() > end:
                text = await self.run("document.body.innerText")
                raise AssertionError(f"{script} did not become true; the page says:\n{text}")
            await asyncio.sleep(0.05)
        return value

    async def until_text(self, selector: str, text: str) -> None:
        """Wait until an element has a text in it."""
        where = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"{where}?.textContent.includes({json.dumps(text)})")

    async def click(self, selector: str, text: str = "") -> None:
        """Click the first element of a selector with a text in it, where it stands."""
        place = await self.until(
            f"(() => {{ const found = [...document.querySelectorAll({json.dumps(selector)})]"
            f".find((each) => each.textContent.includes({json.dumps(text)}));"
            "if (!found) return null; found.scrollIntoView({block: 'center'});"
            "const box = found.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.command(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    async def type(self, selector: str, text: str) -> None:
        """Write a text into a field instead of what it has."""
        await self.run(f"document.querySelector({json.dumps(selector)}).select()")
        await self.command("Input.insertText", text=text)

    async def screen(self, width: int, height: int, scheme: str = "light") -> None:
        """Take the size of a window, and the light or dark scheme of its user."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.command("Emulation.setEmulatedMedia", features=[feature])

    async def picture(self) -> bytes:
        """Return what the window shows, as PNG."""
        answer = await self.command("Page.captureScreenshot", format="png", optimizeForSpeed=False)
        return b64decode(answer["data"])


@asynccontextmanager
async def open_tab(browser: str, url: str) -> AsyncIterator[Tab]:
    """Open an address in a tab of its own, in a window 1,000 wide, and close it at the end."""
    async with ClientSession() as session:
        async with session.put(f"{browser}/json/new?about:blank") as answer:
            target = await answer.json()
        async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            tab = Tab(socket)
            for domain in ("Page", "Runtime", "Log"):
                await tab.command(f"{domain}.enable")
            await tab.screen(1000, 900)
            await tab.command("Page.navigate", url=url)
            await tab.until("document.readyState == 'complete'")
            yield tab
        await session.get(f"{browser}/json/close/{target['id']}")
