"""The organisation's advisory database: imported by who may, audited, told of with its age."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from bailiwick.control.review.advisories import Imported, Source, import_advisories, open_advisories
from bailiwick.control.review.fact_file import FactFile, name_of
from bailiwick.control.review.index_service import IndexService
from bailiwick.control.review.model import Surroundings
from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity


@dataclass(frozen=True, slots=True)
class AdvisoryStatus:
    """What there is by ecosystem, and from how many days on it counts as stale; `required` says whether that blocks."""

    sources: tuple[Source, ...]
    stale_days: int
    required: bool
    now: datetime


class AdvisoryService:
    """Imports exports of advisories, and says what a review goes by."""

    def __init__(
        self, policy: PackagePolicy, index: IndexService, file: FactFile, runtimes: tuple[str, ...], clock: Clock
    ) -> None:
        self._policy = policy
        self._runtimes = runtimes
        self._index = index
        self._file = file
        self._clock = clock

    def name_of_advisories(self) -> str:
        """Return a name for what is known of packages: another one when other advisories are there, or they got old.

        What the organisation's index says of them is part of it.
        """
        advisories, copy = self._file.name(self._facts), self._index.name_of_copy()
        return name_of(f"{advisories}\n{copy}") if copy else advisories

    def name_of_policy(self) -> str:
        """Return a name for what the organisation says of packages."""
        return name_of("\n".join(f"{name} {_plain(value)}" for name, value in sorted(asdict(self._policy).items())))

    @property
    def folder(self) -> Path:
        """Where the database is; exports that come in may be put there until they are imported."""
        return self._file.path.parent

    def surroundings(self, app: str) -> Surroundings:
        """Return what a review of an app goes by now."""
        packages = self._policy.with_data(self._file.found, self._index.path_of_copy)
        return Surroundings(app=app, day=self._clock().date(), packages=packages, runtimes=self._runtimes)

    def require_import(self, identity: Identity) -> None:
        """Raise when somebody may not import advisories: asked before their export is read."""
        self._file.require_import(identity)

    def take(self, identity: Identity, exports: Sequence[Path]) -> Imported:
        """Import exports in the place of what there is of their ecosystems.

        Raises `NoExportError` when they are no sound exports; then nothing changes.
        """
        self.require_import(identity)
        imported = import_advisories(exports, self._file.path, self._clock())
        digests = {source.ecosystem: source.sha256 for source in imported.sources}
        self._file.note_import(identity, digests, taken=imported.taken, unreadable=imported.unreadable)
        return imported

    def status(self, identity: Identity) -> AdvisoryStatus:
        """Return what there is and how old it is."""
        self._file.require_read(identity)
        return AdvisoryStatus(self._sources(), self._policy.stale_days, self._policy.advisories_required, self._clock())

    def _sources(self) -> tuple[Source, ...]:
        if not self._file.found:
            return ()
        with open_advisories(self._file.path) as advisories:
            return advisories.sources

    def _facts(self, today: date) -> Iterable[str]:
        midnight = datetime.combine(today, time(), tzinfo=UTC)
        for source in self._sources():
            yield f"{source.ecosystem} {source.sha256} {(midnight - source.newest).days > self._policy.stale_days}"


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
