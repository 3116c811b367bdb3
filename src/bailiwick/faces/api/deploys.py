"""Deploys over the API: ask, decide and roll back."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.release import Deploy, inbox_lines
from bailiwick.core.principals import Identity, Principal
from bailiwick.faces.api.bodies import DeployBody, ReasonBody, RollbackBody
from bailiwick.faces.api.databases import rehearsal_json
from bailiwick.faces.api.pages import Cursor, Json, Limit, page
from bailiwick.faces.gates import gate_json


def add_deploys(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add deploys to the API."""

    def stood(identity: Identity, deploy: Deploy) -> Json:
        with control.store.transaction() as session:
            standing = gate_json(control.deploys.standing(session, identity, deploy.id))
        return {**deploy_json(deploy), "standing": standing}

    @api.post("/v1/deploys", status_code=201)
    def request_deploy(identity: Caller, body: DeployBody) -> Json:
        asked = control.deploys.request(identity, body.app, body.commit, body.fixes, body.plan, body.emergency)
        return stood(identity, asked)

    @api.get("/v1/deploys")
    def inbox(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            waiting = control.deploys.inbox(session, identity)
            gone = control.identity.departed(session)
            shown, further = page(waiting, lambda item: item.id, cursor, limit)
            lines = inbox_lines(control.deploys, session, identity, shown)
        asked_by = {item.id: Principal.parse(item.requested_by).answerable for item in shown}
        now = control.clock()
        deploys = [
            {
                **deploy_json(line.deploy),
                "ownerless": asked_by[line.deploy.id] in gone,
                "you_may_decide": line.mine,
                "for": line.behalf,
                "new_in_reach": list(line.added),
                "waits": line.waits,
                "age_seconds": int((now - line.deploy.requested_at).total_seconds()),
            }
            for line in lines
        ]
        return {"deploys": deploys, "cursor": further}

    @api.get("/v1/deploys-decided")
    def decided(identity: Caller) -> Json:
        with control.store.transaction() as session:
            return {"deploys": [deploy_json(item) for item in control.deploys.decided_lately(session, identity)]}

    @api.get("/v1/deploys/{deploy_id}")
    def show_deploy(identity: Caller, deploy_id: str) -> Json:
        with control.store.transaction() as session:
            deploy = control.deploys.deploy(session, deploy_id)
            app = control.deploys.visible_app(session, identity, deploy_id)
            design = control.deploys.design(app, deploy.commit, deploy.reach)
            grown = design.grown_since(control.deploys.production_design(session, app))
            judged = control.deploys.explain_approval(session, identity, deploy_id)
            decision = judged.decision
            change = control.deploys.reach_change(session, deploy_id)
            frozen = control.deploys.why_frozen(session, deploy_id)
            rehearsal = rehearsal_json(control.rehearsals.of_deploy(session, deploy_id))
            everyone = control.access.everyone(session)
            standing = gate_json(control.deploys.standing(session, identity, deploy_id, everyone))
        explained = {"allowed": decision.allowed, "reason": decision.reason, "deciders": list(decision.deciders)}
        explained |= {"for": judged.behalf} if judged.behalf else {}
        drawn = {**asdict(design), "digest": design.digest(), "grown": list(grown)}
        shown = {"reach_change": asdict(change), "design": drawn, "rehearsal": rehearsal, "frozen": frozen}
        shown |= {"standing": standing}
        return {**deploy_json(deploy), **shown, "you_may_approve": explained}

    @api.post("/v1/deploys/{deploy_id}/approve")
    def approve(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return stood(identity, control.deploys.approve(identity, deploy_id, body.reason))

    @api.post("/v1/deploys/{deploy_id}/withdraw")
    def withdraw(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return deploy_json(control.deploys.withdraw(identity, deploy_id, body.reason))

    @api.post("/v1/deploys/{deploy_id}/reject")
    def reject(identity: Caller, deploy_id: str, body: ReasonBody) -> Json:
        return deploy_json(control.deploys.reject(identity, deploy_id, body.reason))

    @api.post("/v1/rollback/{release_id}/{path:path}")
    def rollback(identity: Caller, release_id: str, path: str, body: RollbackBody | None = None) -> Json:
        if body is not None and body.emergency:
            forced = control.rollbacks.force(
                identity, path, release_id, body.reason, body.fixes, accept_loss=body.accept_loss
            )
            return asdict(forced)
        accept_loss = body is not None and body.accept_loss
        return asdict(control.rollbacks.roll_back(identity, path, release_id, accept_loss=accept_loss))

    @api.get("/v1/rollback/{path:path}")
    def fallbacks(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            found = control.rollbacks.fallbacks(session, identity, path)
        return {"releases": [{**asdict(item.release), "why_not": item.why_not} for item in found]}


def deploy_json(deploy: Any) -> Json:
    """Return a deploy as the API shows it; of its gate without the two reaches, which the release holds signed."""
    gate = {key: deploy.gate[key] for key in ("rule", "taken", "new", "words")} if deploy.gate else None
    return {**asdict(deploy), "reach": deploy.reach.model_dump(mode="json"), "gate": gate}
