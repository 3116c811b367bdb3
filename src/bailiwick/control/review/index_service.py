"""The organisation's copy of its package index: imported by who may, audited, told of with its age."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from bailiwick.control.review.fact_file import FactFile
from bailiwick.control.review.indexes import IndexImported, IndexSource, import_index, open_index
from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What there is by ecosystem, and from how many days on it counts as stale."""

    sources: tuple[IndexSource, ...]
    stale_days: int
    now: datetime


class IndexService:
    """Imports copies of the index, and says what there is of it."""

    def __init__(self, policy: PackagePolicy, file: FactFile, clock: Clock) -> None:
        self._policy = policy
        self._file = file
        self._clock = clock

    @property
    def folder(self) -> Path:
        """Where the copy is; dumps that come in may be put there until they are imported."""
        return self._file.path.parent

    @property
    def path_of_copy(self) -> str:
        """Where the copy is; empty when none was ever imported."""
        return self._file.found

    def name_of_copy(self) -> str:
        """Return a name for what the copy says: another one when that changes, or it got old; empty without one."""
        return self._file.name(self._facts)

    def require_import(self, identity: Identity) -> None:
        """Raise when somebody may not import a copy: asked before their dump is read."""
        self._file.require_import(identity)

    def take(
        self, identity: Identity, dumps: Sequence[Path], *, adds: bool, made: datetime | None = None
    ) -> IndexImported:
        """Import dumps in the place of what there is of their ecosystems, or with `adds` beside it.

        `made` is when they were taken, where they do not say it.

        Raises `NoDumpError` when they are no sound dumps; then nothing changes.
        """
        self.require_import(identity)
        imported = import_index(dumps, self._file.path, self._clock(), adds=adds, made=made)
        digests = {source.ecosystem: source.sha256 for source in imported.sources}
        self._file.note_import(identity, digests, taken=imported.taken, unreadable=imported.unreadable, adds=adds)
        return imported

    def status(self, identity: Identity) -> IndexStatus:
        """Return what there is and how old it is."""
        self._file.require_read(identity)
        return IndexStatus(self._sources(), self._policy.index_stale_days, self._clock())

    def _sources(self) -> tuple[IndexSource, ...]:
        if not self._file.found:
            return ()
        with open_index(self._file.path) as index:
            return index.sources

    def _facts(self, today: date) -> Iterable[str]:
        most = self._policy.index_stale_days
        for source in self._sources():
            yield f"{source.ecosystem} {source.sha256} {source.whole} {(today - source.made.date()).days > most}"
