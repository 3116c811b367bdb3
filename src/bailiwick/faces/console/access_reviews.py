"""Access reviews: the campaigns, the table in which one decides, and the forms that start, decide, open and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews import AT_ONCE, Campaign, ItemFilter, OnDue, Plan, State, Verdict
from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.faces.api.access_reviews import export_response
from bailiwick.faces.console.access_review_words import address, by_holder, chips, due_words, stage
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, own_path
from bailiwick.faces.console.words import Stat, count
from bailiwick.faces.console.words import State as Pill

_PAGE = 100
_MOST = 500
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign as a row, with how many of its items wait for the visitor."""

    campaign: Campaign
    stage: Pill
    due: str
    waiting: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a campaign's items a page is, and how many it shows."""

    cursor: str
    limit: int

    @property
    def size(self) -> dict[str, str]:
        return {} if self.limit == _PAGE else {"limit": str(self.limit)}


def add_access_reviews(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add access reviews to the console."""
    _add_pages(app, control, pages)
    _add_forms(app, control)


def _add_pages(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/access-reviews", response_class=HTMLResponse)
    def campaigns(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found = control.access_reviews.campaigns(session, visitor.identity)
            waiting = control.access_reviews.waiting(session, visitor.identity)
            manage = control.authorizer.explain(
                session, visitor.identity, "access-review.manage", ORGANIZATION, {"removes": False}
            )
            removes = control.authorizer.decide(
                session, visitor.identity, "access-review.manage", ORGANIZATION, {"removes": True}
            )
        now, waits = control.clock(), {item.campaign.id: item.items for item in waiting}
        lines = [CampaignLine(it, stage(it), _when(it, now), waits.get(it.id, 0)) for it in found]
        return pages.render(
            request,
            "access_reviews",
            visitor,
            lines=lines,
            glance=waiting_words(control, [it.campaign for it in waiting]) or _quiet(lines),
            manage=manage,
            on_due=[choice.value for choice in OnDue] if removes.within_reach else [OnDue.KEEP.value],
        )

    @app.get("/access-reviews/{review_id}/export")
    def export(visitor: Visitor, review_id: str, form: Literal["csv", "json"] = "csv") -> Response:
        return export_response(*control.access_reviews.exported(visitor.identity, review_id), form)

    @app.get("/access-reviews/{review_id}", response_class=HTMLResponse)
    def campaign(
        request: Request,
        visitor: Visitor,
        review_id: str,
        decided: str = "",
        flag: str = "",
        text: str = "",
        holder: str = "",
        cursor: str = "",
        limit: Annotated[int, Query(ge=1, le=_MOST)] = _PAGE,
    ) -> Response:
        wanted, place = ItemFilter(flag, decided, holder, text.strip()), _Place(cursor, limit)
        with control.store.transaction() as session:
            content = _content(control, session, visitor, review_id, wanted, place)
        return pages.render(request, "access_review", visitor, **content)


def _add_forms(app: FastAPI, control: ControlPlane) -> None:
    service = control.access_reviews

    @app.post("/access-reviews")
    def start(
        visitor: Writer,
        name: Annotated[str, Form()],
        scope: Annotated[str, Form()] = ORGANIZATION,
        days: Annotated[int, Form(ge=1, le=366)] = 14,
        reviewers: Annotated[str, Form(max_length=2000)] = "",
        on_due: Annotated[OnDue, Form()] = OnDue.KEEP,
    ) -> Response:
        # A minute is added, so that one day is not a second too short.
        due = control.clock() + timedelta(days=days, minutes=1)
        named = tuple(reviewers.replace(",", " ").split())
        made = service.draft(visitor.identity, Plan(name, scope.strip(), due, reviewers=named, on_due=on_due))
        return RedirectResponse(f"/access-reviews/{made.id}", 303)

    @app.post("/access-reviews/{review_id}/open")
    def open_draft(visitor: Writer, review_id: str) -> Response:
        service.open(visitor.identity, review_id)
        return RedirectResponse(f"/access-reviews/{review_id}", 303)

    @app.post("/access-reviews/{review_id}/decide")
    def decide(
        request: Request,
        visitor: Writer,
        review_id: str,
        decision: Annotated[Verdict, Form()],
        items: Annotated[list[int] | None, Form()] = None,
        reason: Annotated[str, Form(max_length=2000)] = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        decided = service.decide(visitor.identity, review_id, items or [], decision, reason)
        if request.headers.get("accept", "").startswith(_JSON):
            with control.store.transaction() as session:
                progress = service.campaign(session, visitor.identity, review_id)
            return JSONResponse({"decided": decided, "all": progress.decided, "items": progress.items})
        where = own_path(back)
        same_page = urlsplit(where).path == f"/access-reviews/{review_id}"
        return RedirectResponse(where if same_page else f"/access-reviews/{review_id}", 303)

    @app.post("/access-reviews/{review_id}/close")
    def close(visitor: Writer, review_id: str, reason: Annotated[str, Form()] = "") -> Response:
        service.close(visitor.identity, review_id, reason)
        control.access_review_keeper.move(review_id, most=AT_ONCE)
        return RedirectResponse(f"/access-reviews/{review_id}", 303)


def _content(
    control: ControlPlane, session: Session, visitor: SignedIn, review_id: str, wanted: ItemFilter, place: _Place
) -> dict[str, Any]:
    service, identity = control.access_reviews, visitor.identity
    campaign = service.campaign(session, identity, review_id)
    page = service.items(session, identity, review_id, wanted, cursor=place.cursor, limit=place.limit)
    removes = campaign.plan.on_due is not OnDue.KEEP
    manage = control.authorizer.decide(
        session, identity, "access-review.manage", campaign.plan.scope, {"removes": removes}
    )
    decisions, flags = chips(campaign, wanted)
    return {
        "campaign": campaign,
        "stage": stage(campaign),
        "glance": _glance(control, campaign),
        "stats": _stats(campaign),
        "holders": list(by_holder(page.items, page.mine)),
        "deciding": bool(page.mine),
        "shown": len(page.items),
        "further": address(campaign, wanted, cursor=page.cursor, **place.size) if page.cursor else "",
        "more_at_once": address(campaign, wanted, limit=str(_MOST)) if page.cursor and place.limit < _MOST else "",
        "back": address(campaign, wanted, cursor=place.cursor, **place.size),
        "decisions": decisions,
        "flags": flags,
        "wanted": wanted,
        "may_manage": manage.within_reach and campaign.state in {State.DRAFT, State.OPEN},
        "consequence": _consequence(campaign),
    }


def waiting_words(control: ControlPlane, waiting: Sequence[Campaign]) -> str:
    """Return in a sentence which access reviews wait for somebody, the most urgent first; empty when none does."""
    if not waiting:
        return ""
    verb = "waits" if len(waiting) == 1 else "wait"
    due = due_words(waiting[0].plan.due, control.clock())
    which = f"{waiting[0].plan.name}, {due}" if len(waiting) == 1 else f"{waiting[0].plan.name} first, {due}"
    return f"{count(len(waiting), 'access review')} {verb} for you: {which}."


def _when(campaign: Campaign, now: datetime) -> str:
    ended = campaign.closed_at
    return due_words(campaign.plan.due, now) if ended is None else f"ended {ended:%Y-%m-%d}"


def _quiet(lines: Sequence[CampaignLine]) -> str:
    if not lines:
        return "There is no access review that you may see."
    running = sum(line.campaign.state is State.OPEN for line in lines)
    return f"{count(len(lines), 'access review')}, {running} open; none waits for you."


def _glance(control: ControlPlane, campaign: Campaign) -> str:
    plan, due = campaign.plan, due_words(campaign.plan.due, control.clock())
    where = "the organisation" if plan.scope == ORGANIZATION else plan.scope
    match campaign.state:
        case State.DRAFT:
            return f"A draft over {where}, {due}: nothing is frozen and nobody is asked before it is opened."
        case State.OPEN:
            left = "everything is decided" if not campaign.undecided else f"{campaign.undecided:,} are undecided"
            return f"{campaign.decided:,} of {count(campaign.items, 'item')} decided, {left}; {due}."
        case State.CLOSING:
            return "It is over, and what was decided is being done."
    return f"It is over: {campaign.decided:,} of {count(campaign.items, 'item')} were decided."


def _stats(campaign: Campaign) -> tuple[Stat, ...]:
    keeping = campaign.decided - campaign.removing
    return (
        Stat("Items", f"{campaign.items:,}", "that you may see"),
        Stat("Undecided", f"{campaign.undecided:,}", _undecided_note(campaign.plan.on_due)),
        Stat("Keep", f"{keeping:,}"),
        Stat("Remove", f"{campaign.removing:,}", "when it is over", "bad" if campaign.removing else "plain"),
    )


def _undecided_note(on_due: OnDue) -> str:
    return {
        OnDue.KEEP: "stay, if nobody decides",
        OnDue.REMOVE: "go, if nobody decides",
        OnDue.REMOVE_PRIVILEGED: "privileged ones go, if nobody decides",
    }[on_due]


def _consequence(campaign: Campaign) -> str:
    """Return what ending the campaign now does, for before the click."""
    taken = f"{count(campaign.removing, 'access is', 'accesses are')} taken away at once, on all planes"
    return (
        f"{taken}; {campaign.undecided:,} undecided {_undecided_note(campaign.plan.on_due)}. It cannot be opened again."
    )
