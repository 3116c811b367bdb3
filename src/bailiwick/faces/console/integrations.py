"""The page of integrations: where each business system is, what it offers, who uses it, and its switch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.integrations import Integration, Pressure, day_uses_for, pressures, static_key
from bailiwick.control.versions import State as Standing
from bailiwick.core.grants import Offer
from bailiwick.core.limit_words import limit_words, nearest_words, pressure_words
from bailiwick.core.messages import AnyConnection, HttpConnection
from bailiwick.core.principals import Identity
from bailiwick.core.reach_words import offer_words
from bailiwick.faces.console.day_use_view import DayUseView, day_use_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count, listed

_KINDS = {
    "postgresql": "a PostgreSQL database",
    "mysql": "a MySQL or MariaDB database",
    "sqlite": "a SQLite file",
    "duckdb": "a DuckDB file",
    "bigquery": "a dataset of BigQuery",
    "snowflake": "a schema of Snowflake",
    "http": "an HTTP service",
    "mcp": "an MCP server",
    "smtp": "a mail server",
}
_BREAKERS = {"closed": "answers", "open": "left alone, it fails", "half-open": "tried again"}


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Where one plane finds a system, and as whom it comes there."""

    plane: str
    where: str
    account: str
    secrets: tuple[str, ...]
    static_key: bool
    webhooks: str


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """An integration as the page shows it; `offers` are the lines of each access. `functions` are those of its own that
    apps may call, and `proposed` is the version that waits for a second person, 0 for none.
    """

    found: Integration
    kind: str
    state: State
    places: tuple[PlaceView, ...]
    offers: tuple[tuple[str, tuple[str, ...]], ...]
    classes: tuple[tuple[str, str], ...]
    apps: int
    limits: tuple[str, ...]
    functions: tuple[str, ...]
    proposed: int
    pressures: tuple["PressureView", ...]
    day_uses: tuple[DayUseView, ...]


@dataclass(frozen=True, slots=True)
class PressureView:
    """What a plane told of an integration: how it stands there, when that was, and how near limits were come to."""

    state: State
    time: datetime
    words: tuple[str, ...]
    nearest: tuple[tuple[str, int], ...]


def add_integrations(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its switch."""

    @app.get("/integrations", response_class=HTMLResponse)
    def integrations(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            views = _views(control, session, visitor.identity)
            change = control.authorizer.decide(session, visitor.identity, "integration.manage", ORGANIZATION)
            functions = control.authorizer.decide(session, visitor.identity, "sql-function.read", ORGANIZATION).allowed
        return pages.render(
            request,
            "integrations",
            visitor,
            views=views,
            change=change,
            glance=_glance(views),
            reads_functions=functions,
        )

    @app.post("/integrations/{name}/switch")
    def switch(
        visitor: Writer,
        name: str,
        enabled: Annotated[bool, Form()],
        reason: Annotated[str, Form(min_length=1, max_length=2000)],
    ) -> Response:
        control.integrations.set_enabled(visitor.identity, name, enabled=enabled, reason=reason)
        return RedirectResponse("/integrations", 303)


def _views(control: ControlPlane, session: Session, identity: Identity) -> list[IntegrationView]:
    classes = control.data_classes.of(session)
    reaches = control.deploys.production_reaches(session).values()
    told = pressures(session)
    day_uses = day_use_view(day_uses_for(session, control.authorizer, identity, control.clock()))
    functions = control.sql_functions.in_force(session)
    proposed = {
        item.name: item.newest.version
        for item in control.sql_functions.sets(session, identity)
        if item.newest.state is Standing.PROPOSED
    }
    used = Counter(name for reach in reaches for name in {item.resource for item in reach.integrations})
    return [
        IntegrationView(
            item,
            _KINDS.get(item.kind, item.kind),
            State("on", "good") if item.enabled else State("off", "bad"),
            tuple(_place(plane, connection) for plane, connection in sorted(item.connections.items())),
            tuple((rule, _lines(item.name, offers)) for rule, offers in sorted(item.offers.items())),
            tuple(sorted(classes.get(item.name, {}).items())),
            used[item.name],
            tuple(limit_words(item.limits)),
            tuple(function.words for function in functions.get(item.name, ())),
            proposed.get(item.name, 0),
            tuple(_pressure(pressure, control.clock()) for pressure in told.get(item.name, ())),
            tuple(found for found in day_uses if found.integration == item.name),
        )
        for item in control.integrations.integrations(session)
        if control.authorizer.decide(session, identity, "integration.read", f"integration:{item.name}").allowed
    ]


def _pressure(pressure: Pressure, now: datetime) -> PressureView:
    report = pressure.report
    fresh = pressure.is_fresh(now)
    state = State(_BREAKERS[report.breaker], "good" if report.breaker == "closed" else "bad")
    if report.breaker == "closed" and report.held_until is not None and report.held_until > now:
        state = State("asked for a pause", "warn")
    quiet = report.model_copy(update={"nearest": ()})
    near = tuple((nearest_words(seen), min(100, round(seen.share * 100))) for seen in report.nearest) if fresh else ()
    return PressureView(state, report.time, tuple(pressure_words(pressure.plane, quiet)), near)


def _place(plane: str, connection: AnyConnection) -> PlaceView:
    kept = connection.control_secrets if isinstance(connection, HttpConnection) else frozenset()
    secrets, static = tuple(sorted(connection.secrets | kept)), bool(static_key(connection))
    sent = connection.webhooks if connection.kind == "http" else {}
    webhooks = ", ".join(f"{name} ({webhook.scheme})" for name, webhook in sorted(sent.items()))
    return PlaceView(plane, connection.words, connection.account, secrets, static, webhooks)


def _lines(name: str, offers: Sequence[Offer]) -> tuple[str, ...]:
    return tuple(offer_words(name, offer).removeprefix(f"{name}: ") for offer in offers)


def _glance(views: Sequence[IntegrationView]) -> str:
    if not views:
        return "No business system is registered that you may see."
    off = [view.found.name for view in views if not view.found.enabled]
    if off:
        return f"Switched off for every app: {listed(off)}."
    return f"{count(len(views), 'business system')}, all switched on."
