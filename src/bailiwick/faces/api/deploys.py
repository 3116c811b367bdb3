"""Deploys over the API: ask, decide, roll back, stop, bring back, and run jobs."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.core.principals import Principal
from bailiwick.faces.api.bodies import DeployBody, ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_deploys(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add deploys and stops to the API."""

    @api.post("/v1/deploys", status_code=201)
    def request_deploy(identity: Caller, body: DeployBody) -> Json:
        return deploy_json(control.deploys.request(identity, body.app, body.commit))

    @api.get("/v1/deploys")
    def inbox(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            waiting = control.deploys.inbox(session, identity)
            gone = control.identity.departed(session)
        shown, further = page(waiting, lambda item: item.id, cursor, limit)
        asked_by = {item.id: Principal.parse(item.requested_by).answerable for item in shown}
        deploys = [{**deploy_json(item), "ownerless": asked_by[item.id] in gone} for item in shown]
        return {"deploys": deploys, "cursor": further}

    @api.get("/v1/deploys/{deploy_id}")
    def show_deploy(identity: Caller, deploy_id: str) -> Json:
        with control.store.transaction() as session:
            deploy = control.deploys.deploy(session, deploy_id)
            app = control.catalog.readable_app(session, identity, deploy.app)
            design = control.deploys.design(app, deploy.commit, deploy.reach)
            grown = design.grown_since(control.deploys.production_design(session, app))
            decision = control.deploys.explain_approval(session, identity, deploy_id)
            change = control.deploys.reach_change(session, deploy_id)
        explained = {"allowed": decision.allowed, "reason": decision.reason, "deciders": list(decision.deciders)}
        drawn = {**asdict(design), "digest": design.digest(), "grown": list(grown)}
        return {**deploy_json(deploy), "reach_change": asdict(change), "design": drawn, "you_may_approve": explained}

    @api.post("/v1/deploys/{deploy_id}/approve")
    def approve(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return deploy_json(control.deploys.approve(identity, deploy_id, body.reason))

    @api.post("/v1/deploys/{deploy_id}/reject")
    def reject(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return deploy_json(control.deploys.reject(identity, deploy_id, body.reason))

    @api.post("/v1/kill/{path:path}")
    def kill(identity: Caller, path: str, body: ReasonBody) -> Json:
        return asdict(control.stops.kill(identity, path, body.reason))

    @api.post("/v1/revive/{path:path}")
    def revive(identity: Caller, path: str, body: ReasonBody) -> Json:
        return asdict(control.stops.revive(identity, path, body.reason))

    @api.post("/v1/rollback/{release_id}/{path:path}")
    def rollback(identity: Caller, release_id: str, path: str) -> Json:
        return asdict(control.releases.rollback(identity, path, release_id))

    @api.post("/v1/run-job/{job}/{path:path}", status_code=202)
    def run_job(identity: Caller, job: str, path: str) -> Json:
        return {"run": control.releases.run_job(identity, path, job)}


def deploy_json(deploy: Any) -> Json:
    """Return a deploy as the API shows it."""
    return {**asdict(deploy), "reach": deploy.reach.model_dump(mode="json")}
