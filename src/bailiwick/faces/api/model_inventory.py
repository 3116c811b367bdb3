"""The inventory of what leaves for models over the API, and the switches of what is listed there."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.inference import MOST_CHARACTERS, OutflowFilter, OutflowLine, why_found
from bailiwick.core.messages import OutflowSwitch
from bailiwick.core.outflows import switch_words
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page
from bailiwick.faces.outflows import kept_of_calls

_Named = Annotated[str, Query(max_length=600)]


class SwitchBody(ReasonBody):
    """What is to leave no more: what is left out is any."""

    model: str = Field(default="", max_length=80)
    app: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=600)
    place: str = Field(default="", max_length=40)
    data_class: str = Field(default="", max_length=60)


class LogBody(ReasonBody):
    """The app whose log is to be read; of calls by token where it is empty."""

    app: str = Field(default="", max_length=200)


class TextBody(BaseModel):
    """A text to try redaction on; it is kept nowhere."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MOST_CHARACTERS)
    profile: str = Field(default="all", max_length=20)


def add_model_inventory(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the inventory, its switches and the log of prompts to the API."""
    _add_log(api, control, Caller)

    @api.get("/v1/model-inventory")
    def inventory(
        identity: Caller,
        model: _Named = "",
        app: _Named = "",
        person: _Named = "",
        place: _Named = "",
        data_class: _Named = "",
        days: Annotated[int, Query(ge=1, le=365)] = 30,
        cursor: Cursor = "",
        limit: Limit = 100,
    ) -> Json:
        wanted = OutflowFilter(days, model, app, person, place, data_class)
        with control.store.transaction() as session:
            found = control.outflows.page(session, identity, wanted)
        shown, further = page(found.lines, lambda line: line.key, cursor, limit)
        return {
            "lines": [_line(line) for line in shown],
            "cursor": further,
            "cut": found.cut,
            "daily": [asdict(day) for day in found.days],
            "kept": [asdict(item) for item in kept_of_calls(control)],
        }

    @api.get("/v1/model-switches")
    def switches(identity: Caller, cursor: Cursor = "", limit: Limit = 100) -> Json:
        with control.store.transaction() as session:
            found = control.outflows.switches(session, identity)
        shown, further = page(found, lambda item: item.id, cursor, limit)
        return {"switches": [_switch(item) for item in shown], "cursor": further}

    @api.post("/v1/model-switches", status_code=201)
    def off(identity: Caller, body: SwitchBody) -> Json:
        wanted = OutflowFilter(
            model=body.model, app=body.app, person=body.person, place=body.place, data_class=body.data_class
        )
        return _switch(control.outflows.off(identity, wanted, body.reason))

    @api.post("/v1/model-switches/{switch}/on")
    def on(identity: Caller, switch: str, body: ReasonBody) -> Json:
        return _switch(control.outflows.on(identity, switch, body.reason))


def _add_log(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    @api.post("/v1/prompt-logs", status_code=201)
    def open_log(identity: Caller, body: LogBody, response: Response) -> Json:
        response.headers["cache-control"] = "no-store"
        opened = control.prompt_logs.open(identity, body.app, body.reason)
        gateway = control.settings.inference.gateway
        return {"token": opened.token, "expires": opened.expires.isoformat(), "gateway": gateway}

    @api.post("/v1/redaction")
    def try_redaction(identity: Caller, body: TextBody, response: Response) -> Json:
        response.headers["cache-control"] = "no-store"
        tried = control.redaction_trial.attempt(identity, body.text, body.profile)
        spans = [{**asdict(span), "why": why_found(span.kind)} for span in tried.spans]
        return {"redacted": tried.redacted, "spans": spans, "counts": tried.counts}


def _line(line: OutflowLine) -> Json:
    return {**asdict(line), "left": line.left}


def _switch(switch: OutflowSwitch) -> Json:
    return {**switch.model_dump(mode="json"), "words": switch_words(switch)}
