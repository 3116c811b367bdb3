"""The console's pages and forms. Each does what an API call would; none decides anything."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from bailiwick.control.app import CALLBACK_PATH, ControlPlane
from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.catalog import App
from bailiwick.control.identity import CLI_AUDIENCE, ORGANIZATION, SignedIn
from bailiwick.core.errors import BailiwickError, InvalidInputError
from bailiwick.core.ids import new_trace_id
from bailiwick.faces.console.pictures import reach_picture, requests_picture
from bailiwick.faces.console.sessions import COOKIE, SignInNeededError, Visitor, Writer, own_path, set_cookie

_HERE = Path(__file__).parent
# A form may end on loopback too: the one that signs the command line in is sent on to it.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self' http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_CLI_PORTS = range(1024, 65536)


def add_console(app: FastAPI, control: ControlPlane) -> None:
    """Add the console's pages to an application."""
    app.state.control = control
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    pages = _Pages(control)
    _add_headers(app, control)
    _add_errors(app, pages)
    _add_sign_in(app, control, pages)
    _add_apps(app, control, pages)
    _add_decisions(app, control, pages)
    _add_audit(app, control, pages)


class _Pages:
    """Renders templates with what every page needs."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._templates = Jinja2Templates(directory=_HERE / "templates")  # escapes by default

    def render(
        self, request: Request, name: str, visitor: SignedIn | None = None, status: int = 200, **values: Any
    ) -> Response:
        waiting = 0
        if visitor is not None:
            with self._control.store.transaction() as session:
                waiting = len(self._control.deploys.inbox(session, visitor.identity))
        content = {**values, "visitor": visitor, "waiting": waiting}
        response: Response = self._templates.TemplateResponse(request, f"{name}.html", content, status_code=status)
        return response


def _add_headers(app: FastAPI, control: ControlPlane) -> None:
    secure = control.settings.public_url.startswith("https:")

    @app.middleware("http")
    async def headers(request: Request, proceed: RequestResponseEndpoint) -> Response:
        response = await proceed(request)
        response.headers["content-security-policy"] = _POLICY
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["referrer-policy"] = "same-origin"
        response.headers["cross-origin-opener-policy"] = "same-origin"
        response.headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
        if secure:
            response.headers["strict-transport-security"] = "max-age=31536000"
        if not request.url.path.startswith("/static/"):
            response.headers["cache-control"] = "no-store"
        return response


def _add_errors(app: FastAPI, pages: _Pages) -> None:
    async def sign_in_first(request: Request, _: Exception) -> Response:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        wanted = back if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?return_to={quote(wanted, safe='')}", 303)

    async def known(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, BailiwickError)  # noqa: S101 - registered for this class only
        return pages.render(request, "error", status=fault.status, error=fault, trace="")

    async def plain(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)  # noqa: S101
        error = BailiwickError(str(fault.detail), hint="check the address")
        return pages.render(request, "error", status=fault.status_code, error=error, trace="")

    async def unknown(request: Request, _: Exception) -> Response:
        error = BailiwickError("something went wrong on our side", hint="give this trace id to whoever runs Bailiwick")
        return pages.render(request, "error", status=500, error=error, trace=new_trace_id())

    app.add_exception_handler(SignInNeededError, sign_in_first)
    app.add_exception_handler(BailiwickError, known)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unknown)


def _add_sign_in(app: FastAPI, control: ControlPlane, pages: _Pages) -> None:
    @app.get("/sign-in", response_class=HTMLResponse)
    def sign_in(request: Request, return_to: str = "/") -> Response:
        return pages.render(request, "sign_in", return_to=own_path(return_to))

    @app.get("/sign-in/start")
    def start(return_to: str = "/") -> Response:
        return RedirectResponse(control.identity.begin_sign_in(own_path(return_to)), 303)

    @app.get(CALLBACK_PATH)
    def callback(state: str = "", code: str = "") -> Response:
        session, return_to = control.identity.finish_sign_in(state=state, code=code)
        response = RedirectResponse(own_path(return_to), 303)
        set_cookie(response, session.secret, secure=control.settings.public_url.startswith("https:"))
        return response

    @app.post("/sign-out")
    def sign_out(request: Request, _: Writer) -> Response:
        control.identity.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    @app.get("/sign-in/app")
    def to_app(visitor: Visitor, app: str, mode: str, challenge: str, state: str) -> Response:
        """Hand a signed-in person over to an app's own host, which we compute: nothing of the request names it."""
        if mode not in {"preview", "production"}:
            raise InvalidInputError("there is no such mode")
        with control.store.transaction() as session:
            found = control.catalog.app(session, app)
        code = control.identity.issue_code(visitor, audience=f"app:{mode}/{found.path}", challenge=challenge)
        target = _urls(control, found)["preview" if mode == "preview" else "production"]
        return RedirectResponse(f"{target}/.bailiwick/callback?{urlencode({'code': code, 'state': state})}", 303)

    @app.get("/sign-in/cli", response_class=HTMLResponse)
    def ask_cli(request: Request, visitor: Visitor, port: int, challenge: str, state: str) -> Response:
        return pages.render(request, "sign_in_cli", visitor, port=port, challenge=challenge, state=state)

    @app.post("/sign-in/cli")
    def to_cli(
        visitor: Writer, port: Annotated[int, Form()], challenge: Annotated[str, Form()], state: Annotated[str, Form()]
    ) -> Response:
        if port not in _CLI_PORTS:
            raise InvalidInputError("this is not a port of the command line")
        code = control.identity.issue_code(visitor, audience=CLI_AUDIENCE, challenge=challenge)
        return RedirectResponse(f"http://127.0.0.1:{port}/?{urlencode({'code': code, 'state': state})}", 303)


def _add_apps(app: FastAPI, control: ControlPlane, pages: _Pages) -> None:
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
            found = control.reviews.review(session, review_id)
            control.catalog.readable_app(session, visitor.identity, found.app)
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
        "urls": _urls(control, found),
        "git_url": f"{control.settings.public_url}/git/{found.path}.git",
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


def _add_decisions(app: FastAPI, control: ControlPlane, pages: _Pages) -> None:
    @app.get("/approvals", response_class=HTMLResponse)
    def inbox(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            deploys = control.deploys.inbox(session, visitor.identity)
        return pages.render(request, "approvals", visitor, deploys=deploys)

    @app.get("/approvals/{deploy_id}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, deploy_id: str) -> Response:
        with control.store.transaction() as session:
            deploy = control.deploys.deploy(session, deploy_id)
            found = control.catalog.readable_app(session, visitor.identity, deploy.app)
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


def _add_audit(app: FastAPI, control: ControlPlane, pages: _Pages) -> None:
    @app.get("/audit", response_class=HTMLResponse)
    def audit(request: Request, visitor: Visitor) -> Response:
        names = ("actor", "action", "resource", "app", "outcome", "trace", "text")
        asked = {name: request.query_params.get(name, "") for name in names}
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            page = search(session, _query(asked), cursor=request.query_params.get("cursor", ""), limit=100)
        further = urlencode({**{key: value for key, value in asked.items() if value}, "cursor": page.cursor})
        return pages.render(request, "audit", visitor, page=page, asked=asked, further=further)


def _urls(control: ControlPlane, app: App) -> dict[str, str]:
    port = control.settings.ingress_url.rpartition(":")[2]
    return {
        "production": f"http://{app.host}.localhost:{port}",
        "preview": f"http://{app.host}.preview.localhost:{port}",
    }


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
