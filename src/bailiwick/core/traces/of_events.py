"""Spans of what a plane audits anyway: requests, statements, calls, models, egress, mail and messages."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.ids import new_span_id, new_trace_id
from bailiwick.core.messages.spans import SPAN_FACTS, Fact, SpanKind, SpanOutcome, SpanSeen
from bailiwick.core.traces.names import root_span, route_of, said_name

_OUTCOMES: Mapping[Outcome, SpanOutcome] = {
    Outcome.SUCCESS: "ok",
    Outcome.FAILED: "error",
    Outcome.REFUSED: "refused",
}
_LONGEST_FACT = 300


class _Form(NamedTuple):
    """What a kind of event is as a span: its name, and what it went to."""

    kind: SpanKind
    name: Callable[[AuditEvent], str]
    target: Callable[[AuditEvent], str]


def _fact(event: AuditEvent, name: str) -> str:
    return str(event.context.get(name, "") or "")


def _resource(event: AuditEvent) -> str:
    return event.resource.partition(":")[2]


def _nothing(_: AuditEvent) -> str:
    return ""


def _request(event: AuditEvent) -> str:
    return f"{_fact(event, 'method')} {route_of(_fact(event, 'path'))}"


def _statement(event: AuditEvent) -> str:
    return _fact(event, "statement") or "a statement that is not understood"


def _call(event: AuditEvent) -> str:
    method, _, path = _fact(event, "call").partition(" ")
    # Calls of MCP servers name a method and a tool, others a method and a path.
    return f"{method} {route_of(path)}" if path.startswith("/") else said_name(f"{method} {path}")


def _model(event: AuditEvent) -> str:
    return f"{_resource(event)} {route_of(_fact(event, 'endpoint'))}"


def _host(event: AuditEvent) -> str:
    return _fact(event, "host") or "a host"


_REQUEST = _Form("request", _request, _nothing)
_QUERY = _Form("query", _statement, _resource)
_CALL = _Form("call", _call, _resource)
_MODEL = _Form("model", _model, _resource)
_EGRESS = _Form("egress", _host, _host)
_MAIL = _Form("mail", lambda _: "mail", _resource)
_MESSAGE = _Form("message", lambda event: f"message of {_fact(event, 'worker')}", _nothing)
_FORMS: Mapping[str, _Form] = {
    "request.served": _REQUEST,
    "query.executed": _QUERY,
    "query.refused": _QUERY,
    "service.called": _CALL,
    "service.refused": _CALL,
    "tool.called": _CALL,
    "tool.refused": _CALL,
    "model.called": _MODEL,
    "model.refused": _MODEL,
    "egress.refused": _EGRESS,
    "mail.sent": _MAIL,
    "mail.refused": _MAIL,
    "message.handled": _MESSAGE,
    "message.given-up": _MESSAGE,
}
_ROOTS = frozenset({"request", "message"})


def span_of(event: AuditEvent) -> SpanSeen | None:
    """Return the span of an event of an app, None for an event that is none. Work for no request is its own trace."""
    form = _FORMS.get(event.action)
    if form is None or not event.app:
        return None
    milliseconds = _number(event.context.get("milliseconds"))
    trace = event.trace or new_trace_id()
    root = not event.trace or form.kind in _ROOTS
    outcome, status = _OUTCOMES[event.outcome], int(_number(event.context.get("status")))
    return SpanSeen(
        trace=trace,
        span=root_span(trace) if root else new_span_id(),
        parent="" if root else root_span(trace),
        kind=form.kind,
        name=said_name(form.name(event)),
        start=event.time - timedelta(milliseconds=milliseconds),
        microseconds=round(milliseconds * 1000),
        outcome=outcome,
        person=event.actor[:_LONGEST_FACT],
        target=said_name(form.target(event)),
        status=status if 0 <= status < 1000 else 0,  # noqa: PLR2004 - three digits
        facts=_facts(event, form.kind, status) if event.context else {},
    )


def _facts(event: AuditEvent, kind: SpanKind, status: int) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for name, value in event.context.items():
        if name in SPAN_FACTS and value:
            told = ", ".join(value) if isinstance(value, tuple) else value
            found[name] = said_name(told, _LONGEST_FACT) if isinstance(told, str) else told
    if event.outcome is Outcome.FAILED:
        found["error_type"] = f"HTTP {status}" if status else f"{kind} failed"
    return found


def _number(told: ContextFact) -> float:
    return max(float(told), 0.0) if isinstance(told, int | float) else 0.0
