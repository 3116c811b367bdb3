"""The register of telemetry: each field with what it is for, its class and where it goes, and its switch beside it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.telemetry import FieldState
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count

_PAGE = "/telemetry"
_SHOWN = 100
_GOES = {
    "event": "receivers of the audit log",
    "fact": "receivers of the audit log",
    "facts-of": "receivers of the audit log",
    "json": "receivers, in our own form",
    "ocsf": "receivers, in OCSF",
    "cef": "receivers, in CEF",
    "syslog": "receivers, by syslog",
    "parquet": "receivers, in Parquet files",
    "splunk": "receivers, at Splunk",
    "notice": "people, by mail and in chats",
    "plane": "the control plane, from data planes",
    "otel": "the collector of telemetry, from data planes",
}
Shown = Literal["", "on", "off", "new", "needed"]


def add_telemetry(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""

    @app.get(_PAGE, response_class=HTMLResponse)
    def fields(
        request: Request,
        visitor: Visitor,
        text: Annotated[str, Query(max_length=100)] = "",
        to: Annotated[str, Query(max_length=20)] = "",
        state: Shown = "",
        first: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        with control.store.transaction() as session:
            states = control.telemetry.states(session, visitor.identity)
            may = control.authorizer.explain(session, visitor.identity, "telemetry.switch", ORGANIZATION)
        found = [item for item in states if _matches(item, text, to, state)]
        return pages.render(
            request,
            "telemetry",
            visitor,
            rows=[(item, _state(item), goes(item)) for item in found[first : first + _SHOWN]],
            found=len(found),
            first=first,
            following=first + _SHOWN if len(found) > first + _SHOWN else 0,
            text=text,
            to=to,
            state=state,
            goes={name: words for name, words in _GOES.items() if any(item.to == name for item in states)},
            may=may,
            version=control.telemetry.register.version,
            glance=_glance(states),
        )

    @app.post(_PAGE + "/{name}/{way}")
    def switch(
        visitor: Writer,
        name: str,
        way: Literal["on", "off"],
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        control.telemetry.switch(visitor.identity, name, reason, on=way == "on")
        return RedirectResponse(f"{_PAGE}?text={name}", 303)


def goes(item: FieldState) -> str:
    """Return in words where a field goes."""
    return _GOES.get(item.to, item.to)


def _matches(item: FieldState, text: str, to: str, state: Shown) -> bool:
    told = {"on": item.on, "off": not item.on, "new": item.new, "needed": item.required}
    said = f"{item.name} {item.purpose} {item.data_class}".lower()
    return all(word in said for word in text.lower().split()) and to in {"", item.to} and (not state or told[state])


def _state(item: FieldState) -> State:
    if item.new and not item.on:
        return State("new, off", "warn")
    if item.required:
        return State("needed", "plain")
    return State("on", "good") if item.on else State("off", "warn")


def _glance(states: Sequence[FieldState]) -> str:
    leave = sum(item.on for item in states)
    waiting = sum(item.new and not item.on for item in states)
    words = f"{leave:,} of {count(len(states), 'field')} leave"
    if waiting:
        return f"{words}; {count(waiting, 'new one waits', 'new ones wait')} for somebody to turn them on."
    return f"{words}; whatever is not listed here cannot be sent."
