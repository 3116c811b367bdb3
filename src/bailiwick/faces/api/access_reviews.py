"""Access reviews over the API: plan, open, decide, end and export."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bailiwick.control.access_reviews import (
    AT_ONCE,
    Campaign,
    Flag,
    Item,
    ItemFilter,
    Kind,
    OnDue,
    Plan,
    Verdict,
    campaign_json,
    csv_lines,
    item_json,
)
from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


class PlanBody(BaseModel):
    """What a campaign should be; no `reviewers` means the owners. A draft is opened by a call of its own."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=120)
    scope: str = Field(default=ORGANIZATION, max_length=300)
    due: AwareDatetime
    kinds: frozenset[Kind] = frozenset(Kind)
    reviewers: tuple[str, ...] = Field(default=(), max_length=50)
    on_due: OnDue = OnDue.KEEP
    draft: bool = False


class DecisionBody(BaseModel):
    """What is said of which items, and why."""

    model_config = ConfigDict(extra="forbid")
    items: list[int] = Field(min_length=1, max_length=1000)
    decision: Verdict
    reason: str = Field(default="", max_length=2000)


def add_access_reviews(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add access reviews to the API."""
    _add_campaigns(api, control, Caller)
    _add_decisions(api, control, Caller)


def _add_campaigns(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    service = control.access_reviews

    @api.post("/v1/access-reviews", status_code=201)
    def start(identity: Caller, body: PlanBody) -> Json:
        plan = Plan(body.name, body.scope, body.due, body.kinds, body.reviewers, body.on_due)
        made = service.draft(identity, plan)
        return campaign_json(made if body.draft else service.open(identity, made.id))

    @api.get("/v1/access-reviews")
    def campaigns(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            found = service.campaigns(session, identity)
        shown, further = page(found, lambda item: item.id, cursor, limit)
        return {"access_reviews": [campaign_json(item) for item in shown], "cursor": further}

    @api.get("/v1/access-reviews/waiting")
    def waiting(identity: Caller) -> Json:
        with control.store.transaction() as session:
            found = service.waiting(session, identity)
        listed = [{"id": it.campaign.id, "name": it.campaign.plan.name, "items": it.items, "due": it.campaign.plan.due}
                  for it in found]  # fmt: skip
        return {"waiting": listed}

    @api.get("/v1/access-reviews/{review_id}")
    def show(identity: Caller, review_id: str) -> Json:
        with control.store.transaction() as session:
            return campaign_json(service.campaign(session, identity, review_id))

    @api.post("/v1/access-reviews/{review_id}/open")
    def open_draft(identity: Caller, review_id: str) -> Json:
        return campaign_json(service.open(identity, review_id))

    @api.post("/v1/access-reviews/{review_id}/close")
    def close(identity: Caller, review_id: str, body: ReasonBody) -> Json:
        service.close(identity, review_id, body.reason)
        control.access_review_keeper.move(review_id, most=AT_ONCE)
        return show(identity, review_id)


def _add_decisions(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    service = control.access_reviews

    @api.get("/v1/access-reviews/{review_id}/items")
    def items(
        identity: Caller,
        review_id: str,
        flag: Flag | None = None,
        decided: Annotated[str, Query(pattern="^(yes|no|keep|remove|)$")] = "",
        holder: str = "",
        text: str = "",
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        wanted = ItemFilter(flag.value if flag else "", decided, holder, text)
        with control.store.transaction() as session:
            found = service.items(session, identity, review_id, wanted, cursor=cursor, limit=limit)
        listed = [{**item_json(item), "mine": item.number in found.mine} for item in found.items]
        return {"items": listed, "cursor": found.cursor}

    @api.post("/v1/access-reviews/{review_id}/decisions")
    def decide(identity: Caller, review_id: str, body: DecisionBody) -> Json:
        number = service.decide(identity, review_id, body.items, body.decision, body.reason)
        return {"decided": number, "decision": body.decision.value}

    @api.get("/v1/access-reviews/{review_id}/export")
    def export(
        identity: Caller, review_id: str, form: Annotated[Literal["csv", "json"], Query(alias="format")] = "json"
    ) -> Response:
        return export_response(*service.exported(identity, review_id), form)


def export_response(campaign: Campaign, items: list[Item], form: Literal["csv", "json"]) -> Response:
    """Return a campaign as a file to keep."""
    lines = csv_lines(items) if form == "csv" else _json_lines(campaign, items)
    name = f"{campaign.id}-{campaign.state.value}.{form}"
    media = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    return StreamingResponse(lines, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})


def _json_lines(campaign: Campaign, items: list[Item]) -> Iterator[str]:
    yield f'{{"access_review": {json.dumps(campaign_json(campaign))},\n"items": [\n'
    for place, item in enumerate(items):
        yield (",\n" if place else "") + json.dumps(item_json(item))
    yield "\n]}\n"
