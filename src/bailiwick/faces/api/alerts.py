"""Alerts over the API: rules, what stands, answers and silences."""

from dataclasses import asdict
from typing import Any

from fastapi import Body, FastAPI
from pydantic import AwareDatetime, Field

from bailiwick.control.alerts import Alert, AlertState, Silence
from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class SilenceBody(ReasonBody):
    """What is silent (an empty rule or group: any), until when and why."""

    rule: str = Field(default="", max_length=60)
    key: str = Field(default="", max_length=250, description="the group, as the alert shows it")
    until: AwareDatetime


def add_alerts(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add alerts to the API."""

    @api.get("/v1/alerts")
    def listing(identity: Caller, state: AlertState | None = None) -> Json:
        with control.store.transaction() as session:
            found = control.alerts.list(session, identity, state.value if state else "")
        return {"alerts": [alert_json(item) for item in found]}

    @api.post("/v1/alerts/{alert_id}/acknowledge")
    def acknowledge(identity: Caller, alert_id: str) -> Json:
        return alert_json(control.alerts.acknowledge(identity, alert_id))

    @api.post("/v1/alerts/{alert_id}/resolve")
    def resolve(identity: Caller, alert_id: str, body: ReasonBody) -> Json:
        return alert_json(control.alerts.resolve(identity, alert_id, body.reason))

    @api.get("/v1/alert-rules")
    def rules(identity: Caller) -> Json:
        with control.store.transaction() as session:
            return {"rules": [rule.model_dump(mode="json") for rule in control.alerts.rules(session, identity)]}

    @api.post("/v1/alert-rules")
    def write_rule(identity: Caller, body: dict[str, Any] = Body(...)) -> Json:  # noqa: B008 - as FastAPI has it
        return control.alerts.write_rule(identity, body).model_dump(mode="json")

    @api.post("/v1/alert-rules/{name}/remove")
    def remove_rule(identity: Caller, name: str, body: ReasonBody) -> Json:
        control.alerts.remove_rule(identity, name, body.reason)
        return {"removed": name}

    @api.get("/v1/alert-silences")
    def silences(identity: Caller) -> Json:
        with control.store.transaction() as session:
            return {"silences": [silence_json(item) for item in control.alerts.silences(session, identity)]}

    @api.post("/v1/alert-silences", status_code=201)
    def silence(identity: Caller, body: SilenceBody) -> Json:
        return silence_json(control.alerts.silence(identity, body.rule, body.key, body.until, body.reason))

    @api.post("/v1/alert-silences/{silence_id}/end")
    def end_silence(identity: Caller, silence_id: str, body: ReasonBody) -> Json:
        return silence_json(control.alerts.end_silence(identity, silence_id, body.reason))


def alert_json(item: Alert) -> Json:
    """Return an alert as JSON has it."""
    times = {"first": item.first.isoformat(), "last": item.last.isoformat()}
    return {**asdict(item), **times, "escalated": item.escalated.isoformat() if item.escalated else None}


def silence_json(item: Silence) -> Json:
    """Return a silence as JSON has it."""
    return {**asdict(item), "until": item.until.isoformat()}
