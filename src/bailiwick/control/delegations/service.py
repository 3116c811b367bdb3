"""What people do with delegations: hand over, take back, and look. Each change is audited."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.delegations.model import MOST, Delegation
from bailiwick.control.delegations.rows import delegation_of
from bailiwick.control.delegations.tables import DelegationRow
from bailiwick.control.identity import ORGANIZATION, Authorizer, people_called, roles_of
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_SHOWN = 200


class DelegationService:
    """Makes and ends delegations."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, catalog: CatalogService, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock

    def make(
        self,
        identity: Identity,
        delegate: str,
        until: datetime,
        reason: str,
        *,
        folder: str = "",
        starts: datetime | None = None,
    ) -> Delegation:
        """Let another person approve what one may oneself, in a folder or everywhere, until a time (30 days at most).

        Raises `ForbiddenError` for whoever approves nothing there by a right of their own: what was handed to somebody
        they cannot hand on.
        """
        reason, now = given_reason(reason), self._clock()
        begins = max(starts or now, now)
        if until <= begins or until - begins > MOST:
            raise InvalidInputError(
                f"a delegation ends after it begins, and within {MOST.days} days of that", hint="say another day"
            )
        with self._store.transaction() as session:
            whom = self._person(session, identity, delegate)
            decision = self._require(session, identity, folder, whom)
            row = DelegationRow(
                id=new_id("dlg"),
                delegator=str(identity.principal),
                delegate=whom,
                folder=folder,
                reason=reason,
                starts=begins,
                until=until,
                made_at=now,
                ended_at=None,
                ended_by="",
                end_reason="",
            )
            session.add(row)
            self._note(session, identity, "delegation.made", row, decision, reason)
            return delegation_of(row)

    def end(self, identity: Identity, delegation_id: str, reason: str) -> Delegation:
        """End one before its time: whoever made it, whoever has it, or an administrator."""
        reason = given_reason(reason)
        with self._store.transaction() as session:
            row = session.scalars(
                select(DelegationRow).where(DelegationRow.id == delegation_id).with_for_update()
            ).one_or_none()
            if row is None or not (self._sees_all(session, identity) or self._own(identity, row)):
                raise NotFoundError(
                    f"there is no delegation '{delegation_id[:60]}', or you may not see it",
                    hint="bailiwick delegate list",
                )
            facts = {"delegator": row.delegator, "delegate": row.delegate}
            decision = self._authorizer.require(session, identity, "delegation.end", ORGANIZATION, facts)
            if row.ended_at is not None or row.until <= self._clock():
                raise ConflictError("this delegation has ended already", hint="there is nothing to take back")
            row.ended_at, row.ended_by, row.end_reason = self._clock(), str(identity.principal), reason
            self._note(session, identity, "delegation.ended", row, decision, reason)
            return delegation_of(row)

    def delegations(self, session: Session, identity: Identity, *, everybody: bool = False) -> list[Delegation]:
        """Return what somebody handed over and was handed, newest first; of everybody, for who may read roles."""
        query = select(DelegationRow).order_by(DelegationRow.id.desc()).limit(_SHOWN)
        if everybody:
            self._authorizer.require(session, identity, "role.read", ORGANIZATION)
        else:
            me = str(identity.principal)
            query = query.where(or_(DelegationRow.delegator == me, DelegationRow.delegate == me))
        return [delegation_of(row) for row in session.scalars(query)]

    def explain(self, session: Session, identity: Identity) -> Decision:
        """Answer whether somebody has anything to hand over anywhere, and by which policies."""
        return self._decide(session, identity, "", "")

    def _person(self, session: Session, identity: Identity, delegate: str) -> str:
        name = str(Principal.parse(delegate if ":" in delegate else f"user:{delegate.lower()}"))
        if name == str(identity.principal):
            raise InvalidInputError("you may approve that already", hint="name another person")
        if not name.startswith("user:") or not people_called(session, {name}):
            raise InvalidInputError(
                f"'{name[:80]}' is no person who is here", hint="a delegate is a person, named by their e-mail address"
            )
        return name

    def _require(self, session: Session, identity: Identity, folder: str, delegate: str) -> Decision:
        if folder and folder not in {item.path for item in self._catalog.folders(session)}:
            raise NotFoundError(f"there is no folder '{folder[:80]}'", hint="bailiwick app list shows where apps are")
        decision = self._decide(session, identity, folder, delegate)
        decision.require("only what you approve by a role of your own can be handed over, not what was handed to you")
        return decision

    def _decide(self, session: Session, identity: Identity, folder: str, delegate: str) -> Decision:
        """Ask about the folder; about everything, wherever somebody holds a role: one yes will do."""
        held = {role.scope for role in roles_of(session, identity.names)}
        scopes = [f"folder:{folder}"] if folder else [ORGANIZATION, *sorted(held - {ORGANIZATION})]
        answers = [
            self._authorizer.decide(session, identity, "approval.delegate", scope, {"delegate": delegate})
            for scope in scopes
        ]
        return next((answer for answer in answers if answer.allowed), answers[0])

    def _sees_all(self, session: Session, identity: Identity) -> bool:
        return self._authorizer.decide(session, identity, "role.read", ORGANIZATION).allowed

    @staticmethod
    def _own(identity: Identity, row: DelegationRow) -> bool:
        return str(identity.principal) in {row.delegator, row.delegate}

    def _note(
        self, session: Session, identity: Identity, action: str, row: DelegationRow, decision: Decision, reason: str
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            row.delegator,
            reason=reason,
            deciders=decision.deciders,
            context=facts_of(row),
        )

    def still_may(self, session: Session, delegator: Identity, folder: str) -> bool:
        """Return whether somebody could still hand over what they did."""
        return self._decide(session, delegator, folder, "").allowed


def facts_of(row: DelegationRow) -> dict[str, str]:
    """Return what an audit event says of a delegation."""
    said: Sequence[tuple[str, str]] = (
        ("delegation", row.id),
        ("delegate", row.delegate),
        ("folder", row.folder),
        ("starts", row.starts.isoformat()),
        ("until", row.until.isoformat()),
    )
    return dict(said)
