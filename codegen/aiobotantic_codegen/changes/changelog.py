"""The entry of a changelog in users' words, and the version that a change asks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from textwrap import wrap

from aiobotantic_codegen.changes.kinds import ChangeClass, Semver
from aiobotantic_codegen.changes.record import Difference
from aiobotantic_codegen.changes.text import statements, with_places
from aiobotantic_codegen.errors import WriteError

SECTION = "### API"
_UNSEEN = (ChangeClass.DOCS, ChangeClass.NONE)
_UNRELEASED = re.compile(r"^## \[?Unreleased\]?.*$", re.MULTILINE | re.IGNORECASE)
_RELEASE = re.compile(r"^## ", re.MULTILINE)
_VERSION_LINE = re.compile(r"""^(version\s*=\s*)(["'])([^"']*)\2""", re.MULTILINE)
_PROJECT = re.compile(r"^\[project\][ \t]*(?:#.*)?$", re.MULTILINE)
_TABLE = re.compile(r"^\[", re.MULTILINE)


def changelog_entry(differences: Iterable[Difference], version: str = "") -> str:
    """Return what users of the client should read: methods, arguments and values.

    Args:
        differences: What changed, by service.
        version: The package's version that has it; empty for none.
    """
    since = f"{version}: " if version else ""
    lines: list[str] = []
    for difference in differences:
        told = [s for s in statements(difference.entries) if s.change_class not in _UNSEEN]
        if told:
            lines.append(f"- {since}{difference.service}, {difference.new}, {difference.verdict}:")
            for statement in told:
                lines += _wrapped(f"  - {_marked(statement.change_class)}{with_places(statement)}.")
    return "".join(f"{line}\n" for line in lines)


def with_entry(changelog: str, entry: str, file: str) -> str:
    """Return a changelog with an entry under `Unreleased`, above those that are there.

    Raises:
        WriteError: The changelog has no `Unreleased`.
    """
    heading = _UNRELEASED.search(changelog)
    if heading is None:
        remedy = "Add the line `## [Unreleased]`, or name another file with --changelog."
        raise WriteError(file, "", "there is no heading `## [Unreleased]`", remedy)
    release = _RELEASE.search(changelog, heading.end())
    end = release.start() if release else len(changelog)
    section = re.compile(rf"^{SECTION}$\n*", re.MULTILINE).search(changelog, heading.end(), end)
    if section is None:
        head, tail = changelog[:end].rstrip("\n"), changelog[end:]
        return f"{head}\n\n{SECTION}\n\n{entry}{f'{chr(10)}{tail}' if tail else ''}"
    return f"{changelog[: section.end()]}{entry}{changelog[section.end() :]}"


def raised(version: str, semver: Semver) -> str:
    """Return the version that follows; while it begins with 0, a breaking change raises the minor.

    Raises:
        ValueError: It is not three numbers.
    """
    major, minor, patch = map(int, version.split("."))
    match semver:
        case Semver.MAJOR if major:
            return f"{major + 1}.0.0"
        case Semver.MAJOR | Semver.MINOR:
            return f"{major}.{minor + 1}.0"
        case Semver.PATCH:
            return f"{major}.{minor}.{patch + 1}"
        case Semver.NONE:
            return version


def with_version(pyproject: str, semver: Semver, file: str) -> tuple[str, str, str]:
    """Return a pyproject.toml whose version is raised, the old version and the new one.

    Raises:
        WriteError: It has no static version of three numbers.
    """
    remedy = "Set [project] version to three numbers, or name another file with --pyproject."
    try:
        old = tomllib.loads(pyproject)["project"]["version"]
        new = raised(old, semver)
        table = _PROJECT.search(pyproject)
        assert table is not None
        end = _TABLE.search(pyproject, table.end())
        line = _VERSION_LINE.search(pyproject, table.end(), end.start() if end else len(pyproject))
        assert line is not None and line[3] == old
    except tomllib.TOMLDecodeError as error:
        raise WriteError(file, "", f"not valid TOML: {error}", "Correct the file.") from None
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError):
        problem = "there is no static version of three numbers"
        raise WriteError(file, "/project/version", problem, remedy) from None
    return f"{pyproject[: line.start(3)]}{new}{pyproject[line.end(3) :]}", old, new


def _wrapped(line: str) -> list[str]:
    return wrap(line, 120, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _marked(change_class: ChangeClass) -> str:
    return "Breaking: " if change_class is ChangeClass.BREAKING else ""
