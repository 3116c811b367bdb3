"""Rules of approval over the API: list, set, remove."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.gates import Rule, RuleDraft, RuleKind, Sensitivity
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json

Seat = Annotated[str, Field(max_length=220)]


class PlaceBody(ReasonBody):
    """Where a rule stands, and why it changes."""

    folder: str = Field(default="", max_length=300, description="empty for the organisation")
    sensitivity: Sensitivity = Sensitivity.ANY


class RuleBody(PlaceBody):
    """A rule: who must approve later deploys."""

    kind: RuleKind
    by: tuple[Seat, ...] = Field(default=(), max_length=10, description="of several: role:NAME, group:NAME, anyone")


def add_approval_rules(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add rules of approval to the API."""
    service = control.approval_rules

    @api.get("/v1/approval-rules")
    def listing(identity: Caller, earlier: Annotated[bool, Query(description="versions of before")] = False) -> Json:
        with control.store.transaction() as session:
            found = service.earlier(session, identity) if earlier else service.rules(session, identity)
        return {"rules": [rule_json(item) for item in found]}

    @api.put("/v1/approval-rules")
    def put(identity: Caller, body: RuleBody) -> Json:
        draft = RuleDraft(body.folder, body.kind, body.by, body.sensitivity)
        return rule_json(service.set(identity, draft, body.reason))

    @api.post("/v1/approval-rules/remove")
    def remove(identity: Caller, body: PlaceBody) -> Json:
        return rule_json(service.remove(identity, body.folder, body.sensitivity, body.reason))


def rule_json(rule: Rule) -> Json:
    """Return a rule as the API shows it."""
    return {**asdict(rule), "name": rule.name, "words": rule.words}
