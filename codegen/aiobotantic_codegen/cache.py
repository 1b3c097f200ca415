"""Where the generator keeps what it can make again: outside the repository."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

_MONTH = 30 * 24 * 3600
_MOST_KEYS = 500  # SQLite limits the parameters of a statement
_LIBRARIES = ("black", "botocore", "jinja2", "pydantic")


def cache_folder() -> Path:
    """Return `$XDG_CACHE_HOME/aiobotantic`, by default `~/.cache/aiobotantic`."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "aiobotantic"


def add_folder(digest: HASH, folder: Path) -> None:
    """Add the names and contents of the files below a folder; records of changes are no input."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and path.suffix != ".pyc" and inside.parts[0] != "changes":
            digest.update(f"\n{inside}\n".encode())
            digest.update(path.read_bytes())


@cache
def generator_digest() -> str:
    """Return a digest of the generator's own files and of what it stands on."""
    digest = sha256(f"{sys.version} {[version(each) for each in _LIBRARIES]}".encode())
    add_folder(digest, Path(__file__).parent)
    return digest.hexdigest()


class TextCache:
    """Texts by key in one SQLite file; those that no run asked for in a month are removed.

    A cache that cannot be read or written is an empty one: it costs time, never a run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the texts of those keys that are there."""
        found: dict[str, str] = {}
        with self._forgiving(), self._database() as database:
            for at in range(0, len(keys), _MOST_KEYS):
                some = keys[at : at + _MOST_KEYS]
                marks = ",".join("?" * len(some))
                found.update(
                    database.execute(f"SELECT key, text FROM texts WHERE key IN ({marks})", some)
                )
        return found

    def put(self, texts: Mapping[str, str], used: Sequence[str]) -> None:
        """Add texts, and remember that `used` keys were asked for."""
        now = int(time.time())
        with self._forgiving(), self._database() as database:
            rows = [(key, text, now) for key, text in texts.items()]
            database.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", rows)
            database.executemany(
                "UPDATE texts SET used = ? WHERE key = ?", [(now, key) for key in used]
            )
            database.execute("DELETE FROM texts WHERE used < ?", (now - _MONTH,))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=10)) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text TEXT, used INT)"
            )
            yield database

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError):
            return
        except sqlite3.DatabaseError:  # no database, or a damaged one
            with suppress(OSError):
                self.path.unlink()
