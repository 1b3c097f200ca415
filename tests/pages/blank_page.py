"""Leaves of a page of API changes, in text, only what is a fact; each line stays where it is.

    python tests/pages/blank_page.py PAGE > tests/pages/NAME.txt

Prose, which is AWS's, becomes `...`, and the sentence behind `Changes` one of ours. What counts as
a fact is said here once more, apart from the parser, which these pages test.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

FACTS = re.compile(
    r"\d{4}/\d\d/\d\d - .* api methods"
    r"|\w+ \((new|updated)\) Link \u00b6"
    r"|Changes \([a-z, ]+\)"
    r"|(Request Syntax|Response Syntax|Response Structure|See also: AWS API Documentation)"
    r"|\[REQUIRED\]"
    r"|(string|integer|float|boolean|datetime|list|dict|bytes|None)"
    r"|(type|param) \w+:?|(rtype|returns):?"
)
CODE = ("{", "client.")
MARKER = re.compile(
    r"((\w+ )?\((string|integer|float|boolean|datetime|list|dict|bytes)\) --( \[REQUIRED\])?).*"
)


def blank(line: str) -> str:
    """Return the line, or what is a fact of it."""
    if FACTS.fullmatch(line) or line.startswith(CODE) or not line:
        return line
    if line.startswith("Changes "):
        return "Changes Some values are new."
    marker = MARKER.fullmatch(line)
    return marker[1] if marker else "..."


def blank_page(text: str) -> str:
    """Return the page with its prose blanked."""
    return "\n".join(map(blank, text.split("\n")))


if __name__ == "__main__":
    sys.stdout.write(blank_page(Path(sys.argv[1]).read_text("utf-8")))
