"""Questions for traces of an app and their answers, as the API, the console, the command line and agents have them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bailiwick.control.traces import Overview, Span, TraceQuery
from bailiwick.core.modes import PRODUCTION, Mode

MOST_HOURS = 720
Trace = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="a trace's id: 32 hex digits")]
Hours = Annotated[int, Field(ge=1, le=MOST_HOURS)]
_Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TracesAsked(BaseModel):
    """Which traces somebody asks for."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = PRODUCTION
    hours: Hours = 24
    person: _Text = ""
    text: _Text = ""
    release: _Text = ""
    failed: bool = False
    least_ms: Annotated[float, Field(ge=0, le=1e9)] = 0
    before: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @property
    def query(self) -> TraceQuery:
        """The question as the service takes it."""
        return TraceQuery(**self.model_dump())


def traces_document(app: str, asked: TracesAsked, found: Sequence[Span]) -> dict[str, Any]:
    """Return traces as a document; `before` asks for those that come next."""
    before = found[-1].start.isoformat() if len(found) == asked.limit else ""
    return {"app": app, "mode": asked.mode, "traces": [span_document(span) for span in found], "before": before}


def trace_document(app: str, spans: Sequence[Span]) -> dict[str, Any]:
    """Return one trace as a document, its spans in the order of a tree, each with its depth in it."""
    ordered = [{**span_document(span), "depth": depth} for span, depth in in_tree(spans)]
    return {"app": app, "trace": spans[0].trace, "spans": ordered}


def span_document(span: Span) -> dict[str, Any]:
    """Return a span as a document."""
    return {**asdict(span), "start": span.start.isoformat(), "milliseconds": span.milliseconds}


def overview_document(app: str, mode: str, found: Overview) -> dict[str, Any]:
    """Return how an app did as a document."""
    return {"app": app, "mode": mode, **asdict(found)}


def in_tree(spans: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    """Yield spans below those that they were made for, each once, with their depth; what misses its parent is a root.

    Parents may be said wrongly: spans that lead round in a circle come at the end.
    """
    known = {span.span for span in spans}
    below: dict[str, list[Span]] = {}
    for span in spans:
        below.setdefault(span.parent if span.parent in known and span.parent != span.span else "", []).append(span)
    waiting, seen = [(span, 0) for span in reversed(below.get("", []))], set[str]()
    while waiting:
        span, depth = waiting.pop()
        if span.span in seen:
            continue
        seen.add(span.span)
        yield span, depth
        waiting += [(child, depth + 1) for child in reversed(below.get(span.span, []))]
    yield from ((span, 0) for span in spans if span.span not in seen)
