"""Coding standards over the API: versions, checks, trials, approval and what is in force."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.review import faults_in_standard
from bailiwick.control.standards import StandardVersion
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


class StandardText(BaseModel):
    """The text of a standard, and where it would stand."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(default="draft", max_length=60)
    scope: str = Field(default=ORGANIZATION, max_length=300)
    text: str = Field(max_length=200_000)


class TrialBody(StandardText):
    """A draft, and the app that it is tried on."""

    app: str = Field(max_length=300)


class ProposalBody(StandardText):
    """What is proposed, and why."""

    reason: str = Field(default="", max_length=2000)


def add_standards(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add coding standards to the API."""

    @api.get("/v1/standards")
    def sets(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            found = control.standards.sets(session, identity)
        shown, further = page(found, lambda item: item.name, cursor, limit)
        listed = [
            {
                "name": item.name,
                "scope": item.scope,
                "active": item.active.version if item.active is not None else None,
                "newest": item.newest.version,
                "state": item.newest.state,
            }
            for item in shown
        ]
        return {"standards": listed, "cursor": further}

    @api.post("/v1/standards/check")
    def check_text(identity: Caller, body: StandardText) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "standard.read", body.scope)
        faults = faults_in_standard(body.name, body.text)
        return {"good": not faults, "faults": [asdict(fault) for fault in faults]}

    @api.get("/v1/standards/trials/apps")
    def trial_apps(identity: Caller, scope: str = ORGANIZATION) -> Json:
        return {"apps": control.standard_trial.apps(identity, scope)}

    @api.post("/v1/standards/trials")
    def trial(identity: Caller, body: TrialBody) -> Json:
        found = control.standard_trial.run(
            identity, name=body.name, scope=body.scope, text=body.text, app_path=body.app
        )
        return asdict(found)

    @api.get("/v1/standards/{name}")
    def history(identity: Caller, name: str, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            found = control.standards.history(session, identity, name)
        # The newest first: a cursor counts down.
        shown, further = page(found, lambda item: f"{10**9 - item.version:09d}", cursor, limit)
        return {"name": name, "scope": found[0].scope, "versions": [asdict(item) for item in shown], "cursor": further}

    @api.get("/v1/standards/{name}/versions/{version}/diff")
    def difference(identity: Caller, name: str, version: int) -> Json:
        with control.store.transaction() as session:
            return {"diff": control.standards.difference(session, identity, name, version)}

    @api.post("/v1/standards/{name}/versions", status_code=201)
    def propose(identity: Caller, name: str, body: ProposalBody) -> Json:
        return version_json(
            control.standards.propose(identity, name, scope=body.scope, text=body.text, reason=body.reason)
        )

    @api.post("/v1/standards/{name}/versions/{version}/approve")
    def approve(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return version_json(control.standards.approve(identity, name, version, body.reason))

    @api.post("/v1/standards/{name}/versions/{version}/refuse")
    def refuse(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return version_json(control.standards.refuse(identity, name, version, body.reason))

    @api.post("/v1/standards/{name}/versions/{version}/activate")
    def activate(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return version_json(control.standards.activate(identity, name, version, body.reason))


def version_json(version: StandardVersion) -> Json:
    """Return a version as the API writes one."""
    return asdict(version)
