"""What leaves for models: by model, app, person, place and class of data, a bar a day, and a switch at each line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.inference import OutflowDay, OutflowFilter, OutflowLine
from bailiwick.core.egress_words import bytes_words
from bailiwick.core.messages import OTHERS, OutflowSwitch
from bailiwick.core.outflows import PLACE_WORDS, outflow_words, switch_words
from bailiwick.core.redaction import CLASSES
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count
from bailiwick.faces.outflows import kept_of_calls

_PAGE = "/model-inventory"
_SHOWN = 200
_DAYS = (1, 7, 30, 90, 365)
WIDTH, HEIGHT = 960, 96
_FLOOR = HEIGHT - 20
_Named = Annotated[str, Query(max_length=600)]
_Given = Annotated[str, Form(max_length=600)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the page shows it, and what a switch of it would say: of everybody in the app, where there is one."""

    line: OutflowLine
    what: str
    much: str
    left: str
    app: str
    person: str
    switch: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day of bytes; a mark above it says that calls were refused."""

    x: float
    width: float
    top: float
    height: float
    refused: bool
    words: str


def add_model_inventory(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""

    @app.get(_PAGE, response_class=HTMLResponse)
    def listed(
        request: Request,
        visitor: Visitor,
        model: _Named = "",
        app: _Named = "",
        person: _Named = "",
        place: _Named = "",
        data_class: _Named = "",
        days: Annotated[int, Query(ge=1, le=365)] = 30,
    ) -> Response:
        wanted = OutflowFilter(days, model, app, person, place, data_class)
        with control.store.transaction() as session:
            found = control.outflows.page(session, visitor.identity, wanted)
            off = control.outflows.switches(session, visitor.identity)
            may = control.authorizer.explain(session, visitor.identity, "model-outflow.switch", ORGANIZATION)
        return pages.render(
            request,
            "model_inventory",
            visitor,
            rows=[_row(line) for line in found.lines[:_SHOWN]],
            more=len(found.lines) - _SHOWN if len(found.lines) > _SHOWN else 0,
            bars=day_bars(found.days, control.clock().date(), days),
            wanted=wanted,
            models=sorted(control.outflows.models),
            places=PLACE_WORDS,
            classes=CLASSES,
            spans=_DAYS,
            off=[(item, _sentence(switch_words(item))) for item in off],
            may=may,
            kept=kept_of_calls(control),
            glance=_glance(found.lines, off, days),
        )

    @app.post(_PAGE + "/off")
    def off(
        visitor: Writer,
        model: _Given = "",
        app: _Given = "",
        person: _Given = "",
        place: _Given = "",
        data_class: _Given = "",
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        wanted = OutflowFilter(model=model, app=app, person=person, place=place, data_class=data_class)
        control.outflows.off(visitor.identity, wanted, reason)
        return RedirectResponse(f"{_PAGE}#off", 303)

    @app.post(_PAGE + "/on/{switch}")
    def on(visitor: Writer, switch: str, reason: Annotated[str, Form()] = "") -> Response:
        control.outflows.on(visitor.identity, switch, reason)
        return RedirectResponse(f"{_PAGE}#off", 303)


def address_of(wanted: OutflowFilter, **other: str) -> str:
    """Return the address of the page with a filter, changed by what else is given."""
    changed = replace(wanted, **other) if other else wanted  # type: ignore[arg-type]
    named = {name: getattr(changed, name) for name in ("model", "app", "person", "place", "data_class", "days")}
    return f"{_PAGE}?{urlencode({name: value for name, value in named.items() if value})}"


def day_bars(days: Sequence[OutflowDay], today: date, span: int) -> tuple[DayBar, ...]:
    """Return a bar for each day on which something left or was refused, today at the right."""
    most = max((item.bytes for item in days), default=0)
    begin, step = today - timedelta(days=span - 1), WIDTH / span
    bars = []
    for item in days:
        height = round(item.bytes / most * (_FLOOR - 16), 1) if most else 0.0
        words = f"{item.day:%Y-%m-%d}: {bytes_words(item.bytes)}, {item.found:,} values of data classes"
        if item.refused:
            words += f", {count(item.refused, 'call')} refused"
        place = (item.day - begin).days * step
        bars.append(DayBar(round(place + 1, 1), round(max(step - 2, 1), 1), _FLOOR - height, height, item.refused > 0,
                           words))  # fmt: skip
    return tuple(bars)


def _row(line: OutflowLine) -> Row:
    app, person = ("" if name == OTHERS else name for name in (line.app, line.person))
    words = _sentence(outflow_words(line.model, app, "" if app else person, line.place, line.data_class))
    if not line.data_class:
        return Row(line, PLACE_WORDS[line.place], bytes_words(line.bytes), "", app, person, words)
    left = f"{line.left:,} of {line.found:,}"
    what = f"{line.data_class} in {PLACE_WORDS[line.place]}"
    return Row(line, what, f"{line.found:,} found", left, app, person, words)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _glance(lines: Sequence[OutflowLine], off: Sequence[OutflowSwitch], days: int) -> str:
    if not lines:
        return f"Nothing left for models in {count(days, 'day')}, as far as you may see it."
    size = sum(line.bytes for line in lines)
    found, left = sum(line.found for line in lines), sum(line.left for line in lines)
    models = {line.model for line in lines}
    told = f"{bytes_words(size)} left for {count(len(models), 'model')} in {count(days, 'day')}"
    classes = f"{count(found, 'value')} of data classes in it, {left:,} of them as they are"
    return f"{told}; {classes}; {count(len(off), 'switch', 'switches')} off."
