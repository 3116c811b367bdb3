"""Rollouts over the API: how one is, promote it early, abort it; and the plans by which releases go out."""

from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.rollouts import Rollout, SetPlan
from bailiwick.core.rollouts import SideCounts
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class PlanBody(ReasonBody):
    """How releases go out, where that holds, and why."""

    scope: str = Field(max_length=300, description="app:PATH, folder:PATH or organization:default")
    plan: dict[str, Any] = Field(description="kind (at-once or staged), steps and limits")


def add_rollouts(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add rollouts and their plans to the API."""

    @api.get("/v1/rollout-plan")
    def show_plan(identity: Caller, scope: Annotated[str, Query(max_length=300)]) -> Json:
        with control.store.transaction() as session:
            return plan_json(control.rollout_plans.shown(session, identity, scope))

    @api.put("/v1/rollout-plan")
    def set_plan(identity: Caller, body: PlanBody) -> Json:
        return plan_json(control.rollout_plans.set(identity, body.scope, body.plan, body.reason))

    @api.get("/v1/rollouts/{path:path}")
    def show(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            plan = control.rollout_plans.shown(session, identity, f"app:{path}")
            found = control.rollouts.rollouts(session, identity, path)
        return {"plan": plan_json(plan), "rollouts": [rollout_json(item) for item in found]}

    @api.post("/v1/rollouts/promote/{path:path}")
    def promote(identity: Caller, path: str, body: ReasonBody) -> Json:
        return rollout_json(control.rollouts.promote(identity, path, body.reason))

    @api.post("/v1/rollouts/abort/{path:path}")
    def abort(identity: Caller, path: str, body: ReasonBody) -> Json:
        return rollout_json(control.rollouts.abort(identity, path, body.reason))


def plan_json(found: SetPlan) -> Json:
    """Return a plan as the API shows it, with where it was set."""
    written = found.plan.model_dump(mode="json")
    return {
        **written,
        "words": found.plan.words,
        "scope": found.scope,
        "set_by": found.set_by,
        "set_at": found.set_at,
        "reason": found.reason,
    }


def rollout_json(rollout: Rollout) -> Json:
    """Return a rollout as the API shows it."""
    stable, candidate = rollout.counts
    step = rollout.plan.step(rollout.id, rollout.step)
    return {
        "id": rollout.id,
        "app": rollout.app,
        "deploy": rollout.deploy,
        "state": rollout.state.value,
        "stable": {"release": rollout.stable, **_side_json(stable)},
        "candidate": {
            "release": rollout.candidate,
            **_side_json(candidate),
            "condition": rollout.condition,
            "words": rollout.words,
            "failed_checks": rollout.failed_checks,
        },
        "plan": rollout.plan.model_dump(mode="json"),
        "step": rollout.step + 1,
        "share": step.share,
        "names": sorted(step.names),
        "waits_for": rollout.waits_for,
        "started_at": rollout.started_at,
        "step_began": rollout.step_began,
        "heard_at": rollout.heard_at,
        "ended_at": rollout.ended_at,
        "ended_by": rollout.ended_by,
        "reason": rollout.reason,
    }


def _side_json(side: SideCounts) -> Json:
    return {
        "requests": side.requests,
        "errors": side.errors,
        "error_rate": round(side.error_rate, 5),
        "p95_ms": round(side.quantile_ms(0.95), 1),
    }
