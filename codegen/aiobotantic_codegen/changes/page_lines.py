"""A page as lines that know where they stand, and the tokens of its code blocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from aiobotantic_codegen.errors import PageError

WHOLE_PAGE = "save the whole page again from where it comes, and parse that"

TOKEN = re.compile(
    r"""
    (?P<bytes>b'[^']*')
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<dots>\.\.\.)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][\w.$-]*)
    |(?P<mark>[{}\[\]():,=|])
    |(?P<space>\s+)
    """,
    re.VERBOSE | re.ASCII,
)
OPENS, CLOSES = "([{", ")]}"
BULLET = re.compile(r"^[\u2022\u25e6\u25aa\u2023\u25cf*\u00b7](?:\s+|$)")


# What stands in the place of a long documentation, as a part of the code block above it.
LEFT_OUT = (
    "# This section is too large to render.",
    "# Please see the AWS API Documentation linked below.",
    "::",
    "`AWS API Documentation <",
    "**Response Structure**",
    "**Parameters**",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its margins, and its number in the file."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a code block: `sort` is the group of TOKEN that it matches, `line` an index."""

    sort: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a page that say something, in order.

    Args:
        place: The name of the page in errors.
        lines: The lines; none is blank.
    """

    place: str
    lines: Sequence[Line]

    @classmethod
    def of_text(cls, text: str, place: str) -> Lines:
        """Return the lines of plain text; the bullets of lists fall away."""
        rows = enumerate(text.split("\n"), 1)
        lines = [Line(BULLET.sub("", row.strip(), count=1), number) for number, row in rows]
        return cls(place, [line for line in lines if line.text])

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, index: int) -> str:
        """Return a line, `""` behind the last."""
        return self.lines[index].text if index < len(self.lines) else ""

    def fail(self, index: int, problem: str, remedy: str = WHOLE_PAGE) -> NoReturn:
        """Raise an error that names the line; behind the last line the page is cut."""
        raise self.error(index, problem, remedy)

    def error(self, index: int, problem: str, remedy: str = WHOLE_PAGE) -> PageError:
        """Make that error."""
        if not self.lines:
            return PageError(self.place, "line 1", "the page is empty", remedy)
        if index >= len(self.lines):
            last = self.lines[-1].number
            return PageError(
                self.place, f"line {last}", f"the page ends here, but {problem}", remedy
            )
        line = self.lines[index]
        if strange := unusual(line.text):
            problem += f"; the line holds {strange}, which AWS's names and code never do"
        return PageError(self.place, f"line {line.number}", problem, remedy)

    def block(self, start: int, skip: int = 0) -> tuple[list[Token], int]:
        """Return the tokens of a bracketed block and the index behind its last line.

        Args:
            start: The line that the block begins on.
            skip: How many characters of that line to leave out.
        """
        tokens: list[Token] = []
        open_marks: list[str] = []
        for index in range(start, len(self)):
            text = self.text(index)
            position = skip if index == start else 0
            while position < len(text):
                match = TOKEN.match(text, position)
                if match is None:
                    self.fail(index, f"{text[position:position + 20]!r} is no part of a code block")
                position = match.end()
                sort = str(match.lastgroup)
                if sort == "space":
                    continue
                if not match[0].isascii():
                    self.fail(index, f"{match[0]} is no name or value of AWS's")
                tokens.append(Token(sort, match[0], index))
                if sort == "mark" and match[0] in OPENS:
                    open_marks.append(match[0])
                elif sort == "mark" and match[0] in CLOSES:
                    if not open_marks or OPENS.index(open_marks.pop()) != CLOSES.index(match[0]):
                        self.fail(index, f"a {match[0]} closes what no bracket of its kind opened")
                    if not open_marks:
                        if text[position:].strip() and LEFT_OUT[0] not in text[position:]:
                            self.fail(index, f"{text[position:][:20]!r} stands behind a code block")
                        return tokens, index + 1
        line = self.lines[start].number
        self.fail(len(self), f"the code block of line {line} has no end")

    def left_out(self, index: int) -> int:
        """Return the index behind `This section is too large to render`; 0 if it is not here."""
        end, found = index, index > 0 and LEFT_OUT[0] in self.text(index - 1)
        while self.text(end).startswith(LEFT_OUT):
            found |= LEFT_OUT[0] in self.text(end)
            end += 1
        return end if found else 0


def unusual(text: str) -> str:
    """Name the first typographic dash, quote or space of a text, `""` if there is none."""
    for character in text:
        category = unicodedata.category(character)
        if not character.isascii() and category in {"Pd", "Pi", "Pf", "Ps", "Pe", "Cf", "Sk", "Lm"}:
            return f"U+{ord(character):04X} ({unicodedata.name(character, 'unnamed').lower()})"
        if character in "\u2212\u2032\u2033\u2043":
            return f"U+{ord(character):04X} ({unicodedata.name(character).lower()})"
    return ""


class Cursor:
    """Reads tokens one by one; an unexpected one is an error with its line."""

    def __init__(self, lines: Lines, tokens: Sequence[Token]) -> None:
        self._lines, self._tokens, self._next = lines, tokens, 0

    @property
    def text(self) -> str:
        """The next token's text, `""` behind the last."""
        return self._tokens[self._next].text if self._next < len(self._tokens) else ""

    @property
    def sort(self) -> str:
        """The next token's sort, `""` behind the last."""
        return self._tokens[self._next].sort if self._next < len(self._tokens) else ""

    def is_next(self, *texts: str) -> bool:
        """Say whether the next tokens are these."""
        ahead = self._tokens[self._next : self._next + len(texts)]
        return [token.text for token in ahead] == list(texts)

    def take(self, *texts: str) -> bool:
        """Read these tokens if they come next."""
        if found := self.is_next(*texts):
            self._next += len(texts)
        return found

    def read(self) -> Token:
        """Read one token, of any sort."""
        if self._next >= len(self._tokens):
            self.fail("the code block ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def expect(self, text: str) -> None:
        """Read one token that must be this."""
        if not self.take(text):
            self.fail(f"expected {text!r}, found {self.text or 'the end of the block'!r}")

    def fail(self, problem: str) -> NoReturn:
        """Raise an error at the next token."""
        place = min(self._next, len(self._tokens) - 1)
        self._lines.fail(self._tokens[place].line, problem)
