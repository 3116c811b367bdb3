"""Grants from plain questions over the API: what tables there are, drafts, their previews, and what was used."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.grant_drafts import LONGEST_QUESTION
from bailiwick.faces.api.pages import Json
from bailiwick.faces.drafts import account_document, catalogue_document, draft_document, preview_document, use_document


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LookBody(_Body):
    """Which plane is to look; empty for the one without production data."""

    plane: str = Field(default="", max_length=63)


class QuestionBody(_Body):
    """What somebody needs, in their own words."""

    question: str = Field(max_length=LONGEST_QUESTION)


class PreviewBody(_Body):
    """On which plane a draft is shown, and as whom: an address, empty for whoever asks."""

    plane: str = Field(default="", max_length=63)
    person: str = Field(default="", max_length=254)


class SaveBody(_Body):
    """As which access rule a draft is saved; `wider` says that what it opens beyond the question is meant."""

    rule: str = Field(max_length=130)
    reason: str = Field(default="", max_length=2000)
    wider: bool = False
    replaces: bool = False


class NarrowBody(_Body):
    """Of which app a narrower grant is drafted."""

    app: str = Field(max_length=300)


def add_grant_drafts(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add them to the API."""
    catalogues, drafts = control.catalogues, control.grant_drafts

    @api.post("/v1/integrations/{name}/look")
    def look(identity: Caller, name: str, body: LookBody) -> Json:
        return {"integration": name, "plane": catalogues.look(identity, name, body.plane)}

    @api.get("/v1/integrations/{name}/tables")
    def tables(identity: Caller, name: str, plane: str = "") -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "integration.read", f"integration:{name}")
            found = catalogues.catalogue(session, name, plane)
            return catalogue_document(found, name, waiting=catalogues.waits(session, name))

    @api.post("/v1/integrations/{name}/drafts")
    def ask(identity: Caller, name: str, body: QuestionBody) -> Json:
        return draft_document(drafts.ask(identity, name, body.question))

    @api.get("/v1/integrations/{name}/drafts")
    def recent(identity: Caller, name: str) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "integration.read", f"integration:{name}")
            return {"drafts": [draft_document(item) for item in drafts.recent(session, name)]}

    @api.get("/v1/integrations/{name}/drafts/{draft}")
    def one(identity: Caller, name: str, draft: str) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "integration.read", f"integration:{name}")
            found = drafts.draft(session, name, draft)
            preview = control.grant_previews.preview(session, draft)
        shown = preview_document(control, preview) if preview is not None else None
        return {**draft_document(found), "preview": shown}

    @api.post("/v1/integrations/{name}/drafts/{draft}/preview")
    def preview(identity: Caller, name: str, draft: str, body: PreviewBody) -> Json:
        ordered = control.grant_previews.order(identity, name, draft, plane=body.plane, person=body.person)
        return preview_document(control, ordered)

    @api.post("/v1/integrations/{name}/drafts/{draft}/save")
    def save(identity: Caller, name: str, draft: str, body: SaveBody) -> Json:
        return draft_document(drafts.save(identity, name, draft, **body.model_dump()))

    @api.get("/v1/integrations/{name}/accounts")
    def accounts(identity: Caller, name: str) -> Json:
        with control.store.transaction() as session:
            found = control.known_identities.known(session, identity, name)
        return {"accounts": [account_document(item) for item in found]}

    @api.get("/v1/integrations/{name}/usage")
    def usage(identity: Caller, name: str) -> Json:
        with control.store.transaction() as session:
            return {"apps": [use_document(item) for item in control.grant_usage.uses(session, identity, name)]}

    @api.post("/v1/integrations/{name}/usage/narrower")
    def narrower(identity: Caller, name: str, body: NarrowBody) -> Json:
        return draft_document(control.grant_usage.narrower(identity, name, body.app))
