"""Policies over the API: the organisation's own sets, their versions, checks, approval and what is in force."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.policy import Checked, CustomerSet, built_in_policies, built_in_schema
from bailiwick.faces.api.bodies import PolicyBody, PolicyTextBody, ReasonBody
from bailiwick.faces.api.pages import Json
from bailiwick.faces.api.versions import add_versions

# How long the answer to an activation waits for planes to say that they decide by it, too.
SPREAD_SECONDS = 5.0


def add_policies(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add policies to the API."""

    @api.get("/v1/policies/built-in")
    def built_in(identity: Caller) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "policy.read", ORGANIZATION)
        return {"policies": built_in_policies(), "schema": built_in_schema()}

    @api.post("/v1/policies/check")
    def check_text(identity: Caller, body: PolicyTextBody) -> Json:
        proposed = CustomerSet(body.name, 0, body.scope, body.text)
        with control.store.transaction() as session:
            return checked_json(control.policies.check(session, identity, proposed, body.tests))

    @api.post("/v1/policies/replay")
    def replay(identity: Caller, body: PolicyTextBody) -> Json:
        proposed = CustomerSet(body.name, 0, body.scope, body.text)
        with control.store.transaction() as session:
            found = control.policies.replay(session, identity, proposed)
        return {**asdict(found), "words": found.words}

    @api.post("/v1/policies/{name}/versions", status_code=201)
    def propose(identity: Caller, name: str, body: PolicyBody) -> Json:
        return asdict(
            control.policies.propose(
                identity, name, scope=body.scope, text=body.text, tests=body.tests, reason=body.reason
            )
        )

    @api.post("/v1/policies/{name}/versions/{version}/activate")
    def activate(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        done = asdict(control.policies.activate(identity, name, version, body.reason))
        return {**done, "planes": control.spread.look(SPREAD_SECONDS)}

    add_versions(api, control, Caller, "policies", control.policies)


def checked_json(checked: Checked) -> Json:
    """Return a check's findings as the API writes them."""
    return {
        "good": checked.good,
        "faults": [asdict(fault) for fault in checked.faults],
        "tests": [asdict(result) for result in checked.results],
        "problem": checked.problem,
    }
