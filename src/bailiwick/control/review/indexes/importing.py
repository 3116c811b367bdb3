"""Imports of dumps of the organisation's index: they become a new copy in the place of the old one.

An import says all that an index has of an ecosystem, so that other names are unknown; one that only adds to the copy
says nothing of names that it does not have.
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bailiwick.control.review.exports import Tally, Terms, digest, records, replacing
from bailiwick.control.review.indexes import store
from bailiwick.control.review.indexes.formats import NoPackageError, read
from bailiwick.control.review.indexes.model import (
    STATUSES,
    IndexSource,
    IndexUnusableError,
    Listed,
    NoDumpError,
    Release,
)

_TERMS = Terms(
    NoDumpError,
    store.GIVE,
    max_record_bytes=64 * 2**20,
    max_records=5_000_000,
    max_bytes=32 * 2**30,
    lines=True,
)
# Of so many records in a hundred one may be unreadable; with more the file is not what it should be.
_MOST_UNREADABLE = 0.01


@dataclass(frozen=True, slots=True)
class IndexImported:
    """What an import brought: the copy's sources now, and how many packages were taken and records unreadable."""

    sources: tuple[IndexSource, ...]
    taken: int
    unreadable: int


@dataclass
class _Count(Tally):
    made: datetime | None = None
    files: dict[str, dict[str, str]] = field(default_factory=dict)


def import_index(
    dumps: Sequence[Path], copy: Path, now: datetime, *, adds: bool = False, made: datetime | None = None
) -> IndexImported:
    """Make a copy of an index from dumps in the place of `copy`; nothing changes when something is wrong with them.

    `made` is when they were taken, where they do not say it themselves and it is not now. With `adds` they add to what
    is there, package by package; else they are all that the index has of their ecosystems. Raises `NoDumpError`:
    no file, too much of it, too many records that cannot be read, or none.
    """
    with replacing(copy) as new:
        connection = sqlite3.connect(new.absolute().as_uri(), uri=True)
        try:
            connection.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {store.SCHEMA}")
            connection.execute("INSERT INTO meta VALUES ('format', ?)", (store.FORMAT,))
            return _fill(connection, dumps, copy, (made or now, now), adds=adds)
        finally:
            connection.close()


def _fill(
    connection: sqlite3.Connection, dumps: Sequence[Path], old: Path, times: tuple[datetime, datetime], *, adds: bool
) -> IndexImported:
    count = _Count()
    for dump in dumps:
        _take(connection, dump, count)
    taken = int(connection.execute("SELECT count(*) FROM package").fetchone()[0])
    if len(count.unreadable) > count.records * _MOST_UNREADABLE:
        raise NoDumpError(
            f"{len(count.unreadable):,} of {count.records:,} records cannot be read, the first {count.unreadable[0]}",
            hint="mend the dump; the copy that was there stays",
        )
    if not taken:
        raise NoDumpError("there is no package in what was given", hint=store.GIVE)
    before = _sources_of(old)
    for ecosystem in count.files:
        source = _source(ecosystem, count, times, whole=not adds)
        _write(connection, _joined(source, before[ecosystem]) if adds and ecosystem in before else source)
    _take_over(connection, old, before, adds=adds)
    connection.commit()
    return IndexImported(store.KnownIndex(connection).sources, taken, len(count.unreadable))


def _take(connection: sqlite3.Connection, dump: Path, count: _Count) -> None:
    sha256 = digest(dump)
    known = store.KnownIndex(connection)
    for name, content in records(dump, _TERMS, count):
        try:
            said = read(json.loads(content))
        except (NoPackageError, ValueError, RecursionError) as fault:
            count.skip(name, str(fault))
            continue
        if said.made is not None:
            count.made = max(count.made or said.made, said.made)
        for listed in said.packages:
            before = known.about(listed.ecosystem, listed.name)
            merged = merge(before, listed) if before else listed
            connection.execute(store.INSERT, store.row(merged))
            count.files.setdefault(listed.ecosystem, {})[dump.name] = sha256


def merge(one: Listed, other: Listed) -> Listed:
    """Return what two records of one import say of a package: each knows what the other may not."""
    releases = dict(one.releases)
    for version, item in other.releases.items():
        known = releases.get(version, item)
        days = [day for day in (known.released, item.released) if day]
        releases[version] = Release(
            min(days, default=None), item.licence or known.licence, item.withdrawn or known.withdrawn,
            item.deprecated or known.deprecated,
        )  # fmt: skip
    worst = max((one, other), key=lambda item: STATUSES.index(item.status))
    licence = other.licence or one.licence
    return replace(other, releases=releases, licence=licence, status=worst.status, reason=worst.reason)


def _source(ecosystem: str, count: _Count, times: tuple[datetime, datetime], *, whole: bool) -> IndexSource:
    files = count.files[ecosystem]
    made, now = (item.astimezone(UTC) for item in times)
    # A copy is as old as somebody says; packages may be old in one that is of today.
    made = min(count.made or made, now)
    return IndexSource(ecosystem, 0, 0, made, now, ", ".join(files), _one(list(files.values())), whole)


def _joined(added: IndexSource, before: IndexSource) -> IndexSource:
    """Return the source of a copy that was added to: as old as what was there at first, and as whole."""
    sha256 = _one([before.sha256, added.sha256])
    return replace(added, made=min(added.made, before.made), sha256=sha256, whole=before.whole)


def _one(digests: Sequence[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _write(connection: sqlite3.Connection, source: IndexSource) -> None:
    values = (source.made.isoformat(), source.imported.isoformat(), source.file, source.sha256, int(source.whole))
    connection.execute("INSERT INTO source VALUES (?, 0, 0, ?, ?, ?, ?, ?)", (source.ecosystem, *values))


def _sources_of(old: Path) -> dict[str, IndexSource]:
    """Return the sources of the old copy; an unusable one is left behind."""
    if not old.exists():
        return {}
    try:
        with store.open_index(old) as known:
            return {source.ecosystem: source for source in known.sources}
    except IndexUnusableError:
        return {}


def _take_over(connection: sqlite3.Connection, old: Path, before: dict[str, IndexSource], *, adds: bool) -> None:
    """Take over from the old copy what the import did not bring: ecosystems, and packages of an addition."""
    brought = {row[0] for row in connection.execute("SELECT ecosystem FROM source")}
    kept = [name for name in before if adds or name not in brought]
    connection.commit()
    if kept:
        connection.execute("ATTACH DATABASE ? AS old", (f"{old.absolute().as_uri()}?mode=ro",))
    for name in kept:
        connection.execute("INSERT OR IGNORE INTO package SELECT * FROM old.package WHERE ecosystem = ?", (name,))
        if name not in brought:
            _write(connection, before[name])
    counted = "SELECT ecosystem, count(*), sum(versions) FROM package GROUP BY 1"
    for ecosystem, packages, versions in connection.execute(counted).fetchall():
        numbers = (packages, versions, ecosystem)
        connection.execute("UPDATE source SET packages = ?, versions = ? WHERE ecosystem = ?", numbers)
    connection.commit()
