"""Blobs: bytes here, base64 on the wire, limits in bytes."""

from __future__ import annotations

import pytest
from conftest import Generate
from minispec import Mini, one_structure, refusals, sent

from aiobotantic.structure import read_json

SPEC = one_structure(
    {"Raw": "Blob", "Bytes": "Short", "Many": "Blobs", "Named": "BlobByName"},
    shapes={
        "Short": {"type": "blob", "min": 2, "max": 3},
        "Blobs": {"member": "Short"},
        "BlobByName": {"key": "String", "value": "Blob"},
    },
)
EVERY_BYTE = bytes(range(256))


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def test_the_standard_alphabet_of_base64_is_written_and_read(mini: Mini) -> None:
    request = mini.models.SendRequest(raw=EVERY_BYTE, many=[b"\xff\xfe"], named={"a": b""})
    body = sent(request)

    assert refusals(request) == []
    assert body["Raw"].startswith("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
    assert {"+", "/"} <= set(body["Raw"]), "not the alphabet for URLs"
    assert (body["Many"], body["Named"]) == (["//4="], {"a": ""})
    response = read_json(mini.models.SendResponse, b'{"Raw": "%s"}' % body["Raw"].encode())
    assert response.raw == EVERY_BYTE


def test_a_blob_of_a_response_stays_bytes_in_plain_dicts(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Raw": "//4="}')

    assert response.to_wire() == {"Raw": b"\xff\xfe"}
    assert sent(mini.models.SendRequest(raw=response.raw)) == {"Raw": "//4="}


@pytest.mark.parametrize("accepted", [b"\xff\x00", b"abc"])
def test_lengths_count_bytes_up_to_their_edges(mini: Mini, accepted: bytes) -> None:
    assert refusals(mini.models.SendRequest(bytes_=accepted, many=[accepted])) == []


@pytest.mark.parametrize(("refused", "size"), [(b"", 0), (b"a", 1), (b"abcd", 4)])
def test_lengths_count_bytes_beyond_their_edges(mini: Mini, refused: bytes, size: int) -> None:
    problems = refusals(mini.models.SendRequest(bytes_=refused, many=[refused]))

    assert [problem.partition(": ")[2] for problem in problems] == [
        f"must have 2 to 3 bytes, has {size}",
        f"must have 2 to 3 bytes, has {size}",
    ]


def test_an_unchecked_string_stands_for_its_bytes_in_utf_8(
    mini: Mini,
) -> None:
    assert sent(mini.models.SendRequest(raw="\u00e9")) == {"Raw": "w6k="}


@pytest.mark.parametrize("value", [1, True, ["a"]])
def test_nothing_else_is_a_blob(mini: Mini, value: object) -> None:
    (problem,) = refusals(mini.models.SendRequest(raw=value))

    assert problem.endswith("must be bytes")
