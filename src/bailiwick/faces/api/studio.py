"""The studio over the API: begin a conversation, ask, follow, stop, go back, look at changes, ask for the deploy."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.studio import Conversation, Prompt, diff_text, table_words
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.principals import Identity
from bailiwick.faces.api.deploys import deploy_json
from bailiwick.faces.api.pages import Json
from bailiwick.faces.studio import Following, StudioTurns, ask_for_deploy, conversation_document, step_document

_LONGEST_NAME = 300
Names = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BeginBody(_Body):
    """About which app, with which model, and which systems it may use; `create` makes the app first."""

    app: str = Field(max_length=_LONGEST_NAME)
    model: str = Field(max_length=200)
    integrations: Names = Field(default_factory=list)
    create: bool = False


class TableBody(_Body):
    """A table of comma-separated values."""

    name: str = Field(max_length=200)
    csv: str


class PictureBody(_Body):
    """A picture, in base64."""

    type: str = Field(max_length=40)
    base64: str


class AskBody(_Body):
    """What is asked for, empty to go on; another model or other systems from now on, where they are named."""

    text: str = ""
    table: TableBody | None = None
    picture: PictureBody | None = None
    model: str = Field(default="", max_length=200)
    integrations: Names | None = None


class StepBody(_Body):
    """After which step."""

    step: int = Field(ge=1)


class DeployBody(_Body):
    """What is said of the change."""

    message: str = Field(default="", max_length=2000)


def add_studio(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the studio to the API."""
    turns = StudioTurns(control)
    _add_looking(api, control, Caller)

    @api.post("/v1/studio/conversations", status_code=201)
    def begin(identity: Caller, body: BeginBody) -> Json:
        made = control.studio.begin(identity, body.app, body.model, body.integrations, create=body.create)
        return conversation_document(control, made)

    @api.post("/v1/studio/conversations/{conversation}/ask", status_code=202)
    async def ask(identity: Caller, conversation: str, body: AskBody) -> Json:
        asked = await turns.ask(identity, conversation, _prompt(body), model=body.model, integrations=body.integrations)
        return conversation_document(control, asked)

    @api.post("/v1/studio/conversations/{conversation}/stop")
    def stop(identity: Caller, conversation: str) -> Json:
        return conversation_document(control, control.studio.stop(identity, conversation))

    @api.delete("/v1/studio/conversations/{conversation}")
    def delete(identity: Caller, conversation: str) -> Json:
        """Remove a conversation of one's own for good; what came of it in git stays."""
        control.studio.delete(identity, conversation)
        return {"id": conversation, "deleted": True}

    @api.post("/v1/studio/conversations/{conversation}/undo")
    def undo(identity: Caller, conversation: str, body: StepBody) -> Json:
        return conversation_document(control, control.studio.undo(identity, conversation, body.step))

    @api.post("/v1/studio/conversations/{conversation}/deploy", status_code=201)
    async def deploy(identity: Caller, conversation: str, body: DeployBody) -> Json:
        return deploy_json(await ask_for_deploy(control, identity, conversation, body.message))


def _add_looking(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    following = Following(control)

    @api.get("/v1/studio/conversations")
    def conversations(identity: Caller) -> Json:
        with control.store.transaction() as session:
            found = control.studio.conversations(session, identity)
        return {"conversations": [conversation_document(control, item) for item in found]}

    @api.get("/v1/studio/conversations/{conversation}")
    def one(identity: Caller, conversation: str) -> Json:
        found = _found(control, identity, conversation)
        own = found.person == str(identity.principal)
        with control.store.transaction() as session:
            steps = control.studio.steps(session, conversation)
        shown = [step_document(step, own=own) for step in steps]
        return {**conversation_document(control, found), "steps": shown}

    @api.get("/v1/studio/conversations/{conversation}/diff")
    def diff(identity: Caller, conversation: str, since: int = 1, step: int = 0) -> Json:
        """What changed in the draft from one step to another (0: to what it is now), as git writes it."""
        found = _found(control, identity, conversation)
        with control.store.transaction() as session:
            old = control.studio.tree(session, found.id, since)
            new = control.studio.tree(session, found.id, step or None)
        return {"diff": diff_text(old, new, lambda digest: control.studio.content(found.id, digest))}

    @api.get("/v1/studio/conversations/{conversation}/events")
    def events(identity: Caller, request: Request, conversation: str, after: int = 0) -> StreamingResponse:
        reader: Identity = identity

        def who() -> Identity:
            control.in_flight.require_current(reader)
            return reader

        return following.stream(request, conversation, after, who)


def _found(control: ControlPlane, identity: Identity, conversation: str) -> Conversation:
    with control.store.transaction() as session:
        return control.studio.conversation(session, identity, conversation)


def _prompt(body: AskBody) -> Prompt:
    table = table_words(body.table.name, body.table.csv.encode(errors="replace")) if body.table is not None else ""
    if body.picture is None:
        return Prompt(body.text, table)
    try:
        content = base64.b64decode(body.picture.base64, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError("the picture is not base64", hint="encode it with RFC 4648, section 4") from None
    return Prompt(body.text, table, (body.picture.type, content))
