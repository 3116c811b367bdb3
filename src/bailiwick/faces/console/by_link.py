"""The link of a mail: the card of a deploy for whoever it was made for, and the forms that decide by it."""

from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.core.principals import Identity
from bailiwick.faces.console.approvals import card_of
from bailiwick.faces.console.diffs import view_links
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import SignInNeededError, Writer, require_own_origin, visitor_or_none
from bailiwick.faces.origin import address_of

_Reason = Annotated[str, Form(max_length=2000)]


def add_by_link(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the pages. What opens links only to look at them decides nothing: that takes a form."""
    _add_forms(app, control, pages)

    @app.get("/decide/{token}", response_class=HTMLResponse)
    def by_link(request: Request, token: str) -> Response:
        visitor = visitor_or_none(request)
        if visitor is None:
            return _short_card(control, pages, request, _proven(control, request, token), token)
        deploy = control.links.open(visitor.identity, token)
        with control.store.transaction() as session:
            content = card_of(control, session, visitor, deploy.id, "")
        content |= {"side_by_side": False, **view_links(f"/approvals/{deploy.id}", "", "")}
        return pages.render(request, "approval", visitor, form=f"/decide/{token}", **content)


def _add_forms(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.post("/decide/{token}/approve")
    def approve(visitor: Writer, token: str, reason: _Reason = "") -> Response:
        return RedirectResponse(f"/approvals/{control.links.approve(visitor.identity, token, reason).id}", 303)

    @app.post("/decide/{token}/reject")
    def reject(visitor: Writer, token: str, reason: _Reason = "") -> Response:
        return RedirectResponse(f"/approvals/{control.links.reject(visitor.identity, token, reason).id}", 303)

    # Nobody is signed in here, so there is no token of a session in the form: that of the link is as hard to guess.
    @app.post("/decide/{token}/unsigned/approve", response_class=HTMLResponse)
    def approve_unsigned(request: Request, token: str, reason: _Reason = "") -> Response:
        require_own_origin(request, control)
        done = control.links.approve(_proven(control, request, token), token, reason)
        return pages.render(request, "decided", deploy=done, reason=reason)

    @app.post("/decide/{token}/unsigned/reject", response_class=HTMLResponse)
    def reject_unsigned(request: Request, token: str, reason: _Reason = "") -> Response:
        require_own_origin(request, control)
        done = control.links.reject(_proven(control, request, token), token, reason)
        return pages.render(request, "decided", deploy=done, reason=reason)


def _proven(control: ControlPlane, request: Request, token: str) -> Identity:
    """Return the person of a link that may stand for a sign-in; raise `SignInNeededError` as for every other page."""
    person = control.links.proven(token, address_of(request.scope))
    if person is None:
        raise SignInNeededError("nobody is signed in", hint="sign in")
    return person


def _short_card(control: ControlPlane, pages: Pages, request: Request, person: Identity, token: str) -> Response:
    """Show what is asked and what is new, and no more of the app than that: the rest is for who signed in."""
    deploy = control.links.open(person, token)
    with control.store.transaction() as session:
        change = control.deploys.reach_change(session, deploy.id)
        judged = control.deploys.explain_approval(session, person, deploy.id)
    return pages.render(
        request,
        "decide",
        deploy=deploy,
        person=str(person.principal),
        change=change,
        judged=judged,
        form=f"/decide/{token}/unsigned",
    )
