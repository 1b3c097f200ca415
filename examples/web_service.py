"""An HTTP service in front of SageMaker: one client for the life of the application.

    pip install fastapi uvicorn
    uvicorn --app-dir examples web_service:app

    curl -s localhost:8000/endpoints
    curl -s localhost:8000/endpoints/reviews/predictions \\
        -H 'content-type: application/json' -d '{"inputs": ["good"]}'

Region and credentials come from the environment, as for every AWS client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from aiobotantic.errors import CallTimeoutError, ServiceError, ThrottlingError, TransportError
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker.models import EndpointStatus
from aiosagemaker.sagemaker_runtime.errors import ModelError, ValidationError

PATIENCE = 20
"""Seconds that a caller waits for a prediction, retries included."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the clients before the first request, and close them after the last."""
    async with SageMaker() as sagemaker, SageMakerRuntime() as runtime:
        await runtime.warm_up("invoke_endpoint")  # the first request pays for nothing
        app.state.sagemaker = sagemaker
        app.state.runtime = runtime.with_options(timeout=PATIENCE)
        yield


app = FastAPI(title="Predictions", lifespan=lifespan)


def sagemaker_of(request: Request) -> SageMaker:
    """Return the client that the lifespan opened."""
    client: SageMaker = request.app.state.sagemaker
    return client


def runtime_of(request: Request) -> SageMakerRuntime:
    """Return the client of the runtime that the lifespan opened."""
    client: SageMakerRuntime = request.app.state.runtime
    return client


class Endpoint(BaseModel):
    """An endpoint that can be asked."""

    name: str | None
    status: EndpointStatus | None


class Question(BaseModel):
    """What is predicted from."""

    inputs: list[Any]


@app.get("/endpoints")
async def endpoints(
    sagemaker: Annotated[SageMaker, Depends(sagemaker_of)], limit: int = 100
) -> list[Endpoint]:
    """List endpoints, the newest first."""
    return [
        Endpoint(name=each.endpoint_name, status=each.endpoint_status)
        async for each in sagemaker.iter_endpoints(limit=limit)
    ]


@app.post("/endpoints/{name}/predictions")
async def predict(
    name: str, question: Question, runtime: Annotated[SageMakerRuntime, Depends(runtime_of)]
) -> Any:
    """Ask an endpoint."""
    answer = await runtime.invoke_endpoint(endpoint_name=name, json=question.inputs)
    return answer.json()


@app.exception_handler(ServiceError)
@app.exception_handler(TransportError)
@app.exception_handler(CallTimeoutError)
async def tell(_: Request, error: Exception) -> JSONResponse:
    """Say what went wrong in HTTP's words; nothing of AWS's is repeated but the request's id."""
    match error:
        case ValidationError():
            status, what = 404, "there is no such endpoint, or the input is not what it takes"
        case ModelError():
            status, what = 502, "the model failed"
        case ThrottlingError():
            status, what = 503, "too many requests, try again"
        case CallTimeoutError():
            status, what = 504, f"no answer within {PATIENCE} seconds"
        case _:
            status, what = 502, "SageMaker did not answer"
    told = {"error": what, "request_id": getattr(error, "request_id", None)}
    return JSONResponse(told, status, headers={"Retry-After": "1"} if status == 503 else None)
