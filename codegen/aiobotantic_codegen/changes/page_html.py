"""The HTML of a page of API changes, as the lines that a reader sees."""

from __future__ import annotations

from html.parser import HTMLParser

from aiobotantic_codegen.changes.page_lines import WHOLE_PAGE, Line, Lines
from aiobotantic_codegen.errors import PageError

UNSEEN = {"script", "style", "head", "template"}
INLINE = {"a", "b", "i", "em", "strong", "span", "code", "tt", "cite", "small", "sup", "sub", "img"}
PAIRED = {"details", "pre", "dl", "ul", "body", "html"}


def is_html(text: str) -> bool:
    """Say whether a page is HTML rather than text."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def lines_of_html(text: str, place: str) -> Lines:
    """Return the lines of HTML: one for each block, and those of `<pre>` as they stand."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_line()
    if reader.open:
        tag, number = reader.open[-1]
        last = text.count("\n") + 1
        problem = f"the page ends here, but the <{tag}> of line {number} is still open"
        raise PageError(place, f"line {last}", problem, WHOLE_PAGE)
    return Lines(place, reader.lines)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self.open: list[tuple[str, int]] = []
        self._parts: list[str] = []
        self._number = 1
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.end_line()
        if tag in UNSEEN:
            self._unseen += 1
        if tag in PAIRED:
            self.open.append((tag, self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.end_line()
        if tag in UNSEEN and self._unseen:
            self._unseen -= 1
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._in_pre:
            first = self.getpos()[0]
            for number, row in enumerate(data.split("\n"), first):
                if number > first:
                    self.end_line()
                self._add(row, number)
        else:
            self._add(data, self.getpos()[0])

    def _add(self, text: str, number: int) -> None:
        if not "".join(self._parts).strip():
            self._number = number + text[: len(text) - len(text.lstrip())].count("\n")
        self._parts.append(text)

    @property
    def _in_pre(self) -> bool:
        return any(tag == "pre" for tag, _ in self.open)

    def end_line(self) -> None:
        """Close the line that stands open; a blank one counts as none."""
        text = "".join(self._parts).strip()
        if not self._in_pre:
            text = " ".join(text.split())
        if text:
            self.lines.append(Line(text, self._number))
        self._parts = []
