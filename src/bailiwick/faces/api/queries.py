"""Who ran this query, over the API. What is asked is in the body: a line of a log is nothing for an address."""

from datetime import datetime
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import parse_terms
from bailiwick.control.queries import Found, read_question, read_row
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.principals import Identity
from bailiwick.faces.api.pages import Json
from bailiwick.faces.live import logged_document


class WhoBody(BaseModel):
    """What is known of a query; `since` and `until` are times (ISO 8601) or ages, such as `7d`. `row` is a row of a
    table, such as `orders:4711`, and stands alone.
    """

    model_config = ConfigDict(extra="forbid")
    text: str = Field(default="", max_length=100_000)
    table: str = Field(default="", max_length=200)
    row: str = Field(default="", max_length=500)
    since: str = Field(default="", max_length=40)
    until: str = Field(default="", max_length=40)
    cursor: str = Field(default="", max_length=20)
    limit: int = Field(default=50, ge=1, le=200)


def add_queries(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the look-up to the API."""

    @api.post("/v1/queries/who")
    def who(identity: Caller, body: WhoBody) -> Json:
        """Find who ran a statement: pasted whole or in part, by its fingerprint, trace or table, or a line of a log."""
        found = look_up(control, identity, body)
        return {
            "read_as": str(found.asked.kind),
            "facts": dict(found.asked.facts),
            "events": [logged_document(item) for item in found.page.events],
            "cursor": found.page.cursor,
        }


def look_up(control: ControlPlane, identity: Identity, body: WhoBody) -> Found:
    """Return what is found for a body."""
    since, until = _times(control, body)
    if body.row and (body.text or body.table):
        raise InvalidInputError("a row is looked up by itself", hint="leave the statement and the table out")
    if body.row:
        asked = read_row(body.row, since=since, until=until)
    else:
        asked = read_question(body.text, table=body.table, since=since, until=until)
    return control.queries.who(identity, asked, cursor=body.cursor, limit=body.limit)


def _times(control: ControlPlane, body: WhoBody) -> tuple[datetime | None, datetime | None]:
    terms = [f"{name}={value}" for name, value in (("since", body.since), ("until", body.until)) if value]
    query = parse_terms(terms, control.clock())
    return query.since, query.until
