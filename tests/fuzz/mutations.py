"""Changes that break a file: of its tree, or of its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
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
FITTING = [
    *("Class", "class_", "None", "True", "Self", "self", "Send", "send", "Mini", "Name", "name"),
    *("Kind", "kind", "KIND", "Lambda", "Model", "ModelConfig", "Json", "Copy", "Items", "Wire"),
    *("Structure", "Request", "Client", "OpenEnum", "Sequence", "Datetime", "Any", "Str", "Int"),
    *("SendRequest", "Send_Request", "ServiceError", "ValidationException", "Exception", "Errors"),
    *(
        "Waiters",
        "WaitUntilSent",
        "IterSend",
        "Timeout",
        "Validation",
        "NextToken",
        "Limit",
        "List",
    ),
    *(
        "A",
        "a",
        "A1",
        "X" * 300,
        "__Type__",
        "_",
        "__",
        "URLs",
        "ListA",
        "DescribeA",
        "Mro",
        "Init",
    ),
]
"""Names that a model may have, and that Python or the package means otherwise."""


def _each(key: str, *values: Any) -> list[Tree]:
    return [{key: value} for value in values]


TRAITS: list[Tree] = [
    *(
        {key: True}
        for key in ("union", "eventstream", "event", "exception", "document", "sensitive")
    ),
    *({key: True} for key in ("streaming", "jsonvalue", "idempotencyToken", "deprecated", "box")),
    *(
        {key: True}
        for key in ("eventpayload", "eventheader", "flattened", "requiresLength", "fault")
    ),
    *_each("location", "uri", "header", "headers", "querystring", "statusCode"),
    *_each("locationName", "name", "Host", "Content-Length", "x-", "", "a b", "Kind"),
    *_each("min", 0, 1, -1, 2**70, 0.5),
    *_each("max", 0, 1, -1, 2**70, 1e300),
    *_each("pattern", "[", "a{2,1}", "(a+)+$", "^$", "\\p{L}", "(?<!a)b", "\\", ""),
    *_each("enum", [], ["a"], ["a", "a"], ["a", "A"], ["", " "], ["1", "+1", "-1"]),
    *_each("required", [], ["Name"], ["Name", "Name"], ["Kind", "Part", "Tags"]),
    *_each("payload", "Name", "Body", "Kind", "Part", "Stream"),
    *_each("type", "string", "structure", "list", "map", "blob", "timestamp", "long"),
    *_each("shape", "String", "Kind", "Part", "Tags", "SendRequest", "Blob", "Stream"),
    *_each("timestampFormat", "iso8601", "rfc822", "unixTimestamp"),
    *_each("requestUri", "/{Name}/{Name}", "/{Name+}", "/{x}", "//", "/?a=b&a", "/{"),
    *_each("method", "GET", "HEAD", "DELETE", "A B", ""),
    *_each("result_key", "Tags", "Part.Size", "a.b[].c", "[", "*", ["Tags", "Kind"]),
    *_each("input_token", "Name", "Nothing", ["NextToken", "Name"], ""),
    *_each("expected", "", 200, True, 10**400),
    *_each("argument", "Kind", "[", "length(Tags) > `0`", "a" * 5000),
    *_each("matcher", "path", "pathAll", "pathAny", "status", "error"),
    *_each("error", {"code": ""}, {"code": "X", "httpStatusCode": 99999}, {}),
    *_each("default", "x", 1, None, [], {}, 1e300),
    *_each("deprecatedSince", "", "never", "2024-01-01"),
    *({"endpoint": {"hostPrefix": each}} for each in ("{Name}.", "x.", "")),
    *_each("protocol", "json", "rest-json", "query"),
    *_each("authtype", "none", "v4", "bearer"),
    *({"httpChecksumRequired": True}, {"requestcompression": {"encodings": ["gzip"]}}),
    *({"retryable": {"throttling": each}} for each in (True, False)),
]
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


def _liken(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    """Put another value of the same kind."""
    holder, key = place
    match holder[key]:
        case bool(was):
            holder[key] = not was
        case int() | float():
            holder[key] = NUMBERS[mutation.value % len(NUMBERS)]
        case str():
            names = NAMES if mutation.other % 2 else FITTING
            holder[key] = names[mutation.value % len(names)]
        case list(items):
            holder[key] = [items * 2, [], items[::-1], items[:1]][mutation.value % 4]
        case dict(items):
            holder[key] = dict(list(items.items())[: mutation.value % 2])


def _call(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    """Give something another name, wherever it is named."""
    old = place[0][place[1]] if isinstance(place[0][place[1]], str) else place[1]
    new = FITTING[mutation.value % len(FITTING)]
    for holder, key in places:
        if holder[key] == old and isinstance(old, str):
            holder[key] = new
    for holder in {id(holder): holder for holder, _ in places}.values():
        if isinstance(holder, dict) and old in holder:
            items = [(new if key == old else key, value) for key, value in holder.items()]
            holder.clear()
            holder.update(items)


def _trait(mutation: Mutation, place: Place, places: Sequence[Place]) -> None:
    """Give something a trait that a model may have, where it has one of that name first of all."""
    trait = _copy(TRAITS[mutation.value % len(TRAITS)])
    (key,) = trait
    holders = [holder for holder, each in places if each == key and isinstance(holder, dict)]
    holders = holders if mutation.other % 2 else []
    holders = holders or [h for h, each in places if each in ("shape", "type", "name", "http")]
    holders = [holder for holder in holders if isinstance(holder, dict)]
    if holders:
        holders[mutation.node % len(holders)].update(trait)


_KINDS: Mapping[str, Callable[[Mutation, Place, Sequence[Place]], None]] = {
    "trait": _trait,
    "liken": _liken,
    "call": _call,
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


def _mutation(seed: int) -> Mutation:
    rng = Random(seed)
    kind = rng.choice(_FITTING_KINDS if rng.random() < 0.6 else list(_KINDS))
    return Mutation(kind, *(rng.randrange(2**16) for _ in range(4)))


def _cut(seed: int) -> Cut:
    rng = Random(seed)
    start, value = rng.randrange(2**16), rng.randrange(2**16)
    return Cut(rng.choice(_CUTS), rng.randrange(2**16), start, rng.randrange(40), value)


_FITTING_KINDS = ["trait", "liken", "call", "same key"]
"""What a reader of JSON does not refuse at once."""
# Numbers that are drawn one by one are often alike: one seed gives all that a mutation is.
_SEEDS = st.integers(0, 2**48)
mutations = _SEEDS.map(_mutation)
cuts = _SEEDS.map(_cut)


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
