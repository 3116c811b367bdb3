"""Traces of apps over the API, for their builders: how an app did, which traces there are, and one with its spans."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Query

from bailiwick.control.app import ControlPlane
from bailiwick.core.modes import PRODUCTION, Mode
from bailiwick.faces.api.pages import Json
from bailiwick.faces.traces import MOST_HOURS, TracesAsked, overview_document, trace_document, traces_document


def add_traces(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add traces to the API."""

    @api.get("/v1/traces/{app:path}")
    def list_traces(identity: Caller, app: str, asked: Annotated[TracesAsked, Query()]) -> Json:
        """Return what traces of an app begin with, newest first."""
        return traces_document(app, asked, control.traces.traces(identity, app, asked.query))

    @api.get("/v1/trace/{trace}/{app:path}")
    def show(identity: Caller, trace: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")], app: str) -> Json:
        """Return one trace, its spans in the order of a tree."""
        return trace_document(app, control.traces.trace(identity, app, trace))

    @api.get("/v1/trace-overview/{app:path}")
    def overview(
        identity: Caller, app: str, mode: Mode = PRODUCTION, hours: Annotated[int, Query(ge=1, le=MOST_HOURS)] = 24
    ) -> Json:
        """Return how an app did: its requests over time, what took longest, and its errors."""
        return overview_document(app, mode, control.traces.overview(identity, app, mode, hours))
