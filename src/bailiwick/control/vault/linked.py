"""Secrets that lie in a store of the company: where each does, which versions were seen, and values that are masked."""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault.entries import enter, is_stored
from bailiwick.control.vault.model import Environment, Held, Lies, SecretInfo
from bailiwick.control.vault.stores import Found, SecretStores, Spot
from bailiwick.control.vault.tables import SecretEntryRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, ConflictError
from bailiwick.core.events import ContextFact
from bailiwick.store import Store
from bailiwick.store.locks import hold

_BY = "service:vault"
_LONGEST_FAULT = 300
_LINKED = and_(SecretEntryRow.store != "", SecretEntryRow.leased.is_(False))
Check = Callable[[str], object]


class LinkedSecrets:
    """Values are in memory only; what was ever read is known for as long as the process lives, so that it is masked.

    `check` raises for what can be no value. `on_change` is called when planes must hear of a new version.
    """

    def __init__(self, store: Store, stores: SecretStores, audit: AuditLog, clock: Clock, check: Check) -> None:
        self.stores = stores
        self.on_change: Callable[[], None] = lambda: None
        self._store = store
        self._audit = audit
        self._clock = clock
        self._check = check
        self._known: dict[str, tuple[str, int]] = {}

    @property
    def known(self) -> Mapping[str, tuple[str, int]]:
        """The values that were ever read, each with the secret and the version that it is of."""
        return self._known

    def forget(self) -> None:
        """Drop every value."""
        self._known = {}
        self.stores.clear()

    def opener(self, session: Session, name: str) -> Callable[[], Held] | None:
        """Return what reads a secret's value, outside of any transaction; None when it lies in no store."""
        row = self._row(session, name)
        if row is None:
            return None
        spot = spot_of(row)
        return lambda: self._read(name, spot)

    def look(self, spot: Spot) -> Found:
        """Return what lies there now, for whoever links it; raise as stores do, or for what can be no value."""
        found = self.stores.read(spot)
        self._check(found.value)
        return found

    def link(
        self, session: Session, name: str, spot: Spot, found: Found, *, by: str, environment: Environment | None
    ) -> int:
        """Keep where a secret lies from here on, after `look`, and return the number of its newest version."""
        hold(session, f"secret/{name}")
        if is_stored(session, name):
            raise ConflictError(
                f"the vault itself has values of '{name[:80]}'", hint="link another name, and let integrations use that"
            )
        enter(session, name, environment, self._clock)
        row = session.scalars(select(SecretEntryRow).where(SecretEntryRow.name == name).with_for_update()).one()
        before = {"lies": spot_of(row).words, "pinned": row.pinned} if row.store else None
        if row.leased:
            raise ConflictError(f"'{name[:80]}' stands for accounts already", hint="link another name")
        row.store, row.path, row.field, row.pinned = spot.store, spot.path, spot.field, spot.pinned
        row.linked_by, row.store_version, row.fault = by, found.version, ""
        row.version, row.seen_at = row.version + 1, self._clock()
        self._known = {**self._known, found.value: (name, row.version)}
        self._audit.note(
            session,
            by,
            "secret.linked",
            f"secret:{name}",
            context={"version": row.version, "environment": row.environment},
            before=before,
            after={"lies": spot.words, "pinned": spot.pinned},
        )
        self._store.after_commit(session, self.on_change)
        return row.version

    def is_linked(self, session: Session, name: str) -> bool:
        """Return whether a secret lies in a store."""
        return self._row(session, name) is not None

    def infos(self, session: Session, names: Collection[str] | None = None) -> list[SecretInfo]:
        """Return what may be shown of secrets that lie in stores: of all, or of some."""
        query = select(SecretEntryRow).where(_LINKED)
        if names is not None:
            query = query.where(SecretEntryRow.name.in_(names))
        return [info_of(row) for row in session.scalars(query.order_by(SecretEntryRow.name))]

    def refresh(self) -> None:
        """Read each of them, so that a new version is seen, and masked, before anybody uses it."""
        with self._store.transaction() as session:
            spots = {row.name: spot_of(row) for row in session.scalars(select(SecretEntryRow).where(_LINKED))}
        for name, spot in spots.items():
            try:
                self._read(name, spot)
            except BailiwickError as fault:
                self._note_fault(name, spot, f"{fault.message}; {fault.hint}" if fault.hint else fault.message)

    def _read(self, name: str, spot: Spot) -> Held:
        found = self.look(spot)
        version = self._seen(name, spot, found)
        if found.value not in self._known:
            self._known = {**self._known, found.value: (name, version)}
        return Held(version, "", found.value)

    def _seen(self, name: str, spot: Spot, found: Found) -> int:
        """Return the number of a version that was read, counting it when it is a new one."""
        with self._store.transaction() as session:
            row = self._row(session, name)
            if row is None or spot_of(row) != spot:
                raise ConflictError(f"the secret '{name[:80]}' was linked to another place meanwhile", hint="try again")
            if row.store_version == found.version and not row.fault:
                return row.version
            hold(session, f"secret/{name}")
            session.refresh(row, with_for_update=True)
            if row.store_version != found.version:
                row.version, row.store_version, row.seen_at = row.version + 1, found.version, self._clock()
                context: dict[str, ContextFact] = {"version": row.version, "store_version": found.version}
                self._audit.note(session, _BY, "secret.version-seen", f"secret:{name}", context=context)
                self._store.after_commit(session, self.on_change)
            row.fault = ""
            return row.version

    def _note_fault(self, name: str, spot: Spot, words: str) -> None:
        with self._store.transaction() as session:
            row = self._row(session, name)
            if row is not None and spot_of(row) == spot and row.fault != words[:_LONGEST_FAULT]:
                row.fault = words[:_LONGEST_FAULT]

    def _row(self, session: Session, name: str) -> SecretEntryRow | None:
        return session.scalars(select(SecretEntryRow).where(SecretEntryRow.name == name, _LINKED)).one_or_none()


def spot_of(row: SecretEntryRow) -> Spot:
    """Return where a secret lies."""
    return Spot(row.store, row.path, row.field, row.pinned)


def info_of(row: SecretEntryRow) -> SecretInfo:
    """Return what may be shown of a secret by its entry alone."""
    return SecretInfo(
        name=row.name,
        version=row.version,
        created_by=row.linked_by,
        created_at=row.seen_at or row.made_at,
        environment=Environment(row.environment),
        lies=Lies(row.store, spot_of(row).words, row.store_version, bool(row.pinned), row.fault),
    )
