"""The page of integrations: where each business system is, what it offers, who uses it, and its switch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.integrations import Integration, static_key
from bailiwick.core.grants import Offer
from bailiwick.core.messages import AnyConnection
from bailiwick.core.principals import Identity
from bailiwick.core.reach_words import offer_words
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count, listed

_KINDS = {
    "postgresql": "a PostgreSQL database",
    "mysql": "a MySQL or MariaDB database",
    "sqlite": "a SQLite file",
    "duckdb": "a DuckDB file",
    "http": "an HTTP service",
    "smtp": "a mail server",
}


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Where one plane finds a system, and as whom it comes there."""

    plane: str
    where: str
    account: str
    secrets: tuple[str, ...]
    static_key: bool


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """An integration as the page shows it; `offers` are the lines of each access."""

    found: Integration
    kind: str
    state: State
    places: tuple[PlaceView, ...]
    offers: tuple[tuple[str, tuple[str, ...]], ...]
    classes: tuple[tuple[str, str], ...]
    apps: int


def add_integrations(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its switch."""

    @app.get("/integrations", response_class=HTMLResponse)
    def integrations(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            views = _views(control, session, visitor.identity)
            change = control.authorizer.decide(session, visitor.identity, "integration.manage", ORGANIZATION)
        return pages.render(request, "integrations", visitor, views=views, change=change, glance=_glance(views))

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
        )
        for item in control.integrations.integrations(session)
        if control.authorizer.decide(session, identity, "integration.read", f"integration:{item.name}").allowed
    ]


def _place(plane: str, connection: AnyConnection) -> PlaceView:
    kept = connection.control_secrets if connection.kind == "http" else frozenset()
    secrets, static = tuple(sorted(connection.secrets | kept)), bool(static_key(connection))
    return PlaceView(plane, connection.words, connection.account, secrets, static)


def _lines(name: str, offers: Sequence[Offer]) -> tuple[str, ...]:
    return tuple(offer_words(name, offer).removeprefix(f"{name}: ") for offer in offers)


def _glance(views: Sequence[IntegrationView]) -> str:
    if not views:
        return "No business system is registered that you may see."
    off = [view.found.name for view in views if not view.found.enabled]
    if off:
        return f"Switched off for every app: {listed(off)}."
    return f"{count(len(views), 'business system')}, all switched on."
