"""Versions of one kind: found, proposed, decided about and put into force, with their audit events."""

import re
from dataclasses import dataclass, fields
from typing import Generic

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.versions.difference import difference
from bailiwick.control.versions.errors import WrongStateError
from bailiwick.control.versions.kind import Kind, R, V
from bailiwick.control.versions.model import State, VersionSet
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import LONGEST_REASON, given_reason
from bailiwick.store import Store

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_LONGEST_DIFF = 16_384


@dataclass(frozen=True)
class VersionBook(Generic[R, V]):
    """Shared by the kinds, which ask policy whether somebody may propose and read. But for `decide`, the caller brings
    the transaction.
    """

    kind: Kind[R, V]
    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    clock: Clock

    # -- reading -------------------------------------------------------------------------------------------------

    def row(self, session: Session, name: str, version: int, *, lock: bool = False) -> R:
        """Return a version; raise `NotFoundError` when there is none."""
        row = self.kind.row
        query = select(row).where(row.name == name, row.version == version)
        found = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if found is None:
            raise NotFoundError(
                f"there is no version {version} of {self.kind.a} '{name[:60]}'",
                hint=f"bailiwick {self.kind.noun} history {name[:60]}",
            )
        return found

    def active(self, session: Session, name: str) -> R | None:
        """Return the version that is in force."""
        row = self.kind.row
        return session.scalars(select(row).where(row.name == name, row.state == State.ACTIVE)).one_or_none()

    def newest(self, session: Session, name: str) -> R | None:
        """Return the newest version, held until the transaction ends."""
        row = self.kind.row
        query = select(row).where(row.name == name).order_by(row.version.desc()).limit(1)
        return session.scalars(query.with_for_update()).one_or_none()

    def history(self, session: Session, name: str) -> list[V]:
        """Return every version, newest first."""
        row = self.kind.row
        query = select(row).where(row.name == name).order_by(row.version.desc())
        return [self.value(item) for item in session.scalars(query)]

    def sets(self, session: Session) -> list[VersionSet[V]]:
        """Return what there is of each name, by name."""
        row = self.kind.row
        newest = select(row.name, func.max(row.version)).group_by(row.name)
        shown = select(row).where(tuple_(row.name, row.version).in_(newest) | (row.state == State.ACTIVE))
        found = [self.value(item) for item in session.scalars(shown.order_by(row.name, row.version))]
        active = {item.name: item for item in found if item.state is State.ACTIVE}
        last = {item.name: item for item in found}
        return [VersionSet(name, item.scope, item, active.get(name)) for name, item in last.items()]

    def unknown(self, name: str) -> NotFoundError:
        """Return what is raised where there is none of a name, or none for whoever asks."""
        return NotFoundError(
            f"there is no {self.kind.noun} '{name[:60]}'",
            hint=f"bailiwick {self.kind.noun} list shows those there are",
        )

    def difference(self, session: Session, row: R) -> str:
        """Return the diff from the version in force to another."""
        before = self.active(session, row.name)
        label = before.label if before is not None else "nothing in force"
        return difference(before.text if before is not None else "", row.text, names=(label, row.label))

    def places(self, session: Session) -> list[str]:
        """Return where versions may stand: the organisation first, then folders by path."""
        return [ORGANIZATION, *(f"folder:{folder.path}" for folder in self.catalog.folders(session))]

    def require_place(self, session: Session, scope: str) -> str:
        """Return where something shall stand; raise `NotFoundError` when there is no such place."""
        if scope not in self.places(session):
            raise NotFoundError(
                f"{self.kind.a} cannot stand on '{scope[:80]}'", hint=f"{ORGANIZATION}, or a folder: folder:…"
            )
        return scope

    def value(self, row: R) -> V:
        """Return a row as a plain value."""
        facts = {item.name: getattr(row, item.name) for item in fields(self.kind.value)}
        return self.kind.value(**{**facts, "state": State(row.state)})

    # -- changing ------------------------------------------------------------------------------------------------

    def require_name(self, name: str) -> None:
        """Raise `InvalidInputError` for what cannot be a name."""
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"'{name[:60]}' cannot name {self.kind.a}", hint="use a-z, 0-9 and -, from a letter on"
            )

    def draft(self, session: Session, by: Identity, name: str, *, scope: str, text: str, reason: str) -> R:
        """Return the row of the next version, not yet kept; one of another place keeps the name."""
        newest = self.newest(session, name)
        if newest is not None and newest.scope != scope:
            raise ConflictError(f"'{name}' stands on {newest.scope}", hint="choose another name")
        return self.kind.row(
            name=name,
            version=newest.version + 1 if newest is not None else 1,
            scope=scope,
            text=text,
            author=str(by.principal),
            reason=reason,
            time=self.clock(),
            state=State.PROPOSED,
            decided_by="",
            decided_reason="",
            decided_at=None,
            activated_by="",
            activated_at=None,
        )

    def keep(self, session: Session, by: Identity, row: R, decision: Decision) -> V:
        """Keep what somebody proposes; raise `ConflictError` when somebody else was faster."""
        try:
            session.add(row)
            session.flush()
        except IntegrityError as fault:
            raise ConflictError(
                f"somebody else just proposed '{row.name}'", hint="look at theirs, then propose again"
            ) from fault
        self.note(session, by, "proposed", row, decision, row.reason)
        return self.value(row)

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> V:
        """Approve a version that somebody else proposed."""
        return self._decide(by, name, version, State.APPROVED, reason.strip()[:LONGEST_REASON])

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> V:
        """Refuse a version, for good."""
        return self._decide(by, name, version, State.REFUSED, given_reason(reason))

    def require_approved(self, row: R) -> None:
        """Raise `WrongStateError` unless a version may be put into force: it was approved, or in force before."""
        if row.state not in {State.APPROVED, State.SUPERSEDED}:
            raise WrongStateError(f"{row.label} is {row.state}", hint="only what was approved is put into force")

    def activate(self, session: Session, by: Identity, row: R, decision: Decision, reason: str) -> V:
        """Put a version into force in the place of the one that is."""
        before = self.active(session, row.name)
        self.note(session, by, "activated", row, decision, reason)
        if before is not None:
            before.state = State.SUPERSEDED
            session.flush()
        row.state, row.activated_by, row.activated_at = State.ACTIVE, str(by.principal), self.clock()
        session.flush()
        return self.value(row)

    def withdraw(self, session: Session, by: Identity, row: R, decision: Decision, reason: str) -> V:
        """Take a version back: a proposal by whoever wrote it, what was approved or is in force by anybody who might
        have. It can be put into force no more. Raises `WrongStateError` for any other.
        """
        own = row.state == State.PROPOSED and row.author == str(by.principal)
        if not own and row.state not in {State.APPROVED, State.ACTIVE}:
            raise WrongStateError(
                f"{row.label} is {row.state}", hint="its author takes a proposal back; others refuse it"
            )
        self.note(session, by, State.WITHDRAWN, row, decision, reason)
        row.state = State.WITHDRAWN
        session.flush()
        return self.value(row)

    def note(self, session: Session, by: Identity, verb: str, row: R, decision: Decision, reason: str) -> None:
        """Write what somebody did into the audit log, with what it changes of what is in force."""
        diff = self.difference(session, row)
        context: dict[str, ContextFact] = {
            self.kind.fact: row.name,
            "version": row.version,
            "author": row.author,
            "diff": diff[:_LONGEST_DIFF],
            "diff_is_whole": len(diff) <= _LONGEST_DIFF,
        }
        self.audit.note(
            session,
            str(by.principal),
            f"{self.kind.noun}.{verb}",
            row.scope,
            reason=reason,
            deciders=decision.deciders,
            context=context,
        )

    def _decide(self, by: Identity, name: str, version: int, state: State, reason: str) -> V:
        with self.store.transaction() as session:
            row = self.row(session, name, version, lock=True)
            facts = {"author": row.author}
            decision = self.authorizer.require(session, by, f"{self.kind.noun}.approve", row.scope, facts)
            if row.state != State.PROPOSED:
                raise WrongStateError(f"{row.label} is {row.state}", hint="only a proposal is decided about")
            row.state, row.decided_by = state, str(by.principal)
            row.decided_reason, row.decided_at = reason, self.clock()
            session.flush()
            self.note(session, by, state, row, decision, reason)
            return self.value(row)
