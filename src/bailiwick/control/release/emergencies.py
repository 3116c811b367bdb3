"""Emergencies: releases that did not wait for their rule and window, and who looks at them afterwards."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.release.errors import EmergencyReviewedError, ReviewOverdueError
from bailiwick.control.release.rows import asked_facts
from bailiwick.control.release.tables import DeployRow, EmergencyRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_KEEPER = "service:release"


class Verdict(StrEnum):
    """What somebody finds who looks at an emergency later."""

    FINE = "fine"
    FOLLOW_UP = "follow-up"


@dataclass(frozen=True, slots=True)
class Emergency:
    """A release that went out as an emergency. `due` is until when a third person looks at it; the last four say who
    did and what they found, and are empty before.
    """

    deploy: str
    app: str
    release: str
    reason: str
    approvers: tuple[str, ...]
    time: datetime
    due: datetime
    overdue: bool
    verdict: str
    reviewed_by: str
    reviewed_at: datetime | None
    review_reason: str


class EmergencyService:
    """Keeps emergencies and their reviews."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, catalog: CatalogService, days: int, clock: Clock
    ) -> None:
        """`days` is how long somebody may take to look at one."""
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._within = timedelta(days=days)
        self._clock = clock

    def require_none_overdue(self, session: Session, app: str) -> None:
        """Raise `ReviewOverdueError` while nobody looked in time at an earlier emergency of an app."""
        query = _unseen().where(EmergencyRow.app == app, EmergencyRow.due < self._clock())
        row = session.scalars(query).first()
        if row is not None:
            raise ReviewOverdueError(row.deploy, row.due)

    def went_out(self, session: Session, deploy: DeployRow, approvers: Collection[str]) -> None:
        """Remember that a deploy went out as an emergency, by the word of these people, for somebody to look at."""
        session.add(
            EmergencyRow(
                deploy=deploy.id,
                app=deploy.app,
                release=deploy.release,
                reason=deploy.emergency,
                approvers=sorted(approvers),
                time=self._clock(),
                due=self._clock() + self._within,
                told_overdue=False,
                verdict="",
                reviewed_by="",
                reviewed_at=None,
                review_reason="",
            )
        )

    def unseen(self, session: Session, identity: Identity) -> list[Emergency]:
        """Return the emergencies that nobody looked at yet, of apps that the asker may read, the oldest first."""
        rows = session.scalars(_unseen().order_by(EmergencyRow.time)).all()
        readable = self._catalog.readable(session, identity, {row.app for row in rows})
        return [self._of(row) for row in rows if row.app in readable]

    def of_deploy(self, session: Session, deploy: str) -> Emergency | None:
        """Return the emergency that a deploy was, or None."""
        row = session.scalars(select(EmergencyRow).where(EmergencyRow.deploy == deploy)).one_or_none()
        return self._of(row) if row is not None else None

    def explain_review(self, session: Session, identity: Identity, emergency: Emergency) -> Decision:
        """Answer whether this person may review an emergency, and by which policies; nothing is done."""
        deploy = session.get_one(DeployRow, emergency.deploy)
        facts = asked_facts(session, deploy, frozenset(deploy.authors) | set(emergency.approvers))
        return self._authorizer.decide(session, identity, "app.approve", f"app:{emergency.app}", facts)

    def may_review(self, session: Session, identity: Identity, emergency: Emergency) -> bool:
        """Whether this person may review an emergency: they may approve it, and had no part in it."""
        mine = str(identity.principal) in emergency.approvers
        return not mine and self.explain_review(session, identity, emergency).allowed

    def review(self, identity: Identity, deploy_id: str, verdict: str, reason: str) -> Emergency:
        """Say what one found of an emergency: for whoever may approve it, but neither wrote, asked nor approved it."""
        if verdict not in set(Verdict):
            raise InvalidInputError(
                f"'{verdict[:40]}' is no verdict on an emergency", hint=f"one of {', '.join(Verdict)}"
            )
        reason = given_reason(reason, "say what you looked at and found", what="a review of an emergency")
        by = str(identity.principal)
        with self._store.transaction() as session:
            query = select(EmergencyRow).where(EmergencyRow.deploy == deploy_id).with_for_update()
            row = session.scalars(query).one_or_none()
            if row is None:
                raise NotFoundError(
                    f"no emergency '{deploy_id[:60]}' went out", hint="bailiwick emergency-review lists them"
                )
            app = self._catalog.readable_app(session, identity, row.app)
            decision = self.explain_review(session, identity, self._of(row))
            involved = by in row.approvers
            if decision.allowed and row.verdict and not involved:
                raise EmergencyReviewedError(f"{row.reviewed_by} looked at it already: {row.verdict}")
            allowed = decision.allowed and not involved
            if allowed:
                row.verdict, row.review_reason = verdict, reason
                row.reviewed_by, row.reviewed_at = by, self._clock()
            self._audit.note(
                session,
                by,
                "emergency.reviewed" if allowed else "emergency.review-refused",
                app.resource,
                outcome=Outcome.SUCCESS if allowed else Outcome.REFUSED,
                reason=reason if allowed else decision.reason,
                app=row.app,
                release=row.release,
                deciders=decision.deciders,
                context={"deploy": row.deploy, "verdict": verdict},
            )
            emergency = self._of(row)
        if involved:
            raise ForbiddenError(
                "whoever approved an emergency does not review it",
                deciders=decision.deciders,
                hint="ask a third person who may approve: bailiwick who-can",
            )
        decision.require("ask somebody who may approve it and had no part in it: bailiwick who-can")
        return emergency

    def keep(self) -> None:
        """Tell of each emergency, once, that nobody looked at it in time."""
        with self._store.transaction() as session:
            late = _unseen().where(EmergencyRow.due < self._clock(), ~EmergencyRow.told_overdue)
            for row in session.scalars(late.with_for_update(skip_locked=True)).all():
                row.told_overdue = True
                self._audit.note(
                    session,
                    _KEEPER,
                    "emergency.review-overdue",
                    f"app:{row.app}",
                    outcome=Outcome.FAILED,
                    reason="nobody looked at it in time; until somebody does, no other emergency of the app is taken",
                    app=row.app,
                    release=row.release,
                    context={"deploy": row.deploy, "due": row.due.isoformat()},
                )

    def _of(self, row: EmergencyRow) -> Emergency:
        return Emergency(
            deploy=row.deploy,
            app=row.app,
            release=row.release,
            reason=row.reason,
            approvers=tuple(row.approvers),
            time=row.time,
            due=row.due,
            overdue=not row.verdict and row.due < self._clock(),
            verdict=row.verdict,
            reviewed_by=row.reviewed_by,
            reviewed_at=row.reviewed_at,
            review_reason=row.review_reason,
        )


def _unseen() -> Select[EmergencyRow]:
    return select(EmergencyRow).where(EmergencyRow.verdict == "")
