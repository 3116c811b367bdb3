"""Audit search: filters with names, what is filtered by, pages, and each event to expand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import Outcome
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count

_PAGE = 50
_FILTERS = (
    ("actor", "Who", "user:ada@example.com"),
    ("action", "Action", "app.killed"),
    ("resource", "Resource", "app:finance/desk"),
    ("app", "Through app", "finance/desk"),
    ("trace", "Trace", "32 hex digits"),
    ("text", "Text in the event", "any words"),
)
_TIMES = (("since", "Since (UTC)"), ("until", "Before (UTC)"))


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as the form shows it."""

    name: str
    label: str
    example: str
    value: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is active, and where one goes to take it away."""

    words: str
    without: str


def add_audit(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add audit search."""

    @app.get("/audit", response_class=HTMLResponse)
    def audit(request: Request, visitor: Visitor, cursor: str = "") -> Response:
        labels = {name: label for name, label, *_ in (*_FILTERS, *_TIMES)} | {"outcome": "Outcome"}
        asked = {name: request.query_params.get(name, "").strip() for name in labels}
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            page = search(session, _query(asked), cursor=cursor, limit=_PAGE)
        active = {name: value for name, value in asked.items() if value}
        return pages.render(
            request,
            "audit",
            visitor,
            events=[event_view(item) for item in page.events],
            fields=[Field(name, label, example, asked[name]) for name, label, example in _FILTERS],
            times=[Field(name, label, "", asked[name]) for name, label in _TIMES],
            outcomes=[outcome.value for outcome in Outcome],
            outcome=asked["outcome"],
            chips=[Chip(f"{labels[name]}: {value}", _address(active, name)) for name, value in active.items()],
            earlier=f"/audit?{urlencode({**active, 'cursor': page.cursor})}" if page.cursor else "",
            newest=_address(active, "") if cursor else "",
            glance=_glance(len(page.events), more=bool(page.cursor), filtered=bool(active)),
        )


def _glance(found: int, *, more: bool, filtered: bool) -> str:
    if not found:
        return "Nothing matches." if filtered else "Nothing happened yet."
    which = "that match" if filtered else "in the log"
    return (
        f"The {'newest ' if more else ''}{count(found, 'event')} {which}; {'more are earlier' if more else 'no more'}."
    )


def _address(active: Mapping[str, str], without: str) -> str:
    left = {name: value for name, value in active.items() if name != without}
    return f"/audit?{urlencode(left)}" if left else "/audit"


def _query(asked: Mapping[str, str]) -> AuditQuery:
    return AuditQuery(
        actor=asked["actor"],
        action=asked["action"],
        resource=asked["resource"],
        app=asked["app"],
        outcome=asked["outcome"],
        trace=asked["trace"],
        text=asked["text"],
        since=_moment(asked["since"]),
        until=_moment(asked["until"]),
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise InvalidInputError(f"'{text[:40]}' is not a time", hint="write 2026-03-01T12:00, in UTC") from fault
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
