"""Traces of an app in the console: how it did over hours or days, what is slow or fails, and one trace as a picture."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BeforeValidator, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.traces import Line, Metric, Overview
from bailiwick.faces.console.chart import Happening
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.traces_chart import metric_line, time_chart, trace_picture
from bailiwick.faces.console.words import count
from bailiwick.faces.traces import MOST_HOURS, TracesAsked

_MODES = ("production", "preview")
_SPANS = ((1, "last hour"), (6, "6 hours"), (24, "24 hours"), (168, "7 days"), (MOST_HOURS, "30 days"))
_FLAKY_PART, _MOST_ROWS = 0.01, 20


class _Wanted(TracesAsked):
    """As a form sends it: what is left empty is not asked."""

    least_ms: Annotated[float, BeforeValidator(lambda told: told or 0), Field(ge=0, le=1e9)] = 0


def add_traces(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of an app's traces, and that of one trace."""

    @app.get("/traces/{path:path}", response_class=HTMLResponse)
    def traces(request: Request, visitor: Visitor, path: str, wanted: Annotated[_Wanted, Query()]) -> Response:
        overview = control.traces.overview(visitor.identity, path, wanted.mode, wanted.hours)
        found = control.traces.traces(visitor.identity, path, wanted.query)
        asked = {name: value for name, value in wanted.model_dump(mode="json", exclude={"before"}).items() if value}
        more = found[-1].start.isoformat() if len(found) == wanted.limit else ""
        return pages.render(
            request,
            "traces",
            visitor,
            path=path,
            wanted=wanted,
            modes=_MODES,
            spans=_SPANS,
            found=found,
            chart=time_chart(overview, _releases(control, path, wanted.mode), wanted.hours),
            glance=_glance(overview),
            slow=[line for line in overview.lines if line.kind != "call"][:_MOST_ROWS],
            flaky=_flaky(overview.lines),
            errors=overview.errors,
            metrics=[_metric(item, overview) for item in overview.metrics],
            more=f"/traces/{path}?{urlencode({**asked, 'before': more})}" if more else "",
        )

    @app.get("/trace/{trace}/{path:path}", response_class=HTMLResponse)
    def trace(
        request: Request, visitor: Visitor, trace: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")], path: str
    ) -> Response:
        spans = control.traces.trace(visitor.identity, path, trace)
        picture, first = trace_picture(spans), spans[0]
        bad = sum(span.outcome != "ok" for span in spans)
        glance = f"{count(len(spans), 'span')} in {picture.total_ms:,.1f} ms for {first.person or 'nobody'}; "
        glance += f"{bad} failed or refused." if bad else "nothing failed."
        return pages.render(
            request,
            "trace",
            visitor,
            path=path,
            trace=trace,
            picture=picture,
            first=first,
            glance=glance,
            log=f"/logs/{path}?{urlencode({'mode': first.mode, 'branch': first.branch, 'trace': trace})}",
        )


def _releases(control: ControlPlane, path: str, mode: str) -> list[Happening]:
    with control.store.transaction() as session:
        return [
            Happening(item.created_at, "release", f"release {item.commit[:7]}")
            for item in control.releases.releases(session, path)
            if item.mode == mode and not item.branch
        ]


def _metric(item: Metric, overview: Overview) -> dict[str, Any]:
    values = [value for _, value in item.points]
    labels = ", ".join(f"{name} {value}" for name, value in json.loads(item.labels).items())
    figures = {"last": values[-1], "least": min(values), "most": max(values)}
    return {
        "name": item.name, "unit": item.unit, "labels": labels,
        "kind": {"counter": "grew by", "gauge": "mean", "histogram": "mean"}[item.kind],
        "line": metric_line(item.points, overview.since, overview.until),
        **{name: f"{value:,.6g}" for name, value in figures.items()},
    }  # fmt: skip


def _flaky(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    """Return what the app calls and which fails now and then, the worst first."""
    found = [line for line in lines if line.kind not in {"request", "message", "app"}]
    parts = [((line.errors + line.refused) / line.count, line) for line in found]
    worst = sorted((item for item in parts if item[0] >= _FLAKY_PART), key=lambda item: -item[0])
    return [{"line": line, "part": f"{part:.1%}"} for part, line in worst[:_MOST_ROWS]]


def _glance(overview: Overview) -> str:
    total = sum(point.count for point in overview.points)
    errors = sum(point.errors for point in overview.points)
    if not total:
        return "There were no requests."
    worst = max(point.p95_ms for point in overview.points)
    failed = f"{errors:,} of them failed ({errors / total:.1%})" if errors else "none failed"
    return f"{total:,} requests, {failed}; p95 {worst:,.0f} ms at worst."
