"""Coding standards over the API: versions, checks, trials, approval and what is in force."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.review import faults_in_standard
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json
from bailiwick.faces.api.versions import add_versions


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

    @api.post("/v1/standards/{name}/versions", status_code=201)
    def propose(identity: Caller, name: str, body: ProposalBody) -> Json:
        return asdict(control.standards.propose(identity, name, scope=body.scope, text=body.text, reason=body.reason))

    @api.post("/v1/standards/{name}/versions/{version}/activate")
    def activate(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return asdict(control.standards.activate(identity, name, version, body.reason))

    add_versions(api, control, Caller, "standards", control.standards)
