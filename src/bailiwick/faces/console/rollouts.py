"""Rollouts in the console: the picture of one on the page of its app, the forms that move it, and the app's plan."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.rollouts import Plan, PlanKind, Rollout, RolloutState, staged
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.rollouts import SideCounts
from bailiwick.faces.console.sessions import Writer
from bailiwick.faces.console.words import Kind, State, count

_BAR_WIDTH = 600
_SHOWN = 5
_KINDS: dict[RolloutState, Kind] = {
    RolloutState.RUNNING: "warn",
    RolloutState.PROMOTED: "good",
    RolloutState.ROLLED_BACK: "bad",
    RolloutState.ABORTED: "bad",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two releases in figures."""

    name: str
    release: str
    requests: str
    failed: str
    slowest: str


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout as the page shows it: `marks` are where steps end on its bar, `reached` how much of it is filled."""

    state: State
    glance: str
    words: str
    reached: int
    marks: tuple[int, ...]
    sides: tuple[Side, Side]


def add_rollouts(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms: promote, abort, and the plan of an app."""

    @app.post("/apps/{path:path}/rollout/promote")
    def promote(visitor: Writer, path: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        control.rollouts.promote(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}#rollout", 303)

    @app.post("/apps/{path:path}/rollout/abort")
    def abort(visitor: Writer, path: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        control.rollouts.abort(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}#rollout", 303)

    @app.post("/apps/{path:path}/rollout/plan")
    def set_plan(
        visitor: Writer,
        path: str,
        steps: Annotated[str, Form(max_length=4000)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        lines = [line.strip() for line in steps.splitlines() if line.strip()]
        with control.store.transaction() as session:
            limits = control.rollout_plans.shown(session, visitor.identity, f"app:{path}").plan.limits
        plan = staged(lines, **limits.model_dump()) if lines else {"kind": PlanKind.AT_ONCE.value}
        control.rollout_plans.set(visitor.identity, f"app:{path}", plan, reason)
        return RedirectResponse(f"/apps/{path}#rollout", 303)


def rollout_view(control: ControlPlane, session: Session, identity: Identity, app: App) -> dict[str, Any]:
    """Return what the page of an app shows of rollouts: the one under way first, and the plan."""
    plan = control.rollout_plans.shown(session, identity, app.resource)
    found = control.rollouts.rollouts(session, identity, app.path, _SHOWN)
    under_way = next((item for item in found if item.state is RolloutState.RUNNING), None)
    return {
        "rollout": _view(under_way) if under_way is not None else None,
        "may_move_rollout": _may(*control.rollouts.explain(session, identity, under_way)) if under_way else None,
        "rollouts_before": [_view(item) for item in found if item is not under_way],
        "rollout_plan": plan,
        "rollout_steps": "\n".join(_written(plan.plan)),
        "may_plan_rollouts": control.authorizer.decide(session, identity, "rollout.plan", app.resource),
    }


def _may(promote: Decision, abort: Decision) -> dict[str, Decision]:
    return {"promote": promote, "abort": abort}


def _view(rollout: Rollout) -> RolloutView:
    running = rollout.state is RolloutState.RUNNING
    step = rollout.plan.step(rollout.id, rollout.step)
    shares = [rollout.plan.step(rollout.id, number).share for number in range(len(rollout.plan.steps))]
    names = f"{', '.join(sorted(step.names))} and " if step.names else ""
    stable, candidate = rollout.counts
    return RolloutView(
        State("under way" if running else rollout.state.value, _KINDS.get(rollout.state, "plain")),
        f"Step {rollout.step + 1} of {len(shares)}: {names}{step.share:.0%} of people have {rollout.candidate}.",
        f"It waits for: {rollout.waits_for}." if running else f"{rollout.ended_by}: {rollout.reason}",
        round(step.share * _BAR_WIDTH),
        tuple(round(share * _BAR_WIDTH) for share in shares if share),
        (
            _side("Release before", rollout.stable, stable),
            _side(f"Candidate, {rollout.condition}", rollout.candidate, candidate),
        ),
    )


def _side(name: str, release: str, side: SideCounts) -> Side:
    if not side.requests:
        return Side(name, release, "no requests yet", "", "")
    failed = f"{side.error_rate:.2%} failed ({side.errors:,})"
    return Side(name, release, count(side.requests, "request"), failed, f"95 % within {side.quantile_ms(0.95):.0f} ms")


def _written(plan: Plan) -> list[str]:
    """Return the steps of a plan as the form takes them."""
    lines = []
    for step in plan.steps:
        share = [f"{step.percent:g}%"] if step.percent else []
        lines.append(f"{','.join([*step.names, *share])}={step.minutes:g}")
    return lines
