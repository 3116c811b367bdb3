"""The console's pages and forms. Each does what an API call would; none decides anything."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.faces.console.addresses import app_addresses, git_address
from bailiwick.faces.console.errors import add_errors
from bailiwick.faces.console.headers import ProtectingHeaders
from bailiwick.faces.console.lookup import visible_deploy, visible_review
from bailiwick.faces.console.pictures import reach_picture, requests_picture
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.sign_in import add_sign_in

_HERE = Path(__file__).parent


def add_console(app: FastAPI, control: ControlPlane) -> None:
    """Add the console's pages to an application."""
    app.state.control = control
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    secure = control.settings.public_url.startswith("https:")
    pages = Pages(control)
    app.add_middleware(ProtectingHeaders, secure=secure)
    add_errors(app, pages, secure=secure)
    add_sign_in(app, control, pages, secure=secure)
    _add_apps(app, control, pages)
    _add_decisions(app, control, pages)
    _add_audit(app, control, pages)


def _add_apps(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/", response_class=HTMLResponse)
    def overview(request: Request, visitor: Visitor, cursor: str = "") -> Response:
        with control.store.transaction() as session:
            page = control.catalog.list_apps(session, visitor.identity, cursor=cursor)
            statuses = {(item.app, item.mode): item for item in control.observe.statuses(session)}
            stopped = {item.path: next(iter(control.stops.standing(session, item.path)), None) for item in page.apps}
            folders = control.catalog.folders(session)
        return pages.render(
            request,
            "apps",
            visitor,
            apps=page.apps,
            statuses=statuses,
            stopped=stopped,
            cursor=page.cursor,
            folders=folders,
        )

    @app.post("/apps")
    def create(visitor: Writer, path: Annotated[str, Form()]) -> Response:
        made = control.catalog.create_app(visitor.identity, path.strip())
        return RedirectResponse(f"/apps/{made.path}", 303)

    @app.get("/apps/{path:path}", response_class=HTMLResponse)
    def show(request: Request, visitor: Visitor, path: str) -> Response:
        with control.store.transaction() as session:
            return pages.render(request, "app", visitor, **_app_content(control, session, visitor, path))

    @app.post("/apps/{path:path}/deploy")
    def deploy(visitor: Writer, path: str) -> Response:
        made = control.deploys.request(visitor.identity, path)
        return RedirectResponse(f"/approvals/{made.id}", 303)

    @app.post("/apps/{path:path}/kill")
    def kill(visitor: Writer, path: str, reason: Annotated[str, Form()] = "") -> Response:
        control.stops.kill(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}", 303)

    @app.post("/apps/{path:path}/revive")
    def revive(visitor: Writer, path: str, reason: Annotated[str, Form()] = "") -> Response:
        control.stops.revive(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}", 303)

    @app.get("/reviews/{review_id}", response_class=HTMLResponse)
    def review(request: Request, visitor: Visitor, review_id: str) -> Response:
        with control.store.transaction() as session:
            found = visible_review(control, session, visitor, review_id)
        return pages.render(request, "review", visitor, review=found)


def _app_content(control: ControlPlane, session: Any, visitor: SignedIn, path: str) -> dict[str, Any]:
    found = control.catalog.readable_app(session, visitor.identity, path)
    reach = control.deploys.production_reach(session, found.path)
    may = {
        action: control.authorizer.decide(session, visitor.identity, f"app.{action}", found.resource)
        for action in ("kill", "revive", "request-deploy")
    }
    return {
        "app": found,
        "urls": app_addresses(control.settings, found),
        "git_url": git_address(control.settings, found),
        "stopped": next(iter(control.stops.standing(session, found.path)), None),
        "statuses": control.observe.statuses(session, found.path),
        "reach": reach,
        "reach_svg": reach_picture(found.path, reach) if reach is not None else "",
        "requests_svg": requests_picture(control.observe.requests(session, found.path, "production")),
        "review": control.reviews.latest(session, found.path),
        "pushes": control.source.pushes(session, found),
        "releases": control.releases.releases(session, found.path),
        "deploys": control.deploys.deploys(session, found.path),
        "evidence": control.observe.evidence(session, found.path),
        "job_runs": control.observe.job_runs(session, found.path),
        "refused": search(session, AuditQuery(app=found.path, outcome="refused"), limit=20).events,
        "may": may,
    }


def _add_decisions(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/approvals", response_class=HTMLResponse)
    def inbox(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            deploys = control.deploys.inbox(session, visitor.identity)
        return pages.render(request, "approvals", visitor, deploys=deploys)

    @app.get("/approvals/{deploy_id}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, deploy_id: str) -> Response:
        with control.store.transaction() as session:
            deploy, found = visible_deploy(control, session, visitor, deploy_id)
            content: dict[str, Any] = {
                "deploy": deploy,
                "app": found,
                "decision": control.deploys.explain_approval(session, visitor.identity, deploy_id),
                "change": control.deploys.reach_change(session, deploy_id),
                "reach_svg": reach_picture(found.path, deploy.reach),
                "review": control.reviews.latest(session, found.path),
            }
            running = next(
                (r for r in control.releases.releases(session, found.path) if r.current and r.mode == "production"),
                None,
            )
            before = running.commit if running and running.commit != deploy.commit else ""
            content["diff"] = control.source.diff(found, before, deploy.commit)[:200_000].splitlines()
        return pages.render(request, "approval", visitor, **content)

    @app.post("/approvals/{deploy_id}/approve")
    def approve(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.approve(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)

    @app.post("/approvals/{deploy_id}/reject")
    def reject(visitor: Writer, deploy_id: str, reason: Annotated[str, Form()] = "") -> Response:
        control.deploys.reject(visitor.identity, deploy_id, reason)
        return RedirectResponse(f"/approvals/{deploy_id}", 303)


def _add_audit(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/audit", response_class=HTMLResponse)
    def audit(request: Request, visitor: Visitor) -> Response:
        names = ("actor", "action", "resource", "app", "outcome", "trace", "text")
        asked = {name: request.query_params.get(name, "") for name in names}
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            page = search(session, _query(asked), cursor=request.query_params.get("cursor", ""), limit=100)
        further = urlencode({**{key: value for key, value in asked.items() if value}, "cursor": page.cursor})
        return pages.render(request, "audit", visitor, page=page, asked=asked, further=further)


def _query(asked: dict[str, str]) -> AuditQuery:
    return AuditQuery(
        actor=asked["actor"],
        action=asked["action"],
        resource=asked["resource"],
        app=asked["app"],
        outcome=asked["outcome"],
        trace=asked["trace"],
        text=asked["text"],
    )
