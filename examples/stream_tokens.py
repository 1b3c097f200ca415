"""Tokens of a language model, streamed to a browser as they come, by server-sent events.

    pip install fastapi uvicorn
    ENDPOINT=my-llm uvicorn --app-dir examples stream_tokens:app     # then open http://localhost:8000

The endpoint streams JSON lines such as `{"token": " world"}`. Whoever closes the page ends the
stream of the endpoint, too.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic_core import to_json

from aiobotantic.errors import AioBotanticError
from aiosagemaker import SageMakerRuntime

ENDPOINT = os.environ.get("ENDPOINT", "my-llm")
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Tokens</title>
<form>
  <input name="prompt" size="60" placeholder="Ask something" autofocus>
  <button>Ask</button>
</form>
<p id="answer" aria-live="polite"></p>
<script>
  let source
  document.forms[0].onsubmit = event => {
    event.preventDefault()
    source?.close()
    answer.textContent = ""
    source = new EventSource("tokens?" + new URLSearchParams(new FormData(event.target)))
    source.onmessage = message => { answer.textContent += JSON.parse(message.data) }
    source.addEventListener("done", () => source.close())
    source.addEventListener("failed", message => {
      source.close()
      answer.textContent += " [" + JSON.parse(message.data) + "]"
    })
  }
</script>
"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the client before the first request, and close it after the last."""
    async with SageMakerRuntime() as runtime:
        app.state.runtime = runtime
        yield


app = FastAPI(title="Tokens", lifespan=lifespan)


@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    """Return the page."""
    return PAGE


@app.get("/tokens")
async def tokens(prompt: str, request: Request) -> StreamingResponse:
    """Stream the tokens of an answer."""
    runtime: SageMakerRuntime = request.app.state.runtime
    return StreamingResponse(
        events(runtime, prompt),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def events(runtime: SageMakerRuntime, prompt: str) -> AsyncIterator[bytes]:
    """Yield server-sent events: one for each token, then `done` or `failed`."""
    try:
        async with runtime.invoke_endpoint_with_response_stream(
            endpoint_name=ENDPOINT, json={"inputs": prompt, "stream": True}
        ) as stream:  # left when the browser goes, which ends the stream
            async for line in stream.iter_json():
                yield sent(line["token"])
    except AioBotanticError as error:  # the answer has begun: it can only be said within
        yield sent(f"the model failed: {type(error).__name__}", "failed")
    else:
        yield sent("", "done")


def sent(data: str, event: str = "message") -> bytes:
    """Return a server-sent event."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), to_json(data))
