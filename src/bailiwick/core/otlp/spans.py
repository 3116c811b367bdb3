"""Spans of an app's own code: what of them leaves the plane, which is no text that the app wrote."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from bailiwick.core.messages.spans import Fact, SpanSeen
from bailiwick.core.otlp.attributes import attributes_of, worded_name
from bailiwick.core.traces import route_of, said_name

_ERROR = 2  # Status.STATUS_CODE_ERROR
_SKEW = timedelta(minutes=5)
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:]{0,119}")
# Frames of the app's own code, as Python and Node write them; an app lies in /app of its sandbox.
_PYTHON_FRAME = re.compile(r'File "/app/([A-Za-z0-9_./-]{1,150})", line ([0-9]{1,6}), in ([A-Za-z0-9_<>]{1,80})')
_NODE_FRAME = re.compile(
    r"at (?:async )?(?:([A-Za-z0-9_.$<>]{1,80}) \()?(?:file://)?/app/([A-Za-z0-9_./-]{1,150}):([0-9]{1,6})"
)
_LONGEST_STACK = 20_000
Whose = Callable[[str], str | None]


def spans_of(export: Any, whose: Whose, now: datetime) -> Iterator[SpanSeen | None]:
    """Yield the spans of an export, None for each that cannot be one.

    `whose` returns for whom the request of a trace is, None for a trace that is another app's.
    """
    for resource in export.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                person = whose(span.trace_id.hex())
                valid = person is not None and any(span.trace_id) and any(span.span_id)
                yield _span(span, person, now) if valid and person is not None else None


def _span(span: Any, person: str, now: datetime) -> SpanSeen | None:
    attributes = attributes_of(span.attributes)
    failed = span.status.code == _ERROR
    try:
        start = datetime.fromtimestamp(span.start_time_unix_nano / 1e9, UTC)
        facts: dict[str, Fact] = {}
        if abs(start - now) > timedelta(days=1) or start > now + _SKEW:
            start, facts = now, {"skewed": True}
        return SpanSeen(
            trace=span.trace_id.hex(),
            span=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            kind="app",
            name=_name(span.name, attributes),
            start=start,
            microseconds=max(0, (span.end_time_unix_nano - span.start_time_unix_nano) // 1000),
            outcome="error" if failed else "ok",
            person=person,
            target=_target(attributes),
            status=_status(attributes),
            facts={**facts, **_facts(attributes), **(_exception(span) if failed else {})},
        )
    except (ValidationError, OverflowError, ValueError, OSError):
        return None


def _name(name: str, attributes: Mapping[str, Any]) -> str:
    route, method = attributes.get("http.route"), attributes.get("http.request.method")
    if isinstance(route, str) and isinstance(method, str):
        return worded_name(f"{method[:10]} {route_of(route)}")
    return worded_name(name)


def _target(attributes: Mapping[str, Any]) -> str:
    for name in ("server.address", "db.system.name", "db.system", "messaging.system"):
        told = attributes.get(name)
        if isinstance(told, str) and _TYPE.fullmatch(told.replace("-", "_")):
            return said_name(told)
    return ""


def _status(attributes: Mapping[str, Any]) -> int:
    told = attributes.get("http.response.status_code", attributes.get("http.status_code", 0))
    return told if isinstance(told, int) and 0 <= told <= 999 else 0  # noqa: PLR2004 - three digits


def _facts(attributes: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the facts that are on the list, under our names."""
    found: dict[str, Fact] = {}
    model, operation = attributes.get("gen_ai.request.model"), attributes.get("db.operation.name")
    if isinstance(model, str):
        found["model"] = said_name(model, 80)
    if isinstance(operation, str) and operation.isalpha():
        found["operation"] = operation[:20]
    for ours, theirs in (("tokens_in", "gen_ai.usage.input_tokens"), ("tokens_out", "gen_ai.usage.output_tokens")):
        count = attributes.get(theirs)
        if isinstance(count, int):
            found[ours] = count
    return found


def _exception(span: Any) -> dict[str, Fact]:
    """Return of which type an error is, and where in the app's code; never what it says."""
    for event in span.events:
        if event.name == "exception":
            told = {item.key: item.value.string_value for item in event.attributes}
            kind = told.get("exception.type", "")
            found: dict[str, Fact] = {"error_type": kind if _TYPE.fullmatch(kind) else "an exception"}
            place = place_of(told.get("exception.stacktrace", ""))
            return {**found, **({"error_place": place} if place else {})}
    return {"error_type": "the app's code failed"}


def place_of(stack: str) -> str:
    """Return where in the app's own code something was raised: the innermost of its frames, empty without one."""
    stack = stack[-_LONGEST_STACK:]
    python = _PYTHON_FRAME.findall(stack)
    if python:
        path, line, name = python[-1]
        return f"{path}:{line} in {name}"
    node = _NODE_FRAME.search(stack)
    return f"{node[2]}:{node[3]}" + (f" in {node[1]}" if node[1] else "") if node is not None else ""
