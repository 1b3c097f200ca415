"""The readable account of the demonstration, and its list of what differs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table


class Account:
    """Prints what happens, and remembers what is not as it should be."""

    def __init__(self) -> None:
        self.console = Console(width=None if sys.stdout.isatty() else 110)
        self.started = time.perf_counter()
        self.checked = 0
        self.differences: list[str] = []

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}", align="left")

    def say(self, text: str) -> None:
        """Print a sentence."""
        self.console.print(escape(text))

    def show(self, code: str, language: str = "diff") -> None:
        """Print code or a diff."""
        self.console.print(Syntax(code.rstrip(), language, background_color="default"))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table."""
        table = Table(*columns, title=escape(title), title_justify="left", header_style="bold")
        for row in rows:
            table.add_row(*(escape(str(cell)) for cell in row))
        self.console.print(table)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Check a fact: print it, and remember it where it differs."""
        self.checked += 1
        if found == wanted:
            self.console.print(f"[green]✓[/] {escape(what)}")
            return
        self.differences.append(what)
        self.console.print(f"[red]✗ {escape(what)}[/]: {escape(f'{found!r}, not {wanted!r}')}")

    def close(self) -> int:
        """Print the verdict, and return the exit code."""
        seconds = time.perf_counter() - self.started
        self.console.print()
        if self.differences:
            self.console.print(f"[bold red]{len(self.differences)} of {self.checked} checks differ")
            return 1
        self.console.print(f"[bold green]All {self.checked} checks hold[/], in {seconds:.1f} s.")
        return 0
