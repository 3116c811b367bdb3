"""Anomalies: what stood out, and a page for each with what was expected, who was there, and the ways on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.anomalies import MEASURES, Anomaly, AnomalyState, Kind, Point, number_words
from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

WIDTH, HEIGHT = 960, 160
_TOP, _FLOOR = 12, HEIGHT - 24
_AROUND = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class BandChart:
    """The minutes before: the band as a shape, what came as a line, and the last value as a mark."""

    band: str
    line: str
    x: float
    y: float
    begin: str
    end: str
    highest: str


@dataclass(frozen=True, slots=True)
class Way:
    """Something that can be done about it, one click away."""

    words: str
    address: str


def add_anomalies(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the pages and the form."""

    @app.get("/anomalies", response_class=HTMLResponse)
    def listed(
        request: Request,
        visitor: Visitor,
        state: Literal["", "open", "dismissed"] = "open",
        subject: Annotated[str, Query(max_length=300)] = "",
        cursor: Annotated[str, Query(max_length=60)] = "",
    ) -> Response:
        with control.store.transaction() as session:
            page = control.anomalies.list(session, visitor.identity, subject=subject, state=state, cursor=cursor)
        more = urlencode({"state": state, "subject": subject, "cursor": page.cursor}) if page.cursor else ""
        return pages.render(
            request,
            "anomalies",
            visitor,
            anomalies=page.anomalies,
            more=more,
            state=state,
            subject=subject,
            glance=f"{count(len(page.anomalies), 'anomaly', 'anomalies')} on this page.",
        )

    @app.get("/anomalies/{anomaly_id}", response_class=HTMLResponse)
    def one(request: Request, visitor: Visitor, anomaly_id: str) -> Response:
        with control.store.transaction() as session:
            found = control.anomalies.anomaly(session, visitor.identity, anomaly_id)
            may = control.anomalies.explain_dismissal(session, visitor.identity, found)
        return pages.render(
            request,
            "anomaly",
            visitor,
            it=found,
            open=found.state is AnomalyState.OPEN,
            unusual=found.kind is Kind.UNUSUAL,
            measures=MEASURES,
            number=number_words,
            chart=band_chart(found.points),
            ways=ways_on(found),
            may=may,
        )

    @app.post("/anomalies/{anomaly_id}/dismiss")
    def dismiss(visitor: Writer, anomaly_id: str, reason: Annotated[str, Form()] = "") -> Response:
        done = control.anomalies.dismiss(visitor.identity, anomaly_id, reason)
        return RedirectResponse(f"/anomalies/{done.id}", 303)


def ways_on(found: Anomaly) -> list[Way]:
    """Return where to look and what to stop, by what the anomaly is of."""
    kind, _, name = found.subject.partition(":")
    around = {"since": f"{found.time - _AROUND:%Y-%m-%dT%H:%M}", "until": f"{found.last + _AROUND:%Y-%m-%dT%H:%M}"}
    whose = {"app": "app", "user": "actor", "agent": "actor", "service": "actor"}.get(kind, "resource")
    value = name if kind == "app" else found.subject
    ways = [Way("Events and traces of these minutes", f"/audit?{urlencode({whose: value, **around})}")]
    if kind == "app":
        ways += [
            Way("The app, its requests and its workers to pause", f"/apps/{name}"),
            Way("Kill the app …", f"/apps/{name}#kill"),
            Way("Set its limits", "/guardrails"),
        ]
    elif kind in {"integration", "model"}:
        ways.append(Way(f"Close the {kind} …", f"/kill/new?{urlencode({'kind': kind, 'subject': name})}"))
    elif kind == "user":
        ways += [
            Way("The person, and ending all that they hold", f"/people/{name}"),
            Way("Stop every app of theirs …", f"/kill/new?{urlencode({'kind': 'builder', 'subject': name})}"),
        ]
    return ways


def band_chart(points: Sequence[Point]) -> BandChart | None:
    """Return where band, line and mark stand; nothing for fewer than two points."""
    if len(points) <= 1:
        return None
    highest = max(max(point.value, min(point.high, 4 * max(one.value for one in points))) for point in points) or 1.0
    begin, end = points[0].time, points[-1].time
    span = max((end - begin).total_seconds(), 1.0)

    def place(point: Point, value: float) -> str:
        return f"{_x(point)},{_y(value)}"

    def _x(point: Point) -> float:
        return round(4 + (point.time - begin).total_seconds() / span * (WIDTH - 8), 1)

    def _y(value: float) -> float:
        return round(_FLOOR - max(0.0, min(value / highest, 1.0)) * (_FLOOR - _TOP), 1)

    upper = [place(point, point.high) for point in points]
    lower = [place(point, point.low) for point in reversed(points)]
    return BandChart(
        band=" ".join([*upper, *lower]),
        line=" ".join(place(point, point.value) for point in points),
        x=_x(points[-1]),
        y=_y(points[-1].value),
        begin=f"{begin:%H:%M}",
        end=f"{end:%H:%M}",
        highest=number_words(highest),
    )
