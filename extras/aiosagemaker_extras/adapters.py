"""Bodies of invocations in the formats that models often take beside JSON: CSV and numpy's."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, TypedDict

from aiobotantic.errors import BodyFormatError, RequestValidationError
from aiobotantic.open_bodies import OpenBody, body_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

__all__ = ["Body", "csv_body", "numpy_body", "read_csv", "read_numpy"]


class Body(TypedDict):
    """Two arguments of an invocation: `await runtime.invoke_endpoint(..., **csv_body(rows))`."""

    body: bytes
    content_type: str


def csv_body(rows: Iterable[Iterable[object]]) -> Body:
    """Return rows as CSV, without a header: what many built-in algorithms take.

    Args:
        rows: Rows of values; a two-dimensional array is one, too.
    """
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return {"body": text.getvalue().encode(), "content_type": "text/csv"}


def read_csv(response: OpenBody) -> list[list[str]]:
    """Return the rows of an answer in CSV; blank lines are left out.

    Raises:
        BodyFormatError: it is no text, or no CSV.
    """
    try:
        return [
            row for row in csv.reader(StringIO(response.text(), newline=""), strict=True) if row
        ]
    except csv.Error as error:
        problem = str(error)
    raise BodyFormatError(f"{type(response).__name__}: the body is no CSV: {problem}")


def numpy_body(array: ArrayLike) -> Body:
    """Return an array in numpy's own format, application/x-npy.

    Raises:
        RequestValidationError: it holds Python objects, which that format would pickle.
    """
    numpy = _numpy()
    buffer = BytesIO()
    try:
        numpy.save(buffer, numpy.asanyarray(array), allow_pickle=False)
    except ValueError as error:
        raise RequestValidationError(
            f"the array cannot be written: {error}: pass numbers or text. Nothing was sent"
        ) from None
    return {"body": buffer.getvalue(), "content_type": "application/x-npy"}


def read_numpy(response: OpenBody) -> np.ndarray[Any, Any]:
    """Return the array of an answer in numpy's own format; nothing is unpickled.

    Raises:
        BodyFormatError: it is no such array, or one of Python objects.
    """
    numpy = _numpy()
    try:
        array: np.ndarray[Any, Any] = numpy.lib.format.read_array(
            BytesIO(body_of(response)), allow_pickle=False
        )
        return array
    except Exception as error:  # the header may be anything
        problem = type(error).__name__
    raise BodyFormatError(
        f"{type(response).__name__}: the body is no array of numpy's format: {problem}: ask for it "
        'by accept="application/x-npy"'
    )


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "numpy is not installed, which this function needs: pip install 'aiosagemaker[numpy]'"
        ) from error
    return numpy
