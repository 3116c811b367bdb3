"""Notices over the API: one's own choice, webhooks of chats, and how messages fare."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


class ChoiceBody(BaseModel):
    """Whether one gets mail."""

    model_config = ConfigDict(extra="forbid")

    mail: bool


class ChatBody(BaseModel):
    """A webhook of a chat: its name here, the secret of the vault that holds its URL, and the folder it hears of."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=40)
    secret: str = Field(max_length=63)
    folder: str = Field(default="", max_length=300)


def add_notices(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add notices to the API."""
    service = control.notices

    @api.get("/v1/notice-choice")
    def choice(identity: Caller) -> Json:
        with control.store.transaction() as session:
            return {"mail": service.wants_mail(session, identity), "mail_is_sent": service.sends_mail}

    @api.put("/v1/notice-choice")
    def choose(identity: Caller, body: ChoiceBody) -> Json:
        service.choose_mail(identity, mail=body.mail)
        return {"mail": body.mail, "mail_is_sent": service.sends_mail}

    @api.get("/v1/notices")
    def listing(
        identity: Caller,
        state: Annotated[str, Query(description="waiting, sent, withdrawn or given-up")] = "",
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        with control.store.transaction() as session:
            found = service.notices(session, identity, state)
        shown, further = page(found, lambda item: item.id, cursor, limit)
        return {"notices": [asdict(item) for item in shown], "cursor": further}

    @api.post("/v1/notices/{notice_id}/retry")
    def retry(identity: Caller, notice_id: str) -> Json:
        return asdict(service.retry(identity, notice_id))

    @api.get("/v1/chat-hooks")
    def hooks(identity: Caller) -> Json:
        with control.store.transaction() as session:
            return {"hooks": [asdict(item) for item in service.hooks(session, identity)]}

    @api.post("/v1/chat-hooks", status_code=201)
    def add_hook(identity: Caller, body: ChatBody) -> Json:
        return asdict(service.add_hook(identity, body.name, body.secret, body.folder))

    @api.post("/v1/chat-hooks/{name}/remove")
    def remove_hook(identity: Caller, name: str, body: ReasonBody) -> Json:
        return asdict(service.remove_hook(identity, name, body.reason))
