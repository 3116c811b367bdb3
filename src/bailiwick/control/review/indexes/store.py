"""The copy of the index: one SQLite file, made by an import and never changed after, opened read-only."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bailiwick.control.review.indexes.model import IndexSource, IndexUnusableError, Listed, Release

FORMAT = "1"
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE source (ecosystem TEXT PRIMARY KEY, packages INTEGER NOT NULL, versions INTEGER NOT NULL,
                     made TEXT NOT NULL, imported TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
                     whole INTEGER NOT NULL);
CREATE TABLE package (ecosystem TEXT NOT NULL, name TEXT NOT NULL, licence TEXT NOT NULL, status TEXT NOT NULL,
                      reason TEXT NOT NULL, versions INTEGER NOT NULL, releases TEXT NOT NULL,
                      PRIMARY KEY (ecosystem, name)) WITHOUT ROWID;
"""
INSERT = "INSERT OR REPLACE INTO package VALUES (?, ?, ?, ?, ?, ?, ?)"
GIVE = "give JSON-lines files, or what the index's own JSON answers: bailiwick packages import-index FILE"


def row(listed: Listed) -> tuple[object, ...]:
    """Return a package as the copy keeps it."""
    releases = {
        version: [item.released.isoformat() if item.released else "", item.licence, item.withdrawn, item.deprecated]
        for version, item in listed.releases.items()
    }
    text = json.dumps(releases, separators=(",", ":"))
    return listed.ecosystem, listed.name, listed.licence, listed.status, listed.reason, len(releases), text


class KnownIndex:
    """A copy of an index to ask. Close it after use, or use it in a `with`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> "KnownIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def sources(self) -> tuple[IndexSource, ...]:
        """What the copy was made from, by ecosystem."""
        found = self._rows("SELECT * FROM source ORDER BY 1", ())
        return tuple(
            IndexSource(
                ecosystem, packages, versions, datetime.fromisoformat(made), datetime.fromisoformat(imported),
                file, digest, bool(whole),
            )
            for ecosystem, packages, versions, made, imported, file, digest, whole in found
        )  # fmt: skip

    def about(self, ecosystem: str, name: str) -> Listed | None:
        """Return what the index has of a package, its name as the index writes it; None when there is none."""
        query = "SELECT licence, status, reason, releases FROM package WHERE ecosystem = ? AND name = ?"
        for licence, status, reason, text in self._rows(query, (ecosystem, name)):
            releases = {version: _release(*said) for version, said in json.loads(str(text)).items()}
            return Listed(ecosystem, name, releases, licence, status, reason)
        return None

    def _rows(self, query: str, values: Iterable[object]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as fault:
            raise IndexUnusableError(f"the copy of the index cannot be read: {fault}", hint=GIVE) from None


def _release(released: str, licence: str, withdrawn: str, deprecated: str) -> Release:
    return Release(date.fromisoformat(released) if released else None, licence, withdrawn, deprecated)


def open_index(path: Path) -> KnownIndex:
    """Open a copy; raise `IndexUnusableError` when there is none, or one that this version does not read."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    except sqlite3.Error as fault:
        raise IndexUnusableError(f"the copy of the index {path} cannot be read: {fault}", hint=GIVE) from None
    if found is None or found[0] != FORMAT:
        connection.close()
        raise IndexUnusableError(f"the copy of the index {path} is of another format", hint=GIVE)
    return KnownIndex(connection)
