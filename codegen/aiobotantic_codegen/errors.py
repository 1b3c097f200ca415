"""What the generator raises.

GeneratorError
├── SpecError        a spec, an override or a table breaks a rule
├── NameCollision    two things of a spec would get one name
├── RenderError      the output cannot be written as text or as a path
├── StaleOutput      the written output differs from what the specs say
├── WriteError       the output tree cannot be replaced
├── SyncError        a source of API facts cannot be read
├── PageError        a page of API changes is cut, garbled or contradicts itself
└── UpdateError      what an update made does not work
"""

from __future__ import annotations

from pathlib import Path


class GeneratorError(Exception):
    """An error that a person can act on: where, what, and the way out.

    Args:
        file: The file, or another name of the input, that is at fault.
        pointer: JSON pointer (RFC 6901) to the place in the file; empty for the whole file.
        problem: What is wrong, without a full stop.
        remedy: What to do about it.
    """

    def __init__(self, file: str | Path, pointer: str, problem: str, remedy: str) -> None:
        super().__init__(str(file), pointer, problem, remedy)
        self.file = str(file)
        self.pointer = pointer
        self.problem = problem
        self.remedy = remedy

    @property
    def place(self) -> str:
        """File and pointer."""
        return f"{self.file}#{self.pointer}" if self.pointer else self.file

    def __str__(self) -> str:
        lines = [*self.problem.split("\n"), *self.remedy.split("\n")]
        told = [_short(printable(line.strip())) for line in lines]
        return f"{_short(printable(self.place))}: " + "\n  ".join(filter(None, told))


class SpecError(GeneratorError):
    """A spec, an override or a table breaks a rule."""


class NameCollision(GeneratorError):  # noqa: N818
    """Two things of a spec would get one name, in Python or on the wire; the problem names both."""


class RenderError(GeneratorError):
    """The output cannot be written as text or as a path."""


class StaleOutput(GeneratorError):  # noqa: N818
    """The written output differs from what the specs say; the problem lists the files."""


class WriteError(GeneratorError):
    """The output tree cannot be replaced."""


class SyncError(GeneratorError):
    """A source of API facts cannot be read."""


class UpdateError(GeneratorError):
    """What an update made does not work; nothing was replaced."""


class PageError(GeneratorError):
    """A page of API changes is cut, garbled or contradicts itself; the pointer is `line N`."""

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{self.file}, {self.pointer}" if self.pointer else self.file


def _short(text: str) -> str:
    most = 2000
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def printable(text: str) -> str:
    """Return a text that no terminal acts on, and that every encoding can write.

    Names and values of specs and pages are anything; what cannot be seen is escaped.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def json_pointer(*parts: str | int) -> str:
    """Join keys and indexes to a JSON pointer (RFC 6901), `""` for none."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
