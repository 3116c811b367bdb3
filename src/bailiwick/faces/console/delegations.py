"""Delegations in the console: what one handed over and was handed, and the forms that hand over and end."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.delegations import MOST, Delegation
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count

_PAGE = "/delegations"


def add_delegations(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""
    service = control.delegations

    @app.get(_PAGE, response_class=HTMLResponse)
    def delegations(request: Request, visitor: Visitor) -> Response:
        me, now = str(visitor.identity.principal), control.clock()
        with control.store.transaction() as session:
            found = service.delegations(session, visitor.identity)
            may = service.explain(session, visitor.identity)
        given = sum(item.counts(now) and item.delegator == me for item in found)
        got = sum(item.counts(now) and item.delegate == me for item in found)
        return pages.render(
            request,
            "delegations",
            visitor,
            glance=f"{count(given, 'person', 'people')} may approve for you; you may approve for {got or 'nobody'}.",
            lines=[(item, _state(item, now)) for item in found],
            may=may,
            latest=(now + MOST).date().isoformat(),
        )

    @app.post(_PAGE)
    def make(
        visitor: Writer,
        delegate: Annotated[str, Form(max_length=260)],
        until: Annotated[date, Form()],
        starts: Annotated[date | str, Form()] = "",
        folder: Annotated[str, Form(max_length=300)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        begins = _midnight(starts) if isinstance(starts, date) else None
        service.make(visitor.identity, delegate.strip(), _midnight(until), reason, folder=folder.strip(), starts=begins)
        return RedirectResponse(_PAGE, 303)

    @app.post(_PAGE + "/{delegation_id}/end")
    def end(visitor: Writer, delegation_id: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        service.end(visitor.identity, delegation_id, reason)
        return RedirectResponse(_PAGE, 303)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _state(item: Delegation, now: datetime) -> State:
    if item.counts(now):
        return State("counts", "good")
    if item.ended_at is None and now < item.starts:
        return State("begins later", "warn")
    return State("over", "plain")
