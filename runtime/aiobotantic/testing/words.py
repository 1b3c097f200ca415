"""Plausible strings by the name of a member: ARNs, addresses, names, identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Final

from aiobotantic.constraints import Length

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
_MARKS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_HEX: Final = "0123456789abcdef"
_LATER: Final = re.compile(
    r"before|complet(?:ed|ion)|end(?:ed)?|expir(?:ation|es)|modified|to|until|updated"
)


@dataclass(frozen=True)
class Place:
    """Where made-up resources live."""

    region: str = "us-east-1"
    account: str = "123456789012"
    """12 digits."""
    service: str = "service"
    """The service part of an ARN."""


def marked(*names: str) -> str:
    """Return an identifier of 12 small letters and digits, the same for the same names."""
    number = int.from_bytes(blake2b("\0".join(names).encode(), digest_size=10).digest(), "big")
    letters: list[str] = []
    for _ in range(12):
        number, place = divmod(number, len(_MARKS))
        letters.append(_MARKS[place])
    return "".join(letters)


def kebab(name: str) -> str:
    """Return a wire name in lower case with hyphens: `NotebookInstance` is `notebook-instance`."""
    return "-".join(_WORDS.findall(name)).lower()


def singular(name: str) -> str:
    """Return the name of one item of a list: `SecurityGroups` holds a `SecurityGroup`."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name if name.endswith("ss") else name.removesuffix("s")


def is_later(name: str) -> bool:
    """Return whether a time of this name comes after the others of its structure."""
    return any(map(_LATER.fullmatch, kebab(name).split("-")))


def candidates(name: str, place: Place, random: Random, known: str | None = None) -> Iterator[str]:
    """Yield strings that a member of this name might hold, the likeliest first.

    `known` names the resource that the member is about, where that is known.
    """
    words = kebab(name).split("-")
    mark = "".join(random.choice(_HEX) for _ in range(8))
    last, noun = words[-1].removesuffix("s") or "value", "-".join(words[:-1]) or "resource"
    label = known or f"{noun}-{mark}"
    if last == "arn":
        if noun == "role":
            yield f"arn:aws:iam::{place.account}:role/{label}"
        if noun.startswith("kms-key"):
            yield f"arn:aws:kms:{place.region}:{place.account}:key/{mark}"
        yield f"arn:aws:{place.service}:{place.region}:{place.account}:{noun}/{label}"
        yield f"arn:aws:iam::{place.account}:role/{label}"
    elif "s3" in words and last in ("uri", "url", "path", "prefix"):
        yield f"s3://bucket/{mark}"
    elif last in ("uri", "url"):
        yield f"https://{noun}.{place.region}.example.com/{mark}"
        yield f"s3://bucket/{mark}"
    elif last == "email":
        yield f"{mark}@example.com"
    elif words[-2:] == ["account", "id"] or last == "account":
        yield place.account
    elif last == "region":
        yield place.region
    elif last == "name":
        yield label
    elif last == "id":
        yield label
        yield mark
    elif last == "key":
        yield f"key-{mark}"
    else:
        yield "-".join(words)
    yield f"s3://bucket/{mark}"
    yield f"https://example.com/{mark}"


def fitted(string: str, length: Length) -> str:
    """Return a string of an allowed length: cut, or filled up with `x`."""
    if length.max is not None and len(string) > length.max:
        string = string[: length.max].rstrip("-")
    return string.ljust(length.min or 0, "x")


def located(arn: str, place: Place) -> Iterator[str]:
    """Yield an ARN that a pattern wrote, moved to a place, with its own region last."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return
    _, _, service, region, account, resource = parts
    account = place.account if account else account
    yield f"arn:aws:{service}:{place.region}:{account}:{resource}"
    yield f"arn:aws:{service}:{region}:{account}:{resource}"
