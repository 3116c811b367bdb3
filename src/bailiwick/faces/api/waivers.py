"""Waivers and unsafe releases over the API: ask, decide, end, list."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import FindingFilter, FindingState
from bailiwick.control.waivers import DEFAULT_DAYS, MOST_DAYS, Waiver, WaiverFilter, WaiverState
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit

Severity = Literal["", "medium", "high", "critical"]


class WaiverBody(BaseModel):
    """Which finding of which review may pass, why, and for how many days."""

    model_config = ConfigDict(extra="forbid")
    review: str = Field(max_length=60)
    finding: str = Field(max_length=64, description="its fingerprint")
    reason: str = Field(default="", max_length=2000)
    days: int = Field(default=DEFAULT_DAYS, ge=1, le=MOST_DAYS)


def add_waivers(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add waivers and unsafe releases to the API."""

    @api.post("/v1/waivers", status_code=201)
    def request(identity: Caller, body: WaiverBody) -> Json:
        return waiver_json(control.waivers.request(identity, body.review, body.finding, body.reason, body.days))

    @api.get("/v1/waivers")
    def listing(
        identity: Caller,
        app: Annotated[str, Query(max_length=300)] = "",
        state: WaiverState | None = None,
        rule: Annotated[str, Query(max_length=100)] = "",
        severity: Severity = "",
        ending: bool = False,
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        wanted = WaiverFilter(app, state.value if state else "", rule, severity, ending)
        with control.store.transaction() as session:
            page = control.waivers.list(session, identity, wanted, cursor=cursor, limit=limit)
        return {"waivers": [waiver_json(item) for item in page.waivers], "cursor": page.cursor}

    @api.get("/v1/waivers/{waiver_id}")
    def show(identity: Caller, waiver_id: str) -> Json:
        with control.store.transaction() as session:
            waiver = control.waivers.waiver(session, identity, waiver_id)
            decision = control.waivers.explain_approval(session, identity, waiver)
        explained = {"allowed": decision.allowed, "reason": decision.reason, "deciders": list(decision.deciders)}
        return {**waiver_json(waiver), "you_may_approve": explained}

    @api.post("/v1/waivers/{waiver_id}/approve")
    def approve(identity: Caller, waiver_id: str, body: ReasonBody) -> Json:
        return waiver_json(control.waivers.approve(identity, waiver_id, body.reason))

    @api.post("/v1/waivers/{waiver_id}/refuse")
    def refuse(identity: Caller, waiver_id: str, body: ReasonBody) -> Json:
        return waiver_json(control.waivers.refuse(identity, waiver_id, body.reason))

    @api.post("/v1/waivers/{waiver_id}/end")
    def end(identity: Caller, waiver_id: str, body: ReasonBody) -> Json:
        return waiver_json(control.waivers.end(identity, waiver_id, body.reason))

    @api.get("/v1/findings")
    def findings(
        identity: Caller,
        app: Annotated[str, Query(max_length=300)] = "",
        state: FindingState | None = None,
        rule: Annotated[str, Query(max_length=100)] = "",
        severity: Literal["", "low", "medium", "high", "critical"] = "",
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        wanted = FindingFilter(app, rule, severity, state.value if state else "")
        with control.store.transaction() as session:
            page = control.findings.list(session, identity, wanted, cursor=cursor, limit=limit)
        found = [{**asdict(item), "state": item.state} for item in page.findings]
        return {"findings": found, "cursor": page.cursor}

    @api.get("/v1/unsafe-releases")
    def unsafe(identity: Caller) -> Json:
        with control.store.transaction() as session:
            found = control.rereviews.unsafe(session, identity)
            progress = control.rereviews.progress(session)
        return {"releases": [asdict(item) for item in found], "being_reviewed_again": asdict(progress)}


def waiver_json(waiver: Waiver) -> Json:
    """Return a waiver as the API shows it."""
    return asdict(waiver)
