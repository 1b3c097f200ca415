"""AWS's HTML as the text of docstrings: paragraphs, `code`, [links](url), `- ` lists, `Note:`.

Editors drop directives of reStructuredText, show the marks of bold and italics, and break the lines
of numbered lists, so none of them is written. The HTML is untrusted: what comes out is text, which
render.literals makes a literal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

_DEEPEST = 16
"""Lists, items and notes that are indented; what lies deeper stands with the deepest."""
_PARAGRAPHS = (
    {"address", "blockquote", "br", "caption", "center", "dd", "div", "fullname", "hr", "p", "para"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "section", "table", "tbody", "thead", "title", "tr"}
    | {"xhtml", "zonbook"}
)
_LISTS = frozenset(("dl", "ol", "ul"))
_NOTES = frozenset(("caution", "important", "note", "tip", "warning"))
_CODE = frozenset(("code", "filename", "kbd", "replaceable", "samp", "tt", "var"))
_PLAIN = (
    {"abbr", "b", "big", "body", "cite", "del", "em", "emphasis", "font", "function", "head"}
    | {"html", "i", "img", "ins", "link", "q", "s", "small", "span", "strong", "sub", "sup"}
    | {"td", "th", "u", "ulink"}
)
_UNSEEN = frozenset(("script", "style"))
_TYPOGRAPHY = {
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0x2013: "-",
    0x2014: "-",
    0x2022: "-",
    0x2026: "...",
}
"""Quotation marks, dashes, bullet and ellipsis, which would be escapes in source."""
_MARK = re.compile(r"[-*+>#|=.:_~]+|\d+[.)]")
"""Words that would mean something at the start of a line."""
_STOPS = frozenset(".,;:")
_ATTRIBUTES = r"""(?:[^<>"'=]|=\s*+(?:"[^<>"]*+"|'[^<>']*+'|[^\s<>"'=]*+(?=[\s>])))*+>"""
_NO_TAG = re.compile(rf"<(?!/?[A-Za-z]{_ATTRIBUTES}|!--[^<>]*-->|(?:\?|!(?!--|\[))[^<>]*+>)")
"""A `<` of what does not end before the next one: no tag, or one with a quote that stays open."""


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, a heading of a note, or lines of code.

    Attributes:
        indent: Columns that all its lines stand in.
        marker: What its first line begins with; the others stand below what follows it.
        words: What is never broken: words, code, links.
        lines: Lines of code, instead of words.
        heads: Whether the next block belongs to it.
    """

    words: tuple[str, ...]
    indent: int = 0
    marker: str = ""
    lines: tuple[str, ...] = ()
    heads: bool = False


def blocks(html: str) -> list[Block]:
    """Return the blocks of an HTML text; nothing where it says nothing."""
    if not html:  # nearly always, where docstrings say facts alone
        return []
    reader = _Reader()
    # The parser reads to the end of the text at each tag that does not end, and refuses marked
    # sections that it does not know; in prose both are text.
    reader.feed(_NO_TAG.sub("&lt;", html))
    reader.close()
    reader.end_block()
    return reader.blocks


def words(text: str) -> tuple[str, ...]:
    """Split a line of ours, whose code stands in backticks and is not broken."""
    found = _Words()
    for index, part in enumerate(text.split("`")):
        if index % 2:
            found.add_whole(f"`{part}`")
        else:
            found.add(part)
    return found.words


def with_facts(prose: Sequence[Block], facts: str) -> list[Block]:
    """Return prose with a line of facts after it: in its paragraph where it is a single one."""
    if not facts:
        return list(prose)
    if len(prose) == 1 and not (prose[0].marker or prose[0].indent or prose[0].lines):
        return [replace(prose[0], words=(*_ended(prose[0].words), *words(facts)))]
    return [*prose, Block(words(facts))]


def layout(prose: Iterable[Block], width: int, lead: int = 0) -> str:
    """Return the lines of blocks.

    Args:
        prose: the blocks.
        width: columns that a line may have; a word that is longer has a line of its own.
        lead: columns of the first line that are taken.
    """
    lines: list[str] = []
    before: Block | None = None
    for block in prose:
        if before is not None and not (before.heads or (before.marker and block.marker)):
            lines.append("")
        lines += _lines(block, width, 0 if lines else lead)
        before = block
    return "\n".join(lines)


def _lines(block: Block, width: int, lead: int) -> Iterator[str]:
    margin = " " * block.indent
    if block.lines:
        yield from (f"{margin}{line}" for line in ("```", *block.lines, "```"))
        return
    line = margin + block.marker
    margin += " " * len(block.marker)
    used, empty = lead + len(line), True
    for word in _glued(block.words):
        if not empty and used + 1 + _columns(word) > width:
            yield line
            line, used, empty = margin, len(margin), True
        line += word if empty else f" {word}"
        used += _columns(word) + (not empty)
        empty = False
    yield line


def _glued(words: Iterable[str]) -> list[str]:
    """Return what a line may begin with."""
    found: list[list[str]] = []
    for word in words:
        if found and _MARK.fullmatch(word):
            found[-1].append(word)
        else:
            found.append([word])
    return [" ".join(group) for group in found]


def _columns(word: str) -> int:
    """Return how wide a word is in source, where some characters are escapes."""
    plain = word.isascii() and word.isprintable() and "\\" not in word
    return len(word) if plain else len(ascii(word)) - 2


def _ended(sentence: Sequence[str]) -> Sequence[str]:
    """Return the words of a sentence with a full stop, where no mark ends it."""
    last = sentence[-1].rstrip("\"')")
    return sentence if last.endswith((".", "!", "?", ":")) else [*sentence[:-1], f"{sentence[-1]}."]


def _clean(text: str) -> str:
    """Return a text without what cannot be seen, and without what would open code."""
    text = text.translate(_TYPOGRAPHY).replace("`", "'")
    if text.isascii() and text.isprintable():
        return text
    kept = (" " if c.isspace() else c for c in text if c.isspace() or _is_seen(c))
    return "".join(kept)


def _is_seen(char: str) -> bool:
    return not unicodedata.category(char).startswith("C")


def _address(href: str) -> str:
    """Return an address that stands in `(...)`; an empty one for what is no page of the web."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return quote(href.strip(), safe="/:?#@!$&'*+,;=%~", errors="ignore")


class _Words:
    """Words as they come in: text between spaces, and pieces that are never broken."""

    def __init__(self) -> None:
        self._pieces: list[list[str]] = []
        self._open = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words so far; those that grow are joined here alone, once."""
        return tuple(map("".join, self._pieces))

    def end_term(self) -> bool:
        """End the last word with a colon; return whether there is one."""
        if self._pieces and not self._pieces[-1][-1].endswith(":"):
            self._pieces[-1].append(":")
        self.add(" ")
        return bool(self._pieces)

    def add(self, text: str) -> None:
        """Add text; where no space stands between, it goes on with the last word."""
        if not text:
            return
        self._open = self._open and not text[0].isspace()
        for word in text.split():
            self._open = self._open or word in _STOPS
            self.add_whole(word)
            self._open = False
        self._open = not text[-1].isspace()

    def add_whole(self, piece: str) -> None:
        """Add a piece that may hold spaces."""
        if self._open and self._pieces:
            self._pieces[-1].append(piece)
        else:
            self._pieces.append([piece])
        self._open = True


class _Container:
    """A list, an item or a note that is open, and what its first block begins with."""

    def __init__(self, tag: str, marker: str = "") -> None:
        self.tag = tag
        self.headless = tag in _NOTES
        self.marker = marker
        self.columns = 4 if self.headless else len(marker)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._words = _Words()
        self._open: list[_Container] = []
        self._run: list[str] = []
        self._code = 0
        self._href = ""
        self._linked: list[str] = []
        self._unseen = 0
        self._verbatim: list[str] | None = None
        self._term = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif self._verbatim is not None:
            return
        elif tag in _CODE:
            self._end_run()
            self._code += 1
        elif tag == "a":
            self._end_link()
            self._href = _address(dict(attrs).get("href") or "")
        elif tag in ("td", "th"):
            self._run.append(" ")
        elif tag in _PLAIN:
            return
        elif tag in _PARAGRAPHS:
            if not self._term:
                self.end_block()
        elif tag in _LISTS or tag in _NOTES:
            self.end_block()
            self._enter(_Container(tag))
        elif tag in ("li", "dt"):
            self.end_block()
            self._leave("li", "dt", within=_LISTS)
            self._enter(_Container(tag, "- "))
        elif tag == "pre":
            self.end_block()
            self._verbatim = []
        else:  # a placeholder that nobody escaped: arn:aws:s3:::<bucket>
            self.handle_data(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "pre":
            self._end_verbatim()
        elif self._verbatim is not None:
            return
        elif tag in _CODE:
            self._end_run()
            self._code = max(0, self._code - 1)
        elif tag == "a":
            self._end_link()
        elif tag == "dt":
            self._end_link()
            self._term = self._words.end_term()
        elif tag in _PARAGRAPHS:
            self.end_block()
        elif tag == "li" or tag in _LISTS or tag in _NOTES:
            self.end_block()
            self._leave(tag, within=_LISTS if tag == "li" else frozenset())

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._verbatim is not None:
            self._verbatim.append(data)
        else:
            self._run.append(data)
            self._term = self._term and not data.strip()

    def end_block(self) -> None:
        """End a paragraph."""
        self._end_verbatim()
        self._end_link()
        self._code = 0
        self._term = False
        text, self._words = self._words.words, _Words()
        if text:
            indent, marker = self._place()
            self.blocks.append(Block(text, indent, marker))

    def _end_verbatim(self) -> None:
        if self._verbatim is None:
            return
        text, self._verbatim = "".join(self._verbatim), None
        lines = [_clean(line.expandtabs(4)).rstrip() for line in text.strip("\n").split("\n")]
        if any(lines):
            indent, marker = self._place()
            self.blocks.append(Block((), indent + len(marker), lines=tuple(lines)))

    def _end_run(self) -> None:
        """Add what was read since the last tag as code, or as plain text."""
        run, self._run = _clean("".join(self._run)), []
        if not self._code or not run.strip():
            self._add(run)
            return
        before, after = run[: run.index(run.strip())], run[len(run.rstrip()) :]
        self._add(before)
        self._add(f"`{' '.join(run.split())}`", whole=True)
        self._add(after)

    def _add(self, text: str, *, whole: bool = False) -> None:
        if self._href:
            self._linked.append(text)
        elif whole:
            self._words.add_whole(text)
        else:
            self._words.add(text)

    def _end_link(self) -> None:
        self._end_run()
        href, self._href = self._href, ""
        raw, self._linked = "".join(self._linked), []
        text = " ".join(raw.split()).replace("[", "(").replace("]", ")")
        if not text:
            self._words.add(raw)
            return
        self._words.add(raw[: len(raw) - len(raw.lstrip())])
        self._words.add_whole(href if text == href else f"[{text}]({href})")
        self._words.add(raw[len(raw.rstrip()) :])

    def _place(self) -> tuple[int, str]:
        """Return where a block stands, and what it begins with; headings of notes come first."""
        indent, marker = 0, ""
        for container in self._open:
            if container.headless:
                self.blocks.append(Block(("Note:",), indent, marker, heads=True))
                container.headless = False
                indent += len(marker)
                marker = ""
            if container.marker:  # the marker of an item that begins with a list is not written
                indent += len(marker)
                marker, container.marker = container.marker, ""
            else:
                indent += container.columns
        return indent, marker

    def _enter(self, container: _Container) -> None:
        if len(self._open) < _DEEPEST:
            self._open.append(container)

    def _leave(self, *tags: str, within: frozenset[str]) -> None:
        """Leave the innermost open container of a tag, and those inside it."""
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place].tag in tags:
                del self._open[place:]
                return
            if self._open[place].tag in within:
                return
