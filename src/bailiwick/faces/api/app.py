"""The API's resources: what the console and the command line can do, for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane, checkpoint
from bailiwick.control.audit import AuditQuery, export_lines, search
from bailiwick.control.catalog import App
from bailiwick.control.identity import API_AUDIENCE, CLI_AUDIENCE, ORGANIZATION, TOKEN_LIFETIME
from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.ids import new_id
from bailiwick.core.messages import RunJobOrder
from bailiwick.core.principals import Identity
from bailiwick.faces.api.problems import add_problem_handlers

Json = dict[str, Any]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PathBody(_Body):
    """What should be made."""

    path: str = Field(max_length=300)


class ReasonBody(_Body):
    """Why."""

    reason: str = Field(default="", max_length=2000)


class DeployBody(_Body):
    """What should go to production."""

    app: str
    commit: str = ""


class SecretBody(_Body):
    """A secret's value."""

    value: str = Field(repr=False)


class EnabledBody(_Body):
    """Whether an integration is on."""

    enabled: bool
    reason: str = Field(default="", max_length=2000)


class RoleBody(_Body):
    """A role to give."""

    role: str
    holder: str
    scope: str


class CodeBody(_Body):
    """A one-time code of the command line's sign-in."""

    code: str = Field(repr=False)
    verifier: str = Field(repr=False)


def build_api(control: ControlPlane) -> FastAPI:
    """Return the API as an application, to be mounted under `/api`."""
    api = FastAPI(title="Bailiwick", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    add_problem_handlers(api)

    def caller(authorization: Annotated[str, Header()] = "") -> Identity:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotAuthenticatedError("the API needs a bearer token", hint="bailiwick login gives you one")
        return control.identity.authenticate_token(token, audience=API_AUDIENCE)

    Caller = Annotated[Identity, Depends(caller)]  # noqa: N806 - a type
    _people(api, control, Caller)
    _apps(api, control, Caller)
    _releases(api, control, Caller)
    _platform(api, control, Caller)
    return api


def _people(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    @api.get("/v1/me")
    def me(identity: Caller) -> Json:
        return {
            "principal": str(identity.principal),
            "names": sorted(identity.names),
            "attributes": dict(identity.attributes),
        }

    @api.post("/v1/token")
    def token(body: CodeBody) -> Json:
        owner = control.identity.redeem_code(body.code, audience=CLI_AUDIENCE, verifier=body.verifier)
        issued = control.identity.issue_token(
            owner.identity, audience=API_AUDIENCE, lifetime=TOKEN_LIFETIME, purpose="command line"
        )
        return {
            "token": issued.secret,
            "expires": issued.expires.isoformat(),
            "principal": str(owner.identity.principal),
        }

    @api.get("/v1/who-can")
    def who_can(identity: Caller, action: str, resource: str) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "role.read", _around(resource))
            context: dict[str, Any] = {}
            if action == "app.approve":
                context = {"author": "", "requested_by": "", "first_deploy": False}
            elif action == "app.use":
                context = {"mode": "production"}
            found = control.identity.who_can(session, action, resource, context)
            return {"action": action, "resource": resource, "who": [asdict(item) for item in found]}

    @api.get("/v1/roles")
    def roles(identity: Caller) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "role.read", ORGANIZATION)
            return {"roles": [asdict(item) for item in control.identity.roles(session)]}

    @api.post("/v1/roles", status_code=201)
    def assign(identity: Caller, body: RoleBody) -> Json:
        control.identity.assign_role(identity, body.role, body.holder, body.scope)
        return body.model_dump()


def _apps(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803
    @api.post("/v1/folders", status_code=201)
    def create_folder(identity: Caller, body: PathBody) -> Json:
        return asdict(control.catalog.create_folder(identity, body.path))

    @api.post("/v1/apps", status_code=201)
    def create_app(identity: Caller, body: PathBody) -> Json:
        return _app(control, control.catalog.create_app(identity, body.path))

    @api.get("/v1/apps")
    def list_apps(identity: Caller, cursor: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Json:
        with control.store.transaction() as session:
            page = control.catalog.list_apps(session, identity, cursor=cursor, limit=limit)
        return {"apps": [_app(control, app) for app in page.apps], "cursor": page.cursor}

    @api.get("/v1/apps/{path:path}")
    def show_app(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            kill = control.release.standing_kill(session, app.path)
            return {
                **_app(control, app),
                "stopped": asdict(kill) if kill else None,
                "statuses": [asdict(item) for item in control.observe.statuses(session, app.path)],
                "releases": [asdict(item) for item in control.release.releases(session, app.path)],
                "deploys": [_deploy(item) for item in control.release.deploys(session, app.path)],
                "pushes": [asdict(item) for item in control.source.pushes(session, app)],
                "job_runs": [asdict(item) for item in control.observe.job_runs(session, app.path)],
                "evidence": [
                    {"id": item.id, **item.report.model_dump(mode="json")}
                    for item in control.observe.evidence(session, app.path)
                ],
            }

    @api.get("/v1/reviews/{review_id}")
    def show_review(identity: Caller, review_id: str) -> Json:
        with control.store.transaction() as session:
            review = control.reviews.review(session, review_id)
            control.catalog.readable_app(session, identity, review.app)
            return {
                "id": review.id,
                "app": review.app,
                "commit": review.commit,
                "tree": review.tree,
                "passed": review.passed,
                "could_not_review": list(review.could_not_review),
                "verdict": review.verdict.model_dump(by_alias=True) if review.verdict else None,
                "findings": [asdict(item) for item in review.findings],
            }


def _releases(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803
    @api.post("/v1/deploys", status_code=201)
    def request_deploy(identity: Caller, body: DeployBody) -> Json:
        return _deploy(control.release.request_deploy(identity, body.app, body.commit))

    @api.get("/v1/deploys")
    def inbox(identity: Caller) -> Json:
        with control.store.transaction() as session:
            waiting = control.release.inbox(session, identity)
            return {"deploys": [_deploy(item) for item in waiting]}

    @api.get("/v1/deploys/{deploy_id}")
    def show_deploy(identity: Caller, deploy_id: str) -> Json:
        with control.store.transaction() as session:
            deploy = control.release.deploy(session, deploy_id)
            control.catalog.readable_app(session, identity, deploy.app)
            decision = control.release.explain_approval(session, identity, deploy_id)
            change = control.release.reach_change(session, deploy_id)
        explained = {"allowed": decision.allowed, "reason": decision.reason, "deciders": list(decision.deciders)}
        return {**_deploy(deploy), "reach_change": asdict(change), "you_may_approve": explained}

    @api.post("/v1/deploys/{deploy_id}/approve")
    def approve(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return _deploy(control.release.approve(identity, deploy_id, body.reason))

    @api.post("/v1/deploys/{deploy_id}/reject")
    def reject(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return _deploy(control.release.reject(identity, deploy_id, body.reason))

    @api.post("/v1/kill/{path:path}")
    def kill(identity: Caller, path: str, body: ReasonBody) -> Json:
        return asdict(control.release.kill(identity, path, body.reason))

    @api.post("/v1/revive/{path:path}")
    def revive(identity: Caller, path: str, body: ReasonBody) -> Json:
        return asdict(control.release.revive(identity, path, body.reason))

    @api.post("/v1/rollback/{release_id}/{path:path}")
    def rollback(identity: Caller, release_id: str, path: str) -> Json:
        return asdict(control.release.rollback(identity, path, release_id))

    @api.post("/v1/run-job/{job}/{path:path}", status_code=202)
    def run_job(identity: Caller, job: str, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            control.authorizer.require(session, identity, "app.run-job", app.resource)
        order = RunJobOrder(app=app.path, job=job, run=new_id("run"), asked_by=str(identity.principal))
        control.hub.broadcast(order)
        return {"run": order.run}


def _platform(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803
    @api.get("/v1/integrations")
    def integrations(identity: Caller) -> Json:
        with control.store.transaction() as session:
            found = [
                {"name": item.name, "kind": item.kind, "description": item.description, "enabled": item.enabled,
                 "offers": sorted(item.offers)}
                for item in control.integrations.integrations(session)
                if control.authorizer.decide(session, identity, "integration.read", f"integration:{item.name}").allowed
            ]  # fmt: skip
        return {"integrations": found}

    @api.put("/v1/integrations/{name}/enabled")
    def switch(identity: Caller, name: str, body: EnabledBody) -> Json:
        control.integrations.set_enabled(identity, name, enabled=body.enabled, reason=body.reason)
        return {"name": name, "enabled": body.enabled}

    @api.get("/v1/secrets")
    def secrets(identity: Caller) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "secret.manage", ORGANIZATION)
            return {"secrets": [asdict(item) for item in control.vault.names(session)]}

    @api.put("/v1/secrets/{name}")
    def put_secret(identity: Caller, name: str, body: SecretBody) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "secret.manage", ORGANIZATION)
            version = control.vault.put(session, name, body.value, by=str(identity.principal))
        return {"name": name, "version": version}

    @api.get("/v1/audit")
    def audit(
        identity: Caller,
        actor: str = "",
        action: str = "",
        resource: str = "",
        app: str = "",
        outcome: str = "",
        trace: str = "",
        text: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Json:
        query = AuditQuery(actor, action, resource, app, outcome, trace, text, since, until)
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            page = search(session, query, cursor=cursor, limit=limit)
        events = [{"sequence": item.sequence, **item.event.model_dump(mode="json")} for item in page.events]
        return {"events": events, "cursor": page.cursor}

    @api.get("/v1/audit/export")
    def export(identity: Caller) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
        # Signed first, so that a checkpoint covers every event of the export.
        checkpoint(control)
        return StreamingResponse(_exported(control), media_type="application/x-ndjson")


def _exported(control: ControlPlane) -> Iterator[bytes]:
    with control.store.transaction() as session:
        yield from export_lines(session, control.audit_key.public_text)


def _around(resource: str) -> str:
    kind, _, path = resource.partition(":")
    folder = path.rpartition("/")[0]
    return f"folder:{folder}" if kind == "app" and folder else ORGANIZATION


def _app(control: ControlPlane, app: App) -> Json:
    ingress = control.settings.ingress_url.removeprefix("http://")
    port = ingress.rpartition(":")[2]
    return {
        **asdict(app),
        "url": f"http://{app.host}.localhost:{port}",
        "preview_url": f"http://{app.host}.preview.localhost:{port}",
        "git_url": f"{control.settings.public_url}/git/{app.path}.git",
    }


def _deploy(deploy: Any) -> Json:
    return {**asdict(deploy), "reach": deploy.reach.model_dump(mode="json")}
