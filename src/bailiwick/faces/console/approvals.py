"""Approvals: what waits for a decision, and the card on which it is decided."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn
from bailiwick.control.policies import State
from bailiwick.control.release import Deploy, Release, compare
from bailiwick.faces.console.design_view import design_view
from bailiwick.faces.console.diffs import SPLIT, diff_view, view_links
from bailiwick.faces.console.lookup import audience_of, visible_deploy
from bailiwick.faces.console.reach_view import change_view, reach_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, start_address
from bailiwick.faces.console.words import ago, count, listed, state

_ALL = 500


def add_approvals(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the inbox, the card of a deploy, and the forms that decide."""

    @app.get("/approvals", response_class=HTMLResponse)
    def inbox(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            deploys = control.deploys.inbox(session, visitor.identity)
            sets = control.policies.sets(session, visitor.identity)
        proposals = [item.newest for item in sets if item.newest.state is State.PROPOSED]
        glance = "Nothing waits for a decision."
        if deploys:
            oldest = ago(deploys[0].requested_at, control.clock())
            waits = f"{count(len(deploys), 'deploy')} {'waits' if len(deploys) == 1 else 'wait'} for a decision"
            glance = f"{waits}, the oldest asked {oldest}."
        return pages.render(request, "approvals", visitor, deploys=deploys, proposals=proposals, glance=glance)

    @app.get("/approvals/{deploy_id}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, deploy_id: str, view: str = "", file: str = "") -> Response:
        with control.store.transaction() as session:
            content = _card(control, session, visitor, deploy_id, file)
        content |= {"side_by_side": view == SPLIT, **view_links(f"/approvals/{deploy_id}", view, file)}
        return pages.render(request, "approval", visitor, **content)

    @app.post("/approvals/{deploy_id}/approve")
    def approve(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.approve(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)

    @app.post("/approvals/{deploy_id}/reject")
    def reject(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.reject(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)


def _card(control: ControlPlane, session: Session, visitor: SignedIn, deploy_id: str, file: str) -> dict[str, Any]:
    deploy, app = visible_deploy(control, session, visitor, deploy_id)
    deploys = control.deploys.deploys(session, app.path, limit=_ALL)
    releases = control.releases.releases(session, app.path, limit=_ALL)
    base = _base(deploy, deploys, releases)
    review = control.reviews.of_tree(session, app.path, deploy.tree)
    findings = review.findings if review else ()
    decision = control.deploys.explain_approval(session, visitor.identity, deploy_id)
    back, email = f"/approvals/{deploy.id}", visitor.identity.principal.name
    return {
        "app": app,
        "deploy": deploy,
        "state": state(deploy.state.value),
        "glance": _glance(control, deploy),
        "decision": decision,
        "sign_in_again": start_address(back, email=email, wanted=decision.step_up),
        "change": change_view(compare(base.reach if base else None, deploy.reach)),
        "reach": reach_view(app.path, deploy.reach),
        "design": design_view(
            app.path,
            control.deploys.design(app, deploy.commit, deploy.reach),
            audience_of(control, session, app),
            control.deploys.design(app, base.commit, base.reach) if base else None,
        ),
        "review": review,
        "revisions": control.history.since(session, app, base.commit if base else "", deploy.commit),
        "base": base,
        "decided": deploy.decided_at is not None,
        "diff": diff_view(control.source.diff(app, base.commit if base else "", deploy.commit), findings, only=file),
    }


def _base(deploy: Deploy, deploys: Sequence[Deploy], releases: Sequence[Release]) -> Deploy | None:
    """Return what a deploy is compared with: what production runs, or ran when it was decided; None for nothing."""
    if deploy.decided_at is None:
        current = {item.id for item in releases if item.current and item.mode == "production"}
        return next((item for item in deploys if item.release in current), None)
    earlier = [item for item in deploys if item.release and item.decided_at and item.decided_at < deploy.decided_at]
    return max(earlier, key=lambda item: item.decided_at or item.requested_at, default=None)


def _glance(control: ControlPlane, deploy: Deploy) -> str:
    kind = "The first deploy" if deploy.first_deploy else "A later deploy"
    asked = f"{kind}, asked by {deploy.requested_by} {ago(deploy.requested_at, control.clock())}"
    if deploy.decided_at is None:
        return f"{asked}, written by {listed(deploy.authors)}."
    return f"{asked}; {deploy.state.value} by {deploy.decided_by}: {deploy.reason}"
