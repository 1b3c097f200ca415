"""What is taken out of a recording: secrets, whoever's they are, and what names an account."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import count, pairwise
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from aiobotantic.structure import MASK
from aiobotantic.testing.json_values import is_array, is_object

Scrub: TypeAlias = Callable[[str, str], str]
"""Is given AWS's name of a member and the text in it, and returns what is recorded."""

_SHORTEST: Final = 8
"""Characters of a credential that is looked for: shorter ones stand in many words."""
_SECRET_WORDS: Final = (
    r"secret|passw(?:or)?d|passphrase|(?<![a-z])pwd(?![a-z])|credential|authorization|signature|"
    r"(?:private|access|api|account)[-_]?key|(?:^|[-_])token(?!s)"
)
_SECRET_NAME: Final = re.compile(
    rf"(?i:{_SECRET_WORDS}|(?:^|[-_.])(?:pw|pass|auth|pat)$|[-_.]key$)"
    r"|[a-z0-9](?:Pass|Pw|Key|Token)$"
)
_ASSIGNED: Final = re.compile(
    rf"(?i)((?:{_SECRET_WORDS})[\w.-]{{0,64}}"
    r"(?:\\?[\"']\s{0,9}:\s{0,9}\\?[\"']|\s?=\s?\\?[\"']?))[^\s\"'&,;\\]+"
)
_SAID: Final = re.compile(
    rf"(?i)((?:(?<![\w.-])--?[\w.-]{{0,64}}(?:{_SECRET_WORDS})[\w.-]{{0,64}}[ \t]{{1,9}}|"
    rf"(?:{_SECRET_WORDS})[\w.-]{{0,64}}[\"']?[ \t]{{0,9}}:[ \t]{{1,9}}|"
    r"\blogin\s{1,9}\S{1,256}\s{1,9}password\s{1,9})(?:\\?[\"'])?)"
    r"(?!(?:bearer|basic)\s)[^\s\"'&,;\\{}\[\]]+"
)
"""`--password x` of a command, `password: x` of YAML, and what stands in a .netrc."""
_OPTION: Final = re.compile(rf"(?i)--?[\w.-]*(?:{_SECRET_WORDS})[\w.-]*")
_NAME: Final = re.compile(r"(?:^k|K)ey$|(?:^n|N)ame$")
_VALUE: Final = re.compile(r"^(?:[Dd]efault_?)?[Vv]alues?(?![a-z])")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4}){3,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_HEADER: Final = re.compile(r"(?i)(x-amz-security-token[\"']?\s?:\s?[\"']?)[^\s\"'&,;\\]+")
_URL: Final = re.compile(
    r"(?i)\b((?:https?|wss?|ftp)://)(?:[^\s\"'<>/?#\\]{0,2048}@)?([^\s\"'<>?#\\]*)([?#]?)"
    r"[^\s\"'<>\\]*"
)
_USER: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s\"'<>/?#\\]{1,2048}@")
_KEY_ID: Final = re.compile(
    r"(?<![A-Z0-9])(?:A[KS]IA|A[BC][IC]A|AROA|AIDA|AGPA|AIPA|ANPA|ANVA|APKA|ASCA)"
    r"[A-Z0-9]{12,124}(?![A-Z0-9])"
)
_BEARER: Final = re.compile(r"(?i)\b((?:bearer|basic)\s)[\w.~+/=-]{8,}")
_KNOWN_FORM: Final = re.compile(r"\b(?:gh[opsur]|github_pat|glpat|hf|sk|xox[abprs])[-_][\w-]{16,}")
"""Keys of other services that show by their beginning what they are."""
_JWT: Final = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_PRIVATE_KEY: Final = re.compile(r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[^-]*")
_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_RECORDED_ACCOUNT: Final = re.compile(r"0{7}\d{5}")
_RECORDED_TOKEN: Final = re.compile(r"page-[0-9a-f]{12}")


class Scrubber:
    """Takes secrets out of texts, in the same way all through a cassette.

    An account id is the number of the account in the cassette, `000000000001` and so on. A token
    of a page is made of its own hash, so that paging goes on with it.

    Args:
        keep: AWS's names of sensitive members that are recorded as they are.
        scrub: What is done to each text beyond that.
    """

    def __init__(self, keep: Iterable[str] = (), scrub: Scrub | None = None) -> None:
        self.keep = frozenset(keep)
        self._scrub = scrub
        self._accounts: dict[str, str] = {}
        self._credentials: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, *credentials: str | None) -> None:
        """Note credentials, which are taken out wherever they stand."""
        known = {each for each in credentials if each is not None and len(each) >= _SHORTEST}
        found = known | {quote(each, safe="") for each in known}
        if not found <= self._credentials:
            self._credentials |= found
            longest_first = sorted(map(re.escape, self._credentials), key=len, reverse=True)
            self._pattern = re.compile("|".join(longest_first))

    def text(self, member: str, text: str) -> str:
        """Return what is recorded of a text."""
        text = self._encoded(text) or self._plain(text)
        return text if self._scrub is None else self._scrub(member, text)

    def blob(self, member: str, data: bytes) -> bytes:
        """Return what is recorded of bytes."""
        try:
            return self.text(member, data.decode()).encode()
        except UnicodeDecodeError:  # patterns are ASCII, and so is what stands in for secrets
            return self._plain(data.decode("latin-1")).encode("latin-1")

    def pieces(self, member: str, pieces: list[bytes]) -> list[bytes]:
        """Return what is recorded of bytes that came in pieces: a secret may lie across two."""
        whole = self.blob(member, b"".join(pieces))
        cut: list[bytes] = []
        for size in map(len, pieces[:-1]):
            cut.append(whole[:size])
            whole = whole[size:]
        return [*cut, whole] if pieces else []

    @staticmethod
    def token(text: str) -> str:
        """Return what stands for the token of a page."""
        if _RECORDED_TOKEN.fullmatch(text):
            return text
        return f"page-{sha256(text.encode(errors='surrogatepass')).hexdigest()[:12]}"

    def _encoded(self, text: str) -> str | None:
        """Return what is recorded of a text in base64 that hides something, else None."""
        if _BASE64.fullmatch(text) is None:
            return None
        try:
            inner = b64decode(text).decode()
        except UnicodeDecodeError:
            return None
        if not all(map(str.isprintable, inner.split())):
            return None
        plain = self._plain(inner)
        return None if plain == inner else base64_of(plain.encode())

    def _plain(self, text: str) -> str:
        for secret in _secrets_of_json(text):
            for quoted in {json.dumps(secret), json.dumps(secret, ensure_ascii=False)}:
                text = text.replace(quoted, f'"{MASK}"')
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        if "://" in text:
            text = _USER.sub(r"\1", _URL.sub(_without_query, text))
        text = _PRIVATE_KEY.sub(rf"\1{MASK}", text)
        for assigned in (_HEADER, _ASSIGNED, _BEARER, _SAID):
            text = assigned.sub(rf"\1{MASK}", text)
        for known in (_KEY_ID, _JWT, _KNOWN_FORM):
            text = known.sub(MASK, text)
        return _ACCOUNT.sub(self._account, text)

    def _account(self, match: re.Match[str]) -> str:
        account = match[0]
        if _RECORDED_ACCOUNT.fullmatch(account):
            self._accounts.setdefault(account, account)
        elif account not in self._accounts:
            taken = set(self._accounts.values())
            numbers = (f"{number:012}" for number in count(1))
            self._accounts[account] = next(each for each in numbers if each not in taken)
        return self._accounts[account]


def _without_query(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{match[3]}{MASK if match[3] else ''}"


def _secrets_of_json(text: str) -> Iterator[str]:
    """Yield the texts in a JSON document that a name beside them, or before them, calls secret."""
    if text.lstrip()[:1] not in ("{", "["):
        return
    try:
        found: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return
    while found:
        each = found.pop()
        if is_array(each):
            hidden = after_secret_options(each)
            yield from (one for at, one in enumerate(each) if at in hidden and one)
            found += each
        elif is_object(each):
            values = names_a_secret(each)
            for name, one in each.items():
                called = sounds_secret(name) or (values and is_value(name))
                if isinstance(one, str) and one and called:
                    yield one
            found += each.values()


def names_a_secret(members: Mapping[str, Any]) -> bool:
    """Return whether a member such as `Key` or `Name` says that its neighbour is a secret."""
    return any(
        isinstance(value, str) and _NAME.search(name) and sounds_secret(value)
        for name, value in members.items()
    )


def is_value(name: str) -> bool:
    """Return whether a member is what a neighbour called `Key` or `Name` names."""
    return _VALUE.match(name) is not None


def after_secret_options(items: Sequence[Any]) -> set[int]:
    """Return the places of texts that follow an option such as `--password`."""
    return {
        at
        for at, (option, value) in enumerate(pairwise(items), start=1)
        if isinstance(option, str) and isinstance(value, str) and _OPTION.fullmatch(option)
    }


def sounds_secret(name: str) -> bool:
    """Return whether an entry of a map, such as a variable of an environment, may be a secret."""
    return _SECRET_NAME.search(name) is not None


def masked(value: Any) -> Any:
    """Return what stands for a sensitive value: of the same kind, so that it can be read again."""
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        return type(value)(0)
    return MASK


def same_text(recorded: str, came: str) -> bool:
    """Return whether two texts are the same but for what was taken out of the recorded one."""
    if recorded == came:
        return True
    recorded, came = (_ACCOUNT.sub("0" * 12, text) for text in (recorded, came))
    if MASK not in recorded:
        return recorded == came
    place = 0
    first, *others = recorded.split(MASK)
    last = others.pop()
    if not came.startswith(first) or not came.endswith(last):
        return False
    place, end = len(first), len(came) - len(last)
    for part in others:
        found = came.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return place <= end


def base64_of(data: bytes) -> str:
    """Return bytes as text."""
    return b64encode(data).decode()
