"""The organisation's advisory database: imported by who may, audited, told of with its age."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.review.advisories import Imported, Source, import_advisories, open_advisories
from bailiwick.control.review.model import Surroundings
from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity
from bailiwick.store import Store

FILE_NAME = "advisories.sqlite"


@dataclass(frozen=True, slots=True)
class AdvisoryStatus:
    """What there is by ecosystem, and from how many days on it counts as stale; `required` says whether that blocks."""

    sources: tuple[Source, ...]
    stale_days: int
    required: bool
    now: datetime


class AdvisoryService:
    """Keeps the advisory database in the state directory, and says what a review goes by."""

    def __init__(
        self, policy: PackagePolicy, state: Path, *, store: Store, audit: AuditLog, authorizer: Authorizer, clock: Clock
    ) -> None:
        self._policy = policy
        # A folder of its own: reviews read it in their sandbox, and of the state nothing else.
        folder = state / "advisories"
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        self._path = folder / FILE_NAME
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._clock = clock
        # Which file, on which day, and what it comes to: asked at every decision about a verdict.
        self._named: tuple[tuple[int, int, int, datetime], str] | None = None

    def name_of_advisories(self) -> str:
        """Return a name for what is known of packages: another one when other advisories are there, or they got old."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ""
        today = datetime.combine(self._clock().date(), time(), tzinfo=UTC)
        key = (found.st_ino, found.st_size, found.st_mtime_ns, today)
        if self._named is None or self._named[0] != key:
            with open_advisories(self._path) as advisories:
                facts = [
                    f"{it.ecosystem} {it.sha256} {(today - it.newest).days > self._policy.stale_days}"
                    for it in advisories.sources
                ]
            self._named = (key, _name("\n".join(sorted(facts))))
        return self._named[1]

    def name_of_policy(self) -> str:
        """Return a name for what the organisation says of packages."""
        return _name("\n".join(f"{name} {_plain(value)}" for name, value in sorted(asdict(self._policy).items())))

    @property
    def folder(self) -> Path:
        """Where the database is; exports that come in may be put there until they are imported."""
        return self._path.parent

    def surroundings(self, app: str) -> Surroundings:
        """Return what a review of an app goes by now."""
        found = str(self._path) if self._path.exists() else ""
        return Surroundings(app=app, day=self._clock().date(), packages=self._policy.with_advisories(found))

    def require_import(self, identity: Identity) -> None:
        """Raise when somebody may not import advisories: asked before their export is read."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "advisories.import", ORGANIZATION)

    def take(self, identity: Identity, exports: Sequence[Path]) -> Imported:
        """Import exports in the place of what there is of their ecosystems.

        Raises `AdvisoriesError` when they are no sound exports; then nothing changes.
        """
        self.require_import(identity)
        imported = import_advisories(exports, self._path, self._clock())
        with self._store.transaction() as session:
            # Once more: a large import takes its time.
            decision = self._authorizer.require(session, identity, "advisories.import", ORGANIZATION)
            self._audit.note(
                session,
                str(identity.principal),
                "advisories.imported",
                ORGANIZATION,
                deciders=tuple(decision.deciders),
                context={
                    "taken": imported.taken,
                    "unreadable": imported.unreadable,
                    **{f"{source.ecosystem}_sha256": source.sha256 for source in imported.sources},
                },
            )
        return imported

    def status(self, identity: Identity) -> AdvisoryStatus:
        """Return what there is and how old it is."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "advisories.read", ORGANIZATION)
        sources: tuple[Source, ...] = ()
        if self._path.exists():
            with open_advisories(self._path) as advisories:
                sources = advisories.sources
        return AdvisoryStatus(sources, self._policy.stale_days, self._policy.advisories_required, self._clock())


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
