"""Guardrails over the API: what there is to say, what is said, how it is for an app, set and remove."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from pydantic import Field, JsonValue

from bailiwick.control.app import ControlPlane
from bailiwick.control.guardrails import Guardrail, GuardrailDraft
from bailiwick.core.guardrails import SECTIONS, Environment
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json

Name = Annotated[str, Field(max_length=60)]
Place = Annotated[str, Field(max_length=300, description="organization:default, folder:PATH or app:PATH")]


class PlaceBody(ReasonBody):
    """About what, where, and why it changes."""

    section: Name
    place: Place = "organization:default"
    environment: Environment = ""


class GuardrailBody(PlaceBody):
    """What is to be said there."""

    values: Mapping[Name, JsonValue] = Field(max_length=50)
    binding: bool = Field(default=False, description="no place below may say otherwise")


class RemoveBody(PlaceBody):
    """Of what nothing is to be said any more."""

    names: tuple[Name, ...] = Field(default=(), max_length=50, description="all, when empty")


def add_guardrails(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add guardrails to the API."""
    service = control.guardrails

    @api.get("/v1/guardrails")
    def listing(identity: Caller, earlier: Annotated[bool, Query(description="versions of before")] = False) -> Json:
        with control.store.transaction() as session:
            found = service.earlier(session, identity) if earlier else service.listing(session, identity)
        return {"guardrails": [guardrail_json(item) for item in found]}

    @api.get("/v1/guardrails/sections")
    def sections(_: Caller) -> Json:
        return {"sections": {name: section_json(name) for name in SECTIONS}}

    @api.get("/v1/guardrails/for")
    def effective(
        identity: Caller,
        app: Annotated[str, Query(max_length=300)],
        environment: Literal["preview", "production"] = "production",
    ) -> Json:
        with control.store.transaction() as session:
            found = service.settings(session, identity, app, environment)
        return {"app": app, "environment": environment, "settings": [asdict(item) for item in found]}

    @api.put("/v1/guardrails")
    def put(identity: Caller, body: GuardrailBody) -> Json:
        draft = GuardrailDraft(body.section, body.place, body.values, body.environment, body.binding)
        return guardrail_json(service.set(identity, draft, body.reason))

    @api.post("/v1/guardrails/remove")
    def remove(identity: Caller, body: RemoveBody) -> Json:
        ended = service.remove(
            identity, body.section, body.place, body.reason, environment=body.environment, names=body.names
        )
        return guardrail_json(ended)


def guardrail_json(item: Guardrail) -> Json:
    """Return what is said at a place as the API shows it."""
    return {**asdict(item), "name": item.name, "words": item.words}


def section_json(name: str) -> Json:
    """Return the fields of a section: what each is, and its usual value."""
    usual = SECTIONS[name]().model_dump(mode="json")
    return {
        field: {"description": info.description or "", "usual": usual[field]}
        for field, info in SECTIONS[name].model_fields.items()
    }
