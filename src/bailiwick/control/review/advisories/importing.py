"""Imports of OSV exports: zip files, folders or single records become a new database in the place of the old one.

An import brings whole ecosystems: of those it has, nothing of the old database stays; the others are taken over.
"""

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bailiwick.control.review.advisories import store
from bailiwick.control.review.advisories.model import AdvisoriesError, Source
from bailiwick.control.review.advisories.osv import NoRecordError, parsed

_MAX_RECORD_BYTES = 16 * 2**20
_MAX_RECORDS = 3_000_000
_MAX_BYTES = 16 * 2**30
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
class _Count:
    records: int = 0
    total_bytes: int = 0
    said_nothing: int = 0
    unreadable: list[str] = field(default_factory=list)
    newest: dict[str, datetime] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)


def import_advisories(exports: Sequence[Path], database: Path, now: datetime) -> Imported:
    """Make a database of OSV exports in the place of `database`; nothing changes when something is wrong with them.

    Raises `AdvisoriesError`: no file, no zip, too much of it, too many records that cannot be read, or none at all.
    """
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=database.parent, prefix=".advisories-")
    os.close(handle)
    new = Path(name)
    try:
        imported = _fill(new, exports, database, now)
        # Workers of reviews read it with a uid of their own; the folder is what keeps others away.
        new.chmod(0o644)
        new.replace(database)
    finally:
        new.unlink(missing_ok=True)
    return imported


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
    with new.open("rb") as written:
        os.fsync(written.fileno())
    return Imported(sources, taken, count.said_nothing, len(count.unreadable))


def _require_sound(count: _Count, taken: int) -> None:
    if not taken:
        raise AdvisoriesError(
            "there is no advisory on PyPI or npm packages in what was given",
            hint="give the exports of osv.dev: PyPI/all.zip and npm/all.zip",
        )
    if len(count.unreadable) > max(count.records * _MOST_UNREADABLE, 0):
        raise AdvisoriesError(
            f"{len(count.unreadable):,} of {count.records:,} records cannot be read, the first {count.unreadable[0]}",
            hint="get the export again; the database that was there stays",
        )


def _take(connection: sqlite3.Connection, export: Path, count: _Count) -> None:
    batch: list[tuple[object, ...]] = []
    digest = _digest(export) if export.is_file() else ""
    for name, content in _records(export, count):
        try:
            modified, advisories = parsed(json.loads(content))
        except (NoRecordError, ValueError, RecursionError) as fault:
            count.unreadable.append(f"{name[:80]}: {str(fault)[:80]}")
            continue
        count.said_nothing += not advisories
        for advisory in advisories:
            ecosystem = advisory.ecosystem
            count.newest[ecosystem] = max(count.newest.get(ecosystem, modified), modified)
            count.files.setdefault(ecosystem, (export.name, digest))
            batch.append(store.row(advisory))
        if len(batch) >= _BATCH:
            connection.executemany(store.INSERT, batch)
            batch.clear()
    connection.executemany(store.INSERT, batch)


def _records(export: Path, count: _Count) -> Iterator[tuple[str, bytes]]:
    for name, size, content in _raw(export):
        count.records += 1
        count.total_bytes += size
        if count.records > _MAX_RECORDS or count.total_bytes > _MAX_BYTES:
            raise AdvisoriesError(
                f"{export.name} holds more than {_MAX_RECORDS:,} records or {_MAX_BYTES // 2**30} GiB",
                hint="give the exports of single ecosystems: PyPI/all.zip and npm/all.zip",
            )
        if size > _MAX_RECORD_BYTES or content is None:
            count.unreadable.append(f"{name[:80]}: {size:,} bytes")
        else:
            yield name, content


def _raw(export: Path) -> Iterator[tuple[str, int, bytes | None]]:
    """Yield (name, bytes, content) of each record of an export; no content where it is too large to be one."""
    try:
        if export.is_dir():
            for path in sorted(export.rglob("*.json")):
                size = path.stat().st_size
                yield path.name, size, path.read_bytes() if size <= _MAX_RECORD_BYTES else None
        elif export.suffix == ".json":
            size = export.stat().st_size
            yield export.name, size, export.read_bytes() if size <= _MAX_RECORD_BYTES else None
        else:
            yield from _zipped(export)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as fault:
        words = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        hint = "give zip files, folders or JSON files of OSV records"
        raise AdvisoriesError(f"{export} cannot be read: {words}", hint=hint) from None


def _zipped(export: Path) -> Iterator[tuple[str, int, bytes | None]]:
    with zipfile.ZipFile(export) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".json"):
                if member.file_size > _MAX_RECORD_BYTES:
                    yield member.filename, member.file_size, None
                else:
                    # Never more than the size that the archive says: it may say less than there is.
                    with archive.open(member) as stream:
                        yield member.filename, member.file_size, stream.read(member.file_size + 1)


def _digest(export: Path) -> str:
    with export.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
