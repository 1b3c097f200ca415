"""Changes that break a file: of its tree, or of its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Tree = dict[str, Any]
Place = tuple[Any, Any]
"""A container, and a key or an index of it."""

NAMES = [
    "__class__",
    "__init__",
    "__proto__",
    "_",
    "",
    " ",
    "class",
    "None",
    "self",
    "Self",
    "mro",
    "send",
    "models",
    "Structure",
    "Mini",
    "../../escape",
    "/etc/escape",
    "a/b",
    "a\\b",
    "C:\\escape",
    "con",
    "..",
    "a.b",
    "A B",
    "9",
    "x" * 300,
    "X" * 5000,
    "\x00",
    "a\x00b",
    "\x1b[31mred",
    "\r\n",
    "\ud800",
    "a\udfffb",
    "\ufb01",
    "\u017f",
    "\u1e9e",
    "\u00e9",
    "e\u0301",
    "\u202e",
    "\u2028",
    "\U0001f600",
    '"""',
    "'",
    "\\",
    "{{ x }}",
    "{% raw %}",
    "#/",
    "~1",
    "%s",
    "{x}",
    "(?P<n>(a+)+)$",
    "[",
    "smithy.api#x",
    "Kind",
    "NextToken",
]
NUMBERS: list[Any] = [
    *(0, 1, -1, 2, 63, 2**31, 2**53, 2**63, -(2**63), 10**30, 10**400, -(10**400)),
    *(0.0, -0.0, 1.5, -0.5, 1e15, 1e-9, 1e308, float("inf"), float("nan")),
]
OTHERS: list[Any] = [
    *(None, True, False, [], {}, [[]], [None], {"": None}, [{}], "2.0"),
    *({"shape": "String"}, {"shape": "Nowhere"}, {"shape": 1}, {"shape": "__class__"}),
    *({"type": "structure", "members": {}}, {"type": "string"}, {"type": "list"}, {"type": []}),
    [f"value-{number}" for number in range(3000)],
    {f"Name{number}": {"shape": "String"} for number in range(300)},
    *(["a", "A", "a "], ["", "\ud800", "\x00"], ["class", "None", "1", "-1", "+1"]),
]
VALUES = [*NAMES, *NUMBERS, *OTHERS]
DEEP = "@deep@{}@"
"""A text that stands for nesting which json.dumps cannot write."""
DEPTHS = [40, 150, 300, 1100, 100_000]


@dataclass(frozen=True)
class Mutation:
    """One change of a tree.

    Attributes:
        kind: What is done.
        file: Which file, counted past the last one again.
        node: Which node of it, counted likewise.
        value: Which value of what is put there.
        other: Which other node is meant.
    """

    kind: str
    file: int
    node: int
    value: int
    other: int

    def apply(self, files: Tree) -> None:
        """Change one of some files."""
        name = sorted(files)[self.file % len(files)]
        holder = {"": files[name]}
        places = [place for place in _places(holder) if place[1] != "" or len(holder) > 1]
        if places:
            _KINDS[self.kind](self, places[self.node % len(places)], places)


def _places(tree: Any) -> list[Place]:
    found: list[Place] = []
    pending = [tree]
    while pending:
        each = pending.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each))
        found += [(each, key) for key in keys]
        pending += [each[key] for key in keys if isinstance(each[key], (dict, list)) and each[key]]
        if len(found) > 200_000:
            break
    return found


def _remove(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    del place[0][place[1]]


def _replace(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    place[0][place[1]] = _copy(VALUES[mutation.value % len(VALUES)])


def _rename(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    holder, key = place
    name = NAMES[mutation.value % len(NAMES)]
    if isinstance(holder, dict):
        items = [(name if k == key else k, v) for k, v in holder.items()]
        holder.clear()
        holder.update(items)
    else:
        holder[key] = name


def _add(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    holder, key = place
    value = _copy(VALUES[mutation.value % len(VALUES)])
    if isinstance(holder, dict):
        holder[NAMES[mutation.other % len(NAMES)]] = value
    else:
        holder.insert(key, value)


def _double(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    holder, key = place
    if isinstance(holder, dict):
        ends = ("2", "_", " ", "\u017f", "s")
        holder.setdefault(key.swapcase(), _copy(holder[key]))
        holder[f"{key}{ends[mutation.value % len(ends)]}"] = _copy(holder[key])
    else:
        holder.insert(key, _copy(holder[key]))


def _borrow(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    """Put what stands elsewhere: another shape's name, a whole structure, a type."""
    holder, key = places[mutation.other % len(places)]
    place[0][place[1]] = _copy(holder[key])


def _same_key(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    """Put what stands under the same key elsewhere: references lead to other shapes."""
    holder, key = place
    same = [(h, k) for h, k in places if k == key and isinstance(h, dict)]
    if same:
        other, _ = same[mutation.other % len(same)]
        holder[key] = _copy(other[key])


def _wrap(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    holder, key = place
    holder[key] = {str(place[1]): holder[key]} if mutation.value % 2 else [holder[key]]


def _deepen(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    place[0][place[1]] = DEEP.format(DEPTHS[mutation.value % len(DEPTHS)])


_KINDS: Mapping[str, Callable[[Mutation, Place, Sequence[Place]], None]] = {
    "replace": _replace,
    "rename": _rename,
    "same key": _same_key,
    "remove": _remove,
    "add": _add,
    "double": _double,
    "borrow": _borrow,
    "wrap": _wrap,
    "deepen": _deepen,
}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Cut:
    """One change of a text.

    Attributes:
        kind: What is done.
        file: Which file, counted past the last one again.
        start: Where, in parts of 65,536.
        size: How many bytes or lines are meant.
        value: Which text is put there.
    """

    kind: str
    file: int
    start: int
    size: int
    value: int

    def apply(self, texts: dict[str, bytes]) -> None:
        """Change one of some texts."""
        name = sorted(texts)[self.file % len(texts)]
        texts[name] = self.of(texts[name])

    def of(self, text: bytes) -> bytes:
        """Return the text, changed."""
        if self.kind.endswith("line"):
            lines = text.splitlines(keepends=True)
            at = self.start * len(lines) >> 16
            some = lines[at : at + self.size]
            after = at + self.size
            match self.kind:
                case "drop line":
                    lines[at:after] = []
                case "double line":
                    lines[at:at] = some
                case "move line":
                    lines[at:after] = []
                    to = self.value * 7 % (len(lines) + 1)
                    lines[to:to] = some
            return b"".join(lines)
        at = self.start * len(text) >> 16
        middle = RAW[self.value % len(RAW)]
        match self.kind:
            case "cut":
                return text[:at]
            case "drop":
                return text[:at] + text[at + self.size :]
            case "insert":
                return text[:at] + middle + text[at:]
            case "exchange":
                return text[:at] + middle + text[at + self.size :]
        return text + text


RAW = [
    *(name.encode("utf-8", "surrogatepass") for name in NAMES if len(name) < 100),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\xed\xa0\x80", b"\x00", b"\x1b[2J", b"\r"),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b"'",
        b'"',
        b"|",
        b",",
        b":",
        b"...",
        b"--",
        b"#",
        b"=",
        b"\n",
    ),
    *(
        b"(dict) --",
        b"(list) --",
        b"(string) --",
        b"[REQUIRED]",
        b"rtype",
        b"...",
        b"()",
        b"\xc2\xb6",
    ),
    *(
        b"<",
        b">",
        b"</div>",
        b"<h4>",
        b"<script>",
        b"&#x0;",
        b"&#55296;",
        b"&amp",
        b"<!--",
        b"<![CDATA[",
    ),
    *(b"[" * 2_000, b"{'A': " * 2_000, b"(" * 2_000, b"a" * 100_000, b"<div>" * 5_000),
    *(b"9" * 5_000, b"1e999", b"NaN", b"-Infinity", b"a." * 2_000, b"'x'|" * 5_000, b" " * 50_000),
]
_CUTS = ["insert", "drop", "exchange", "drop line", "double line", "move line", "cut", "twice"]

_COUNT = st.integers(0, 2**16 - 1)
mutations = st.builds(Mutation, st.sampled_from(list(_KINDS)), _COUNT, _COUNT, _COUNT, _COUNT)
cuts = st.builds(Cut, st.sampled_from(_CUTS), _COUNT, _COUNT, st.integers(0, 40), _COUNT)


def json_text(tree: Any, *, raw: bool = False) -> bytes:
    """Write a tree as JSON: numbers that JSON does not have too, and any depth."""
    text = json.dumps(tree, ensure_ascii=not raw).encode("utf-8", "surrogatepass")
    for depth in DEPTHS:
        mark = json.dumps(DEEP.format(depth)).encode()
        text = text.replace(mark + b": ", b'"deep": ')
        text = text.replace(mark, b"[" * depth + b"]" * depth)
    return text


def toml_text(tree: Any) -> bytes:
    """Write a tree as TOML, in one line a key."""
    if not isinstance(tree, dict):
        return f"{_toml(tree)}\n".encode("utf-8", "surrogatepass")
    lines = (f"{json.dumps(str(key))} = {_toml(value)}\n" for key, value in tree.items())
    return "".join(lines).encode("utf-8", "surrogatepass")


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return (
                f"{{{', '.join(f'{json.dumps(str(k))} = {_toml(v)}' for k, v in value.items())}}}"
            )
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case str() if value.startswith("@deep@"):
            depth = int(value.split("@")[2])
            return "[" * depth + "]" * depth
        case str():
            return json.dumps(value)
        case None:
            return "nil"
    return str(value)
