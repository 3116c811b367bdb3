"""Imports of OSV exports: zip files, folders or single records become a new database in the place of the old one.

An import brings whole ecosystems: of those it has, nothing of the old database stays; the others are taken over.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bailiwick.control.review.advisories import store
from bailiwick.control.review.advisories.model import AdvisoriesError, NoExportError, Source
from bailiwick.control.review.advisories.osv import NoRecordError, parsed
from bailiwick.control.review.exports import Tally, Terms, digest, records, replacing

_TERMS = Terms(
    NoExportError,
    "give zip files, folders or JSON files of OSV records: PyPI/all.zip and npm/all.zip of osv.dev",
    max_record_bytes=16 * 2**20,
    max_records=3_000_000,
    max_bytes=16 * 2**30,
)
_BATCH = 2000
# Of so many records in a hundred one may be unreadable; with more the file is not what it should be.
_MOST_UNREADABLE = 0.01


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: the database's sources now, and how many records were taken, withdrawn and unreadable."""

    sources: tuple[Source, ...]
    taken: int
    said_nothing: int
    unreadable: int


@dataclass
class _Count(Tally):
    said_nothing: int = 0
    newest: dict[str, datetime] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)


def import_advisories(exports: Sequence[Path], database: Path, now: datetime) -> Imported:
    """Make a database of OSV exports in the place of `database`; nothing changes when something is wrong with them.

    Raises `NoExportError`: no file, no zip, too much of it, too many records that cannot be read, or none at all.
    """
    with replacing(database) as new:
        return _fill(new, exports, database, now)


def _fill(new: Path, exports: Sequence[Path], old: Path, now: datetime) -> Imported:
    connection = sqlite3.connect(new.absolute().as_uri(), uri=True)
    try:
        connection.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {store.SCHEMA}")
        connection.execute("INSERT INTO meta VALUES ('format', ?)", (store.FORMAT,))
        count = _Count()
        for export in exports:
            _take(connection, export, count)
        taken = connection.execute("SELECT count(DISTINCT id) FROM advisory").fetchone()[0]
        _require_sound(count, taken)
        counts = dict(connection.execute("SELECT ecosystem, count(*) FROM advisory GROUP BY 1"))
        for ecosystem, number in counts.items():
            name, digest = count.files[ecosystem]
            newest = count.newest[ecosystem].isoformat()
            values = (ecosystem, number, newest, now.astimezone(UTC).isoformat(), name, digest)
            connection.execute("INSERT INTO source VALUES (?, ?, ?, ?, ?, ?)", values)
        _take_over(connection, old)
        connection.commit()
        sources = store.Advisories(connection).sources
    finally:
        connection.close()
    return Imported(sources, taken, count.said_nothing, len(count.unreadable))


def _require_sound(count: _Count, taken: int) -> None:
    if not taken:
        raise NoExportError(
            "there is no advisory on PyPI or npm packages in what was given",
            hint="give the exports of osv.dev: PyPI/all.zip and npm/all.zip",
        )
    if len(count.unreadable) > max(count.records * _MOST_UNREADABLE, 0):
        raise NoExportError(
            f"{len(count.unreadable):,} of {count.records:,} records cannot be read, the first {count.unreadable[0]}",
            hint="get the export again; the database that was there stays",
        )


def _take(connection: sqlite3.Connection, export: Path, count: _Count) -> None:
    batch: list[tuple[object, ...]] = []
    named = (export.name, digest(export))
    for name, content in records(export, _TERMS, count):
        try:
            modified, advisories = parsed(json.loads(content))
        except (NoRecordError, ValueError, RecursionError) as fault:
            count.skip(name, str(fault))
            continue
        count.said_nothing += not advisories
        for advisory in advisories:
            ecosystem = advisory.ecosystem
            count.newest[ecosystem] = max(count.newest.get(ecosystem, modified), modified)
            count.files.setdefault(ecosystem, named)
            batch.append(store.row(advisory))
        if len(batch) >= _BATCH:
            connection.executemany(store.INSERT, batch)
            batch.clear()
    connection.executemany(store.INSERT, batch)


def _take_over(connection: sqlite3.Connection, old: Path) -> None:
    """Take over the ecosystems of the old database that the import did not bring; an unusable one is left behind."""
    if not old.exists():
        return
    try:
        with store.open_advisories(old):
            pass
    except AdvisoriesError:
        return
    connection.commit()
    connection.execute("ATTACH DATABASE ? AS old", (f"{old.absolute().as_uri()}?mode=ro",))
    kept = "WHERE ecosystem NOT IN (SELECT ecosystem FROM main.source)"
    connection.execute(f"INSERT INTO main.advisory SELECT * FROM old.advisory {kept}")  # noqa: S608 - no value in it
    connection.execute(f"INSERT INTO main.source SELECT * FROM old.source {kept}")  # noqa: S608
    connection.commit()
    connection.execute("DETACH DATABASE old")
