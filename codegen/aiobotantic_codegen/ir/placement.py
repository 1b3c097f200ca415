"""Where things live: the family of each operation, and the file of each shape.

A family is a resource noun (`notebook_instance`). A shape that one family reaches lives in that
family's file; those that the same few families share live in a file named after them, or after one
of the shapes; what many families share in `common`. A file imports only from files whose set of
families contains its own, so there are no cycles, and the first use of a family loads little else.
"""

from __future__ import annotations

import keyword
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from botocore import xform_name

from aiobotantic_codegen.ir.names import FamilyName, singular

COMMON = "common"
_FEWEST_VERBS = 2
_MOST_FAMILIES = 3
_FEWEST_SHAPES = 4
_MANY_FAMILIES = 10


def families(operations: Iterable[str], overrides: Mapping[str, str]) -> dict[str, FamilyName]:
    """Return the family of each operation.

    A noun that two verbs take is a resource (`CreateModel`, `ListModels`). An operation on another
    noun belongs to the longest resource that its noun begins with, else contains
    (`CreatePresignedNotebookInstanceUrl`); without one its noun is a family of its own.
    """
    nouns = {name: noun_of(name) for name in operations}
    verbs = Counter(nouns.values())
    resources = [noun for noun, count in verbs.items() if count >= _FEWEST_VERBS]
    found: dict[str, FamilyName] = {}
    for name, noun in nouns.items():
        home = noun if noun in resources else _home(noun, resources) or noun
        family = overrides.get(name) or "_".join(home)
        found[name] = FamilyName(f"{family}_" if _is_reserved(family) else family)
    return found


def _is_reserved(family: str) -> bool:
    return keyword.iskeyword(family) or family == COMMON or family.startswith(f"{COMMON}_")


def noun_of(operation: str) -> tuple[str, ...]:
    """Return the words of what an operation acts on: `CreateHubContent` is `hub`, `content`."""
    words = xform_name(operation).split("_")
    if len(words) > 2 and words[0] == "batch":
        words = words[1:]
    return tuple(singular(word) for word in words[1:] or words)


def _home(noun: tuple[str, ...], resources: list[tuple[str, ...]]) -> tuple[str, ...] | None:
    begins = [r for r in resources if noun[: len(r)] == r]
    contains = [r for r in resources if _contains(noun, r)]
    return max(begins or contains, key=len, default=None)


def _contains(words: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(words[at : at + len(part)] == part for at in range(len(words) - len(part) + 1))


def places(
    reached_by: Mapping[str, frozenset[str]], references: Callable[[str], Iterable[str]]
) -> dict[str, str]:
    """Return the file of each shape, by the families that reach it and the shapes it mentions."""
    clusters: dict[frozenset[str], list[str]] = defaultdict(list)
    for shape, reaching in sorted(reached_by.items()):
        clusters[reaching].append(shape)
    everyone = frozenset[str]().union(*clusters)
    files: dict[str, str] = {}
    taken: set[str] = set()
    for reaching, shapes in clusters.items():
        home = "_and_".join(sorted(reaching))
        few = len(reaching) <= _MOST_FAMILIES and len(shapes) >= _FEWEST_SHAPES
        if len(reaching) >= _MANY_FAMILIES:
            home = COMMON
        elif len(reaching) != 1 and (not few or home in everyone):
            home = _named_after(shapes, references, taken)
            taken.add(home)
        files.update(dict.fromkeys(shapes, home))
    return files


def _named_after(
    shapes: list[str], references: Callable[[str], Iterable[str]], taken: set[str]
) -> str:
    """Return a file's name: after the first shape that no other of them mentions."""
    mentioned = {name for shape in shapes for name in references(shape) if name != shape}
    roots = sorted(shapes, key=lambda shape: shape in mentioned)
    names = [f"{COMMON}_{xform_name(shape)}" for shape in roots]
    return next((name for name in names if name not in taken), f"{names[0]}_{len(taken)}")


def dependency_order(
    shapes: Iterable[str], references: Callable[[str], Iterable[str]]
) -> tuple[str, ...]:
    """Return the shapes so that each stands below those that it mentions, recursion aside."""
    wanted = dict.fromkeys(shapes)
    done: dict[str, None] = {}
    for root in wanted:
        visiting = [(root, iter(list(references(root))))]
        entered = {root}
        while visiting:
            shape, rest = visiting[-1]
            for mentioned in rest:
                if mentioned in wanted and mentioned not in done and mentioned not in entered:
                    entered.add(mentioned)
                    visiting.append((mentioned, iter(list(references(mentioned)))))
                    break
            else:
                visiting.pop()
                done.setdefault(shape)
    return tuple(done)
