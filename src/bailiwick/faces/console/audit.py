"""Audit search: filters with names, bars over time, kept searches, the live tail, pages, and each event to expand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import (
    Histogram,
    SavedSearch,
    histogram,
    parse_terms,
    remove_search,
    save_search,
    saved_searches,
    search,
)
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.core.events import Outcome
from bailiwick.core.principals import Identity
from bailiwick.faces.console.audit_chart import audit_chart
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, signed_in
from bailiwick.faces.console.words import count
from bailiwick.faces.live import LiveLog

_PAGE = 50
_FILTERS = (
    ("actor", "Who", "user:ada@example.com"),
    ("action", "Action", "app.killed or app.*"),
    ("resource", "Resource", "app:finance/*"),
    ("app", "Through app", "finance/desk"),
    ("trace", "Trace", "32 hex digits"),
    ("text", "Words in the event", "any words"),
    ("since", "Since (UTC)", "7d or 2026-03-01T12:00"),
    ("until", "Before (UTC)", "12h or 2026-03-02"),
)
_LABELS = {name: label for name, label, _ in _FILTERS} | {"outcome": "Outcome"}

Pairs = tuple[tuple[str, str], ...]


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


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept search as a place to go, whose it is, and whether the visitor may remove it."""

    name: str
    address: str
    words: str
    own: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks: filters of the form by name, and further terms."""

    fields: Mapping[str, str]
    others: tuple[str, ...]

    @property
    def pairs(self) -> Pairs:
        """The filters as the address has them."""
        return (*self.fields.items(), *(("q", term) for term in self.others))

    @property
    def terms(self) -> list[str]:
        """The filters as terms of a search."""
        return [*(f"{name}={value}" for name, value in self.fields.items()), *self.others]


def add_audit(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add audit search."""
    _add_kept(app, control)
    live = LiveLog(control)

    @app.get("/audit", response_class=HTMLResponse)
    def audit(request: Request, visitor: Visitor, cursor: str = "") -> Response:
        asked = _asked(request)
        query = parse_terms(asked.terms, control.clock())
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            page = search(session, query, cursor=cursor, limit=_PAGE)
            found = histogram(session, query, control.clock())
            kept = saved_searches(session, str(visitor.identity.principal))
        return pages.render(
            request,
            "audit",
            visitor,
            events=[event_view(item) for item in page.events],
            fields=[Field(name, label, example, asked.fields.get(name, "")) for name, label, example in _FILTERS],
            others=asked.others,
            outcomes=[outcome.value for outcome in Outcome],
            outcome=asked.fields.get("outcome", ""),
            chips=_chips(asked),
            chart=_chart(found, asked),
            kept=[_kept(item, visitor, asked) for item in kept],
            terms=asked.terms,
            live=f"/audit/live?{urlencode([('q', term) for term in asked.terms])}",
            earlier=_address((*asked.pairs, ("cursor", page.cursor))) if page.cursor else "",
            newest=_address(asked.pairs) if cursor else "",
            glance=_glance(len(page.events), more=bool(page.cursor), filtered=bool(asked.terms)),
        )

    @app.get("/audit/live", response_class=StreamingResponse)
    def follow(request: Request, visitor: Visitor) -> Response:
        def still() -> Identity:
            return signed_in(request).identity

        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
        return live.stream(request, parse_terms(_asked(request).terms, control.clock()), still)


def _add_kept(app: FastAPI, control: ControlPlane) -> None:
    @app.post("/audit/searches")
    def keep(
        visitor: Writer,
        name: Annotated[str, Form()],
        term: Annotated[list[str], Form(default_factory=list)],
        shared: Annotated[str, Form()] = "",
    ) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            who = str(visitor.identity.principal)
            kept = save_search(session, control.audit, who, name.strip(), term, shared=bool(shared))
        return RedirectResponse(_address(_split(kept.terms).pairs), 303)

    @app.post("/audit/searches/remove")
    def forget(visitor: Writer, name: Annotated[str, Form()]) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            remove_search(session, control.audit, str(visitor.identity.principal), name)
        return RedirectResponse("/audit", 303)


def _asked(request: Request) -> Asked:
    parameters = request.query_params
    named = [f"{name}={value.strip()}" for name in _LABELS for value in parameters.getlist(name) if value.strip()]
    return _split([*named, *parameters.getlist("q")])


def _split(terms: Sequence[str]) -> Asked:
    """Return terms as filters of the form where each has one value, and as further terms where not."""
    fields: dict[str, str] = {}
    others: list[str] = []
    for term in filter(None, map(str.strip, terms)):
        name, _, value = term.partition("=")
        if value and name in _LABELS and name not in fields:
            fields[name] = value
        else:
            others.append(term)
    return Asked(fields, tuple(dict.fromkeys(others)))


def _chips(asked: Asked) -> list[Chip]:
    def without(pair: tuple[str, str]) -> str:
        return _address(tuple(other for other in asked.pairs if other != pair))

    named = [Chip(f"{_LABELS[name]}: {value}", without((name, value))) for name, value in asked.fields.items()]
    return named + [Chip(term, without(("q", term))) for term in asked.others]


def _chart(found: Histogram, asked: Asked) -> object:
    rest = tuple(pair for pair in asked.pairs if pair[0] not in {"since", "until"})

    def narrowed(start: datetime, end: datetime) -> str:
        moments = (("since", start), ("until", end))
        return _address((*rest, *((name, f"{moment:%Y-%m-%dT%H:%M:%S}") for name, moment in moments)))

    return audit_chart(found, narrowed)


def _kept(item: SavedSearch, visitor: SignedIn, asked: Asked) -> Kept:
    own = item.owner == str(visitor.identity.principal)
    words = " ".join(item.terms) + ("" if own else f" (shared by {item.owner})")
    return Kept(item.name, _address(_split(item.terms).pairs), words, own, _split(item.terms) == asked)


def _glance(found: int, *, more: bool, filtered: bool) -> str:
    if not found:
        return "Nothing matches." if filtered else "Nothing happened yet."
    if found == 1 and not more:
        return "1 event matches; no more." if filtered else "1 event in the log; no more."
    which = "that match" if filtered else "in the log"
    return (
        f"The {'newest ' if more else ''}{count(found, 'event')} {which}; {'more are earlier' if more else 'no more'}."
    )


def _address(pairs: Pairs) -> str:
    return f"/audit?{urlencode(pairs)}" if pairs else "/audit"
