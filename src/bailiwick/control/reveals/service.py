"""Shows a secret once, to whoever asked, after another person agreed; the log says so before the value is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer, answering
from bailiwick.control.reveals.tables import RevealRow
from bailiwick.control.vault import Vault, place_of
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

# A wish is answered, and an agreed one is used, while everybody still knows why.
_GOOD_FOR = timedelta(minutes=15)
_REVEALED = "revealed"
_MOST = 50


@dataclass(frozen=True, slots=True)
class Reveal:
    """A wish to see a secret; `answered_by` is empty while nobody agreed, `outcome` while it is not over."""

    id: str
    name: str
    asked_by: str
    reason: str
    answered_by: str
    outcome: str
    asked_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


class RevealService:
    """Each verb asks policy, and leaves its audit event in the transaction of the change."""

    def __init__(self, store: Store, audit: AuditLog, authorizer: Authorizer, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._vault = vault
        self._clock = clock

    def ask(self, identity: Identity, name: str, reason: str) -> Reveal:
        """Ask to see a secret; nothing is shown yet."""
        reason = given_reason(reason, what="seeing a secret")
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "secret.ask-reveal", ORGANIZATION)
            self._vault.info(session, name)
            row = RevealRow(
                id=new_id("rvl"),
                name=name,
                asked_by=str(identity.principal),
                reason=self._vault.masker(session).mask(reason),
                answered_by="",
                outcome="",
                asked_at=self._clock(),
                answered_at=None,
                ended_at=None,
            )
            session.add(row)
            session.flush()
            self._note(session, identity, row, "secret.reveal-asked", decision)
            return _reveal(row)

    def approve(self, identity: Identity, reveal: str, reason: str) -> Reveal:
        """Agree that somebody else sees a secret once, within a quarter of an hour."""
        reason = given_reason(reason, what="letting somebody see a secret")
        with self._store.transaction() as session:
            row = self._waiting(session, reveal)
            askers: dict[str, ContextValue] = {"askers": answering(session, [row.asked_by])}
            decision = self._authorizer.settle(session, identity, "secret.approve-reveal", ORGANIZATION, askers)
            if decision.allowed:
                row.answered_by, row.answered_at = str(identity.principal), self._clock()
            self._note(session, identity, row, "secret.reveal-approved", decision, reason)
            found = _reveal(row)
        decision.require("ask an administrator who did not ask for it: bailiwick who-can")
        return found

    def value(self, identity: Identity, reveal: str) -> tuple[Reveal, str]:
        """Return the value to whoever asked, once: it is in the log, for good, before it is read."""
        with self._store.transaction() as session:
            row = self._waiting(session, reveal)
            context: dict[str, ContextValue] = {
                "secret": row.name,
                "asked": row.asked_by == str(identity.principal),
                "approved": row.answered_at is not None and row.answered_at > self._clock() - _GOOD_FOR,
            }
            decision = self._authorizer.settle(session, identity, "secret.reveal", ORGANIZATION, context)
            if decision.allowed:
                row.outcome, row.ended_at = _REVEALED, self._clock()
            self._note(session, identity, row, "secret.revealed", decision)
            found = _reveal(row)
        decision.require(f"another administrator says: bailiwick secret approve-reveal {reveal} --reason …")
        with self._store.transaction() as session:
            opened = self._vault.opener(session, found.name)
        return found, opened().value

    def of(self, identity: Identity, name: str) -> Sequence[Reveal]:
        """Return who asked to see a secret, the newest first."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "secret.manage", place_of(name))
            query = select(RevealRow).where(RevealRow.name == name).order_by(RevealRow.asked_at.desc()).limit(_MOST)
            return [_reveal(row) for row in session.scalars(query)]

    def _waiting(self, session: Session, reveal: str) -> RevealRow:
        query = select(RevealRow).where(RevealRow.id == reveal).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is None:
            raise NotFoundError(f"nobody asked for '{reveal[:60]}'", hint="bailiwick secret reveal NAME --reason …")
        if row.outcome or max(row.asked_at, row.answered_at or row.asked_at) <= self._clock() - _GOOD_FOR:
            raise ConflictError("that wish is over: a value is shown once, and soon", hint="ask again")
        return row

    def _note(
        self, session: Session, identity: Identity, row: RevealRow, action: str, decision: Decision, reason: str = ""
    ) -> None:
        context = {"reveal": row.id, "asked_by": row.asked_by, "approved_by": row.answered_by}
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"secret:{row.name}",
            outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
            reason=(reason or row.reason) if decision.allowed else decision.reason,
            deciders=decision.deciders,
            context=context,
        )


def _reveal(row: RevealRow) -> Reveal:
    return Reveal(
        row.id,
        row.name,
        row.asked_by,
        row.reason,
        row.answered_by,
        row.outcome,
        row.asked_at,
        row.answered_at,
        row.ended_at,
    )
