"""Waivers in the console: the list, the form that asks for one, and the card on which one is decided."""

from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.waivers import DEFAULT_DAYS, MOST_DAYS, WaiverFilter, WaiverState
from bailiwick.core.errors import NotFoundError
from bailiwick.faces.console.findings import SEVERITIES, address, chips
from bailiwick.faces.console.lookup import visible_review
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Kind, State, count

_KINDS: dict[WaiverState, Kind] = {
    WaiverState.REQUESTED: "warn",
    WaiverState.APPROVED: "good",
    WaiverState.REFUSED: "bad",
    WaiverState.ENDED: "plain",
}


def add_waivers(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add waivers to the console."""
    _add_pages(app, control, pages)
    _add_forms(app, control)


def _add_pages(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/waivers", response_class=HTMLResponse)
    def listing(
        request: Request, visitor: Visitor, app: str = "", rule: str = "", severity: str = "", state: str = "",
        ending: bool = False, cursor: str = "",
    ) -> Response:  # fmt: skip
        wanted = WaiverFilter(app.strip(), state, rule.strip(), severity, ending)
        with control.store.transaction() as session:
            page = control.waivers.list(session, visitor.identity, wanted, cursor=cursor)
        asked: dict[str, Any] = {"app": wanted.app, "rule": wanted.rule, "severity": severity, "state": state}
        now = control.clock()
        soon = sum(item.ends_soon(now) for item in page.waivers)
        waits = sum(item.state is WaiverState.REQUESTED for item in page.waivers)
        glance = f"{count(len(page.waivers), 'waiver')}: {waits} to be decided, {soon} with a week or less to go."
        return pages.render(
            request,
            "waivers",
            visitor,
            lines=[(item, state_of(item.state), item.ends_soon(now)) for item in page.waivers],
            glance=glance if page.waivers else "No waiver matches.",
            wanted=wanted,
            severities=chips("/waivers", asked, "severity", SEVERITIES[:3]),
            states=chips("/waivers", asked, "state", [item.value for item in WaiverState]),
            further=address("/waivers", {**asked, "ending": ending, "cursor": page.cursor}) if page.cursor else "",
        )

    @app.get("/waivers/new", response_class=HTMLResponse)
    def form(request: Request, visitor: Visitor, review: str, finding: str) -> Response:
        with control.store.transaction() as session:
            found = visible_review(control, session, visitor, review)
            item = next((it for it in found.findings if it.fingerprint == finding), None)
            if item is None:
                raise NotFoundError(f"the review {review[:60]} has no finding '{finding[:40]}'")
            decision = control.authorizer.explain(session, visitor.identity, "waiver.request", f"app:{found.app}")
        return pages.render(
            request,
            "waiver_new",
            visitor,
            review=found,
            item=item,
            decision=decision,
            days=DEFAULT_DAYS,
            most=MOST_DAYS,
        )

    @app.get("/waivers/{waiver_id}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, waiver_id: str) -> Response:
        with control.store.transaction() as session:
            waiver = control.waivers.waiver(session, visitor.identity, waiver_id)
            approve = control.waivers.explain_approval(session, visitor.identity, waiver)
            end = control.authorizer.decide(session, visitor.identity, "waiver.end", f"app:{waiver.app}")
        return pages.render(
            request,
            "waiver",
            visitor,
            waiver=waiver,
            state=state_of(waiver.state),
            over=waiver.until <= control.clock(),
            approve=approve,
            end=end,
        )


def _add_forms(app: FastAPI, control: ControlPlane) -> None:
    service = control.waivers

    @app.post("/waivers")
    def request(
        visitor: Writer,
        review: Annotated[str, Form(max_length=60)],
        finding: Annotated[str, Form(max_length=64)],
        reason: Annotated[str, Form(max_length=2000)] = "",
        days: Annotated[int, Form()] = DEFAULT_DAYS,
    ) -> Response:
        made = service.request(visitor.identity, review, finding, reason, days)
        return RedirectResponse(f"/waivers/{made.id}", 303)

    @app.post("/waivers/{waiver_id}/approve")
    def approve(visitor: Writer, waiver_id: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        service.approve(visitor.identity, waiver_id, reason)
        return RedirectResponse(f"/waivers/{waiver_id}", 303)

    @app.post("/waivers/{waiver_id}/refuse")
    def refuse(visitor: Writer, waiver_id: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        service.refuse(visitor.identity, waiver_id, reason)
        return RedirectResponse(f"/waivers/{waiver_id}", 303)

    @app.post("/waivers/{waiver_id}/end")
    def end(visitor: Writer, waiver_id: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        service.end(visitor.identity, waiver_id, reason)
        return RedirectResponse(f"/waivers/{waiver_id}", 303)


def state_of(found: WaiverState) -> State:
    """Return the state of a waiver as a pill shows it."""
    return State(found.value, _KINDS[found])
