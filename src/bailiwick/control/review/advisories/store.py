"""The advisory database: one SQLite file, made by an import and never changed after, opened read-only."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from bailiwick.control.review.advisories.model import AdvisoriesError, Advisory, Range, Source

FORMAT = "1"
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE source (ecosystem TEXT PRIMARY KEY, advisories INTEGER NOT NULL, newest TEXT NOT NULL,
                     imported TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE advisory (ecosystem TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, aliases TEXT NOT NULL,
                       summary TEXT NOT NULL, level TEXT NOT NULL, malicious INTEGER NOT NULL, ranges TEXT NOT NULL,
                       versions TEXT NOT NULL, PRIMARY KEY (ecosystem, name, id)) WITHOUT ROWID;
"""
INSERT = "INSERT OR REPLACE INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UNUSABLE = "import the exports again: bailiwick advisories import PyPI.zip npm.zip"


def row(advisory: Advisory) -> tuple[object, ...]:
    """Return an advisory as the database keeps it."""
    ranges = json.dumps([[found.type, found.events] for found in advisory.ranges], separators=(",", ":"))
    return (
        advisory.ecosystem, advisory.name, advisory.id, json.dumps(advisory.aliases), advisory.summary, advisory.level,
        int(advisory.malicious), ranges, json.dumps(advisory.versions, separators=(",", ":")),
    )  # fmt: skip


class Advisories:
    """An advisory database to ask. Close it after use, or use it in a `with`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> "Advisories":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the database was made from, by ecosystem."""
        found = self._rows("SELECT ecosystem, advisories, newest, imported, file, sha256 FROM source ORDER BY 1", ())
        return tuple(
            Source(ecosystem, count, datetime.fromisoformat(newest), datetime.fromisoformat(imported), file, digest)
            for ecosystem, count, newest, imported, file, digest in found
        )

    def about(self, ecosystem: str, name: str) -> tuple[Advisory, ...]:
        """Return the advisories on a package, whichever its version; the name as its index writes it."""
        query = "SELECT * FROM advisory WHERE ecosystem = ? AND name = ? ORDER BY id"
        return tuple(_advisory(found) for found in self._rows(query, (ecosystem, name)))

    def _rows(self, query: str, values: Iterable[object]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as fault:
            raise AdvisoriesError(f"the advisory database cannot be read: {fault}", hint=_UNUSABLE) from None


def _advisory(found: tuple[Any, ...]) -> Advisory:
    ecosystem, name, identity, aliases, summary, level, malicious, ranges, versions = found
    return Advisory(
        id=str(identity),
        ecosystem=str(ecosystem),
        name=str(name),
        aliases=tuple(json.loads(str(aliases))),
        summary=str(summary),
        level=level,
        malicious=bool(malicious),
        ranges=tuple(Range(kind, tuple((what, at) for what, at in events)) for kind, events in json.loads(str(ranges))),
        versions=tuple(json.loads(str(versions))),
    )


def open_advisories(path: Path) -> Advisories:
    """Open a database; raise `AdvisoriesError` when there is none, or one that this version does not read."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    except sqlite3.Error as fault:
        raise AdvisoriesError(f"the advisory database {path} cannot be read: {fault}", hint=_UNUSABLE) from None
    if found is None or found[0] != FORMAT:
        connection.close()
        raise AdvisoriesError(f"the advisory database {path} is of another format", hint=_UNUSABLE)
    return Advisories(connection)
