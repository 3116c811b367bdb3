"""Secrets whose values are accounts that a store makes: sealed as the vault's own, so that they are masked alike, and
planes move to each as they do after a rotation.
"""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault.entries import enter, is_stored
from bailiwick.control.vault.errors import StoreUnavailableError
from bailiwick.control.vault.linked import info_of, spot_of
from bailiwick.control.vault.model import Environment, SecretInfo
from bailiwick.control.vault.stores import Spot
from bailiwick.control.vault.tables import SecretEntryRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError
from bailiwick.store.locks import hold

_WAITING = "its account is made as soon as an integration that is switched on uses it"
_LONGEST_FAULT = 300
Add = Callable[[Session, str, str, str], int]


class LeasedSecrets:
    """`add` seals the next version of a secret: session, name, value and account."""

    def __init__(self, add: Add, audit: AuditLog, clock: Clock) -> None:
        self._add = add
        self._audit = audit
        self._clock = clock

    def link(self, session: Session, name: str, spot: Spot, *, by: str, environment: Environment) -> None:
        """Keep of which role of a store the accounts are that a new secret stands for."""
        hold(session, f"secret/{name}")
        known = self._row(session, name)
        if known is None and is_stored(session, name):
            raise ConflictError(
                f"the vault itself has values of '{name[:80]}'", hint="link another name, and let integrations use that"
            )
        enter(session, name, environment, self._clock)
        row = session.scalars(select(SecretEntryRow).where(SecretEntryRow.name == name).with_for_update()).one()
        if row.store and not row.leased:
            raise ConflictError(f"'{name[:80]}' is linked to a value already", hint="link another name")
        before = {"lies": spot_of(row).words} if row.store else None
        row.store, row.path, row.leased = spot.store, spot.path, True
        row.linked_by, row.version, row.fault = by, 0, _WAITING
        self._audit.note(
            session,
            by,
            "secret.linked",
            f"secret:{name}",
            context={"environment": row.environment},
            before=before,
            after={"lies": spot.words},
        )

    def spots(self, session: Session) -> Mapping[str, Spot]:
        """Return of which role the accounts of each such secret are."""
        return {row.name: spot_of(row) for row in session.scalars(select(SecretEntryRow).where(SecretEntryRow.leased))}

    def take(self, session: Session, name: str, username: str, password: str) -> int:
        """Seal an account as the newest version, and return its number."""
        hold(session, f"secret/{name}")
        row = self._row(session, name)
        version = self._add(session, name, password, username)
        if row is not None:
            row.version, row.seen_at, row.fault = version, self._clock(), ""
        return version

    def say(self, session: Session, name: str, fault: str) -> None:
        """Keep what is wrong with the store just now; the account, where there is one, goes on."""
        row = self._row(session, name)
        if row is not None and row.fault != fault[:_LONGEST_FAULT]:
            row.fault = fault[:_LONGEST_FAULT]

    def close(self, session: Session, name: str, words: str) -> None:
        """Give nobody the account any more, and say why."""
        row = self._row(session, name)
        if row is not None:
            row.version, row.fault = 0, words

    def require_open(self, session: Session, name: str) -> None:
        """Return when a secret is none of these, or has an account; raise `StoreUnavailableError` otherwise."""
        row = self._row(session, name)
        if row is not None and not row.version:
            raise StoreUnavailableError(f"there is no account for '{name[:80]}' just now: {row.fault}")

    def is_leased(self, session: Session, name: str) -> bool:
        """Return whether a secret stands for accounts of a store."""
        return self._row(session, name) is not None

    def infos(self, session: Session, names: Collection[str] | None = None) -> list[SecretInfo]:
        """Return what may be shown of these secrets by their entries alone: of all, or of some."""
        query = select(SecretEntryRow).where(SecretEntryRow.leased)
        if names is not None:
            query = query.where(SecretEntryRow.name.in_(names))
        return [info_of(row) for row in session.scalars(query)]

    def _row(self, session: Session, name: str) -> SecretEntryRow | None:
        query = select(SecretEntryRow).where(SecretEntryRow.name == name, SecretEntryRow.leased)
        return session.scalars(query).one_or_none()
