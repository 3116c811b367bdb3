"""Approvals: what waits for a decision, and the card on which it is decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn
from bailiwick.control.release import Deploy, InboxLine, Release, inbox_lines
from bailiwick.control.versions import State
from bailiwick.faces.console.database_view import rehearsal_view
from bailiwick.faces.console.design_view import design_view
from bailiwick.faces.console.diffs import SPLIT, diff_view, view_links
from bailiwick.faces.console.egress_view import opened_words
from bailiwick.faces.console.lookup import audience_of, visible_deploy
from bailiwick.faces.console.reach_view import change_view, reach_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, start_address
from bailiwick.faces.console.words import ago, count, listed, state
from bailiwick.faces.gates import gate_json

_ALL = 500


def add_approvals(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the inbox, the card of a deploy, and the forms that decide."""

    @app.get("/approvals", response_class=HTMLResponse)
    def inbox(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            waiting = control.deploys.inbox(session, visitor.identity)
            lines = inbox_lines(control.deploys, session, visitor.identity, waiting)
            decided = control.deploys.decided_lately(session, visitor.identity)
            sets = control.policies.sets(session, visitor.identity)
            emergencies = control.deploys.emergencies.unseen(session, visitor.identity)
            consents = control.consents.waiting(session, visitor.identity)
            budgets = control.budget_notices.waiting(session, visitor.identity)
        proposals = [item.newest for item in sets if item.newest.state is State.PROPOSED]
        now = control.clock()
        parts = [(it, ago(it.deploy.requested_at, now)) for it in lines]
        return pages.render(
            request,
            "approvals",
            visitor,
            mine=[part for part in parts if part[0].mine],
            others=[part for part in parts if not part[0].mine],
            decided=[(it, state(it.state.value)) for it in decided],
            proposals=proposals,
            emergencies=emergencies,
            consents=consents,
            budgets=budgets,
            glance=_waiting_words(lines, now),
        )

    @app.post("/approvals/budgets/{notice}")
    def put_away(visitor: Writer, notice: str) -> Response:
        control.budget_notices.put_away(visitor.identity, notice)
        return RedirectResponse("/approvals", 303)

    @app.get("/approvals/{deploy_id}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, deploy_id: str, view: str = "", file: str = "") -> Response:
        with control.store.transaction() as session:
            content = card_of(control, session, visitor, deploy_id, file)
        content |= {"side_by_side": view == SPLIT, **view_links(f"/approvals/{deploy_id}", view, file)}
        return pages.render(request, "approval", visitor, form=f"/approvals/{deploy_id}", **content)

    @app.post("/approvals/{deploy_id}/approve")
    def approve(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.approve(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)

    @app.post("/approvals/{deploy_id}/withdraw")
    def withdraw(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.withdraw(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)

    @app.post("/approvals/{deploy_id}/review")
    def review_emergency(
        visitor: Writer, deploy_id: str, verdict: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
    ) -> Response:
        control.deploys.emergencies.review(visitor.identity, deploy_id, verdict, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)

    @app.post("/approvals/{deploy_id}/reject")
    def reject(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.reject(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)


def _waiting_words(lines: Sequence[InboxLine], now: datetime) -> str:
    """Return in a sentence what waits, for whoever looks and at all."""
    if not lines:
        return "Nothing waits for a decision."
    mine = sum(line.mine for line in lines)
    oldest = ago(min(line.deploy.requested_at for line in lines), now)
    waits = f"{count(len(lines), 'deploy')} {'waits' if len(lines) == 1 else 'wait'} for a decision"
    return f"{waits}, {mine or 'none'} of them for yours; the oldest was asked for {oldest}."


def card_of(control: ControlPlane, session: Session, visitor: SignedIn, deploy_id: str, file: str) -> dict[str, Any]:
    """Return what the card of a deploy shows to somebody; `file` is the one whose difference is shown alone."""
    deploy, app = visible_deploy(control, session, visitor, deploy_id)
    deploys = control.deploys.deploys(session, app.path, limit=_ALL)
    releases = control.releases.releases(session, app.path, limit=_ALL)
    base = _base(deploy, deploys, releases)
    review = control.reviews.of_tree(session, app.path, deploy.tree)
    findings = review.findings if review else ()
    judged = control.deploys.explain_approval(session, visitor.identity, deploy_id)
    decision = judged.decision
    standing = control.deploys.standing(session, visitor.identity, deploy_id, control.access.everyone(session))
    emergency = control.deploys.emergencies.of_deploy(session, deploy_id)
    back, email = f"/approvals/{deploy.id}", visitor.identity.principal.name
    return {
        "app": app,
        "deploy": deploy,
        "state": state(deploy.state.value),
        "glance": _glance(control, deploy),
        "decision": decision,
        "standing": gate_json(standing),
        "yours": standing is not None
        and any(item.approver == str(visitor.identity.principal) for item in standing.weighed.counted),
        "behalf": judged.behalf,
        "frozen": control.deploys.why_frozen(session, deploy_id) if deploy.decided_at is None else "",
        "sign_in_again": start_address(back, email=email, wanted=decision.step_up),
        "change": change_view(base.reach if base else None, deploy.reach),
        "reach": reach_view(app.path, deploy.reach),
        "opened": opened_words(session, app.path, deploy.reach.egress),
        "design": design_view(
            app.path,
            control.deploys.design(app, deploy.commit, deploy.reach),
            audience_of(control, session, app),
            control.deploys.design(app, base.commit, base.reach) if base else None,
        ),
        "emergency": emergency,
        "may_review": emergency is not None
        and control.deploys.emergencies.may_review(session, visitor.identity, emergency),
        "rehearsal": rehearsal_view(control.rehearsals.of_deploy(session, deploy_id)),
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
    kind = f"An emergency. {kind}" if deploy.emergency else kind
    asked = f"{kind}, asked by {deploy.requested_by} {ago(deploy.requested_at, control.clock())}"
    if deploy.decided_at is None:
        return f"{asked}, written by {listed(deploy.authors)}."
    behalf = f" for {deploy.decided_for}" if deploy.decided_for else ""
    return f"{asked}; {deploy.state.value} by {deploy.decided_by}{behalf}: {deploy.reason}"
