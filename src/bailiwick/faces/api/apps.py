"""Apps over the API: make, list and show them, with their reviews."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.integrations import day_uses_for
from bailiwick.control.observe import job_runs, storage_of, walls_of
from bailiwick.faces.api.attacked import sandbox_json
from bailiwick.faces.api.bodies import OwnerBody, PathBody
from bailiwick.faces.api.day_use import day_use_json
from bailiwick.faces.api.deploys import deploy_json
from bailiwick.faces.api.pages import Cursor, Json, Limit
from bailiwick.faces.stops import stop_json


def add_apps(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add apps to the API."""

    @api.post("/v1/folders", status_code=201)
    def create_folder(identity: Caller, body: PathBody) -> Json:
        return asdict(control.catalog.create_folder(identity, body.path))

    @api.post("/v1/apps", status_code=201)
    def create_app(identity: Caller, body: PathBody) -> Json:
        return _app(control, control.catalog.create_app(identity, body.path))

    @api.get("/v1/apps")
    def list_apps(identity: Caller, cursor: Cursor = "", limit: Limit = 50, ownerless: bool = False) -> Json:
        with control.store.transaction() as session:
            gone = control.identity.departed(session)
            owned_by = gone if ownerless else None
            page = control.catalog.list_apps(session, identity, cursor=cursor, limit=limit, owned_by=owned_by)
        apps = [{**_app(control, app), "ownerless": app.owner in gone} for app in page.apps]
        return {"apps": apps, "cursor": page.cursor}

    @api.get("/v1/apps/{path:path}")
    def show_app(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            stops = control.stops.standing(session, app.path)
            modes = {item.mode for item in control.observe.statuses(session, app.path)}
            return {
                **_app(control, app),
                "stopped": stop_json(stops[0]) if stops else None,
                "held_by": [stop_json(kill) for kill in stops],
                "statuses": [asdict(item) for item in control.observe.statuses(session, app.path)],
                "releases": [asdict(item) for item in control.releases.releases(session, app.path)],
                "deploys": [deploy_json(item) for item in control.deploys.deploys(session, app.path)],
                "pushes": [asdict(item) for item in control.source.pushes(session, app)],
                "job_runs": [asdict(item) for item in job_runs(session, app.path)],
                "storage": [asdict(item) for item in storage_of(session, app.path)],
                "day_use": [
                    day_use_json(item)
                    for item in day_uses_for(session, control.authorizer, identity, control.clock(), app=app.path)
                ],
                "sandboxes": [sandbox_json(item) for item in control.assurance.of_modes(session, modes)],
                "walls": [asdict(item) for item in walls_of(session, app.path)],
                "evidence": [
                    {"id": item.id, **item.report.model_dump(mode="json")}
                    for item in control.observe.evidence(session, app.path)
                ],
            }

    @api.post("/v1/app-owner/{path:path}")
    def give_owner(identity: Caller, path: str, body: OwnerBody) -> Json:
        with control.store.transaction() as session:
            owner = control.access.identity(session, f"user:{body.person.strip().lower()}")
        return _app(control, control.catalog.give_owner(identity, path, owner))

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


def _app(control: ControlPlane, app: App) -> Json:
    ingress = control.settings.ingress_url.removeprefix("http://")
    port = ingress.rpartition(":")[2]
    return {
        **asdict(app),
        "url": f"http://{app.host}.localhost:{port}",
        "preview_url": f"http://{app.host}.preview.localhost:{port}",
        "git_url": f"{control.settings.public_url}/git/{app.path}.git",
    }
