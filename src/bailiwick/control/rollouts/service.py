"""Rollouts: show them, promote one early, abort one, and take in what planes tell."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.release import Freezes, candidate_release, deploy_facts
from bailiwick.control.rollouts.deciding import Surroundings
from bailiwick.control.rollouts.errors import NoRolloutError, PromotionHeldError
from bailiwick.control.rollouts.looking import Lookout
from bailiwick.control.rollouts.model import Rollout, RolloutState
from bailiwick.control.rollouts.rows import rollout_of, running, take_report
from bailiwick.control.rollouts.tables import RolloutRow
from bailiwick.control.rollouts.transitions import Transitions
from bailiwick.core.clock import Clock
from bailiwick.core.events import Outcome
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.core.rollouts import RolloutReport
from bailiwick.store import Store

_ABORT = "app.abort-rollout"


class RolloutService:
    """Each verb is one transaction with its audit event."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        freezes: Freezes,
        lookout: Lookout,
        transitions: Transitions,
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._freezes = freezes
        self._lookout = lookout
        self._transitions = transitions
        self._clock = clock

    def hold_still(self, session: Session, apps: Collection[str]) -> None:
        """Let no rollout of some apps move until the transaction is over; before anything is audited in it."""
        for app in sorted(apps):
            running(session, app, lock=True)

    def take(self, session: Session, report: RolloutReport) -> None:
        """Take in what a plane tells of a rollout, in the caller's transaction."""
        take_report(session, report, self._clock())

    def rollouts(self, session: Session, identity: Identity, app_path: str, limit: int = 10) -> list[Rollout]:
        """Return the rollouts of an app that the asker may read, newest first."""
        app = self._catalog.readable_app(session, identity, app_path)
        query = select(RolloutRow).where(RolloutRow.app == app.path).order_by(RolloutRow.started_at.desc())
        return [rollout_of(session, row) for row in session.scalars(query.limit(limit))]

    def promote(self, identity: Identity, app_path: str, reason: str) -> Rollout:
        """Serve a candidate to everybody before its steps are over: by whoever may approve it and did not write it.

        Raises `PromotionHeldError` when the candidate is not up or its review is not good, `FrozenError` when a freeze
        covers it, `NoRolloutError` when nothing is rolled out.
        """
        reason = given_reason(reason, "say why it needs no more steps", what="a promotion")
        with self._freezes.refusals(identity, app_path), self._store.transaction() as session:
            self._catalog.readable_app(session, identity, app_path)
            self._freezes.hold_off(session)
            row = self._running(session, app_path)
            facts = deploy_facts(session, row.deploy)
            decision = self._authorizer.settle(session, identity, "app.approve", f"app:{app_path}", facts)
            if decision.allowed:
                _require_going_on(row, self._lookout.look(session, row))
                self._freezes.require_free(session, identity, candidate_release(session, row.candidate))
                self._transitions.promote(session, row, str(identity.principal), reason, decision.deciders)
            else:
                self._refused(session, identity, row, "rollout.promotion-refused", decision)
            rollout = rollout_of(session, row)
        decision.require("ask someone who may approve it and did not write it, or wait for its steps")
        return rollout

    def abort(self, identity: Identity, app_path: str, reason: str) -> Rollout:
        """Take a candidate away; what ran before goes on for everybody."""
        reason = given_reason(reason, "say what is wrong with it", what="an abort")
        with self._store.transaction() as session:
            self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.settle(session, identity, _ABORT, f"app:{app_path}")
            row = self._running(session, app_path)
            if decision.allowed:
                by = str(identity.principal)
                self._transitions.end(session, row, RolloutState.ABORTED, by, reason, decision.deciders)
            else:
                self._refused(session, identity, row, "rollout.abort-refused", decision)
            rollout = rollout_of(session, row)
        decision.require("ask who may: bailiwick who-can app.abort-rollout")
        return rollout

    def explain(self, session: Session, identity: Identity, rollout: Rollout) -> tuple[Decision, Decision]:
        """Answer whether this person may promote a rollout, and abort it, and by which policies; nothing is done."""
        resource = f"app:{rollout.app}"
        facts = deploy_facts(session, rollout.deploy)
        return (
            self._authorizer.decide(session, identity, "app.approve", resource, facts),
            self._authorizer.decide(session, identity, _ABORT, resource),
        )

    def _running(self, session: Session, app: str) -> RolloutRow:
        row = running(session, app, lock=True)
        if row is None:
            raise NoRolloutError(f"nothing of {app} is being rolled out", hint=f"bailiwick rollout show {app}")
        return row

    def _refused(self, session: Session, identity: Identity, row: RolloutRow, action: str, decision: Decision) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"app:{row.app}",
            outcome=Outcome.REFUSED,
            reason=decision.reason,
            app=row.app,
            release=row.candidate,
            deciders=decision.deciders,
            context={"rollout": row.id, "step": row.step + 1},
        )


def _require_going_on(row: RolloutRow, around: Surroundings) -> None:
    """Raise `PromotionHeldError` when a candidate may not take over; freezes are asked apart, in a person's name."""
    held = around.refused or around.unreviewed or (f"the app was stopped: {around.stopped}" if around.stopped else "")
    if not held and row.condition != "running":
        held = f"the candidate is {row.condition}" + (f": {row.words}" if row.words else "")
    if held:
        raise PromotionHeldError(f"it cannot take over now: {held}", hint="wait, or abort the rollout with a reason")
