"""The moves of a rollout: each changes its row, what planes are told and the audit log in the caller's transaction.

Callers hold the row's lock and have seen that it runs, so that each move is made once, whoever crashes in between.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.release import (
    Notify,
    StateChanged,
    drop_candidate,
    put_candidate,
    serve_in_production,
)
from bailiwick.control.rollouts.model import Plan, RolloutState
from bailiwick.control.rollouts.rows import counts_of
from bailiwick.control.rollouts.tables import RolloutRow
from bailiwick.core.clock import Clock
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id
from bailiwick.core.rollouts import SideCounts
from bailiwick.store import Store

KEEPER = "service:rollouts"
# Planes are told once of a transaction, however many moves are in it.
_TOLD = "rollouts-told"


class Transitions:
    """Moves rollouts. `notify` is called once a change is durable."""

    def __init__(self, *, store: Store, audit: AuditLog, clock: Clock, notify: Notify) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._notify = notify

    def begin(
        self, session: Session, *, app: str, deploy: str, stable: str, candidate: str, plan: Plan, baseline: SideCounts
    ) -> None:
        """Begin to roll a candidate out."""
        row = RolloutRow(
            id=new_id("rol"),
            app=app,
            deploy=deploy,
            stable=stable,
            candidate=candidate,
            plan=plan.model_dump(mode="json"),
            step=0,
            state=RolloutState.RUNNING,
            condition="starting",
            words="",
            failed_checks=-1,
            waits_for="the candidate starts",
            started_at=self._clock(),
            step_began=None,
            heard_at=None,
            ended_at=None,
            ended_by="",
            reason="",
            baseline=baseline.model_dump(mode="json"),
        )
        session.add(row)
        session.flush()
        put_candidate(session, app, candidate, plan.step(row.id, 0))
        self._note(session, row, "rollout.started", KEEPER, plan.words)

    def next_step(self, session: Session, row: RolloutRow, why: str) -> None:
        """Give the candidate to more."""
        evidence = self._evidence(session, row)
        row.step, row.step_began, row.waits_for = row.step + 1, None, "the plane takes the next step"
        put_candidate(session, row.app, row.candidate, Plan.model_validate(row.plan).step(row.id, row.step))
        self._note(session, row, "rollout.advanced", KEEPER, why, evidence)

    def promote(self, session: Session, row: RolloutRow, by: str, why: str, deciders: tuple[str, ...] = ()) -> None:
        """Serve the candidate to everybody, in the place of the release before."""
        evidence = self._evidence(session, row)
        serve_in_production(session, row.app, row.candidate)
        self._close(row, RolloutState.PROMOTED, by, why)
        self._note(session, row, "rollout.promoted", by, why, evidence, deciders)

    def end(
        self,
        session: Session,
        row: RolloutRow,
        state: RolloutState,
        by: str,
        why: str,
        deciders: tuple[str, ...] = (),
    ) -> None:
        """Take the candidate away; what ran before goes on for everybody."""
        evidence = self._evidence(session, row)
        drop_candidate(session, row.app)
        self._close(row, state, by, why)
        self._note(session, row, f"rollout.{state.value}", by, why, evidence, deciders)

    def hold(self, session: Session, row: RolloutRow, why: str) -> None:
        """Say that a rollout goes no further for now, although its step may be over."""
        self._audit.note(
            session,
            KEEPER,
            "rollout.held",
            f"app:{row.app}",
            reason=why,
            app=row.app,
            release=row.candidate,
            context={"rollout": row.id, "step": row.step + 1},
        )

    def skip(self, session: Session, app: str, release: str, why: str) -> None:
        """Write down that a release goes out at once although steps were planned."""
        self._audit.note(session, KEEPER, "rollout.skipped", f"app:{app}", reason=why, app=app, release=release)

    def _close(self, row: RolloutRow, state: RolloutState, by: str, why: str) -> None:
        row.state, row.ended_at, row.ended_by, row.reason, row.waits_for = state, self._clock(), by, why, ""

    def _note(
        self,
        session: Session,
        row: RolloutRow,
        action: str,
        by: str,
        why: str,
        evidence: Mapping[str, ContextFact] | None = None,
        deciders: tuple[str, ...] = (),
    ) -> None:
        session.flush()
        facts: dict[str, ContextFact] = {"rollout": row.id, "deploy": row.deploy, "stable": row.stable}
        self._audit.note(
            session,
            by,
            action,
            f"app:{row.app}",
            reason=why,
            app=row.app,
            release=row.candidate,
            deciders=deciders,
            context={**facts, "step": row.step + 1, **(evidence or {})},
        )
        if not session.info.get(_TOLD):
            session.info[_TOLD] = True
            self._store.after_commit(session, lambda: self._notify(StateChanged()))

    @staticmethod
    def _evidence(session: Session, row: RolloutRow) -> dict[str, ContextFact]:
        """Return what a move rests on: what both sides answered in the step that ends."""
        facts: dict[str, ContextFact] = {"ended_step": row.step + 1, "failed_checks": max(row.failed_checks, 0)}
        for name, side in zip(("stable", "candidate"), counts_of(session, row.id, row.step), strict=True):
            facts[f"{name}_requests"], facts[f"{name}_errors"] = side.requests, side.errors
            facts[f"{name}_p95_ms"] = round(side.quantile_ms(0.95), 1)
        return facts
