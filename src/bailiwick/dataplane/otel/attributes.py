"""What a call is called in OpenTelemetry's conventions for generative AI, as far as the register lets it leave.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and .../gen-ai-metrics/. What they have no name for is
under `bailiwick.`.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from bailiwick.core.messages import ModelState, SpanSeen, SpansReport
from bailiwick.core.telemetry import Gate
from bailiwick.dataplane.otel.messages import input_messages, output_messages
from bailiwick.dataplane.otel.model import ModelCall

Value = str | int | float | bool
TOKENS, DURATION = "gen_ai.client.token.usage", "gen_ai.client.operation.duration"
_CLOUDS: Mapping[str, str] = {"azure": "azure.ai.openai", "vertex": "gcp.vertex_ai", "bedrock": "aws.bedrock"}
# Facts of spans under the names that the conventions have for them.
_FACTS: Mapping[str, str] = {
    "operation": "db.operation.name",
    "tables": "db.collection.name",
    "rows": "db.response.returned_rows",
    "tokens_in": "gen_ai.usage.input_tokens",
    "tokens_out": "gen_ai.usage.output_tokens",
    "model": "gen_ai.request.model",
    "error_type": "error.type",
    "error_place": "bailiwick.error.place",
    "bytes_in": "bailiwick.bytes_in",
    "bytes_out": "bailiwick.bytes_out",
    "repeats": "bailiwick.repeats",
}
_DEFAULT_PORTS = {"https": 443, "http": 80}


def provider_of(model: ModelState) -> str:
    """Return who a model is of, as the conventions name them: by its cloud, else by its wire."""
    return _CLOUDS[model.upstream.kind] if model.upstream is not None else model.family


def server_of(model: ModelState) -> tuple[str, int]:
    """Return the host and the port of a model's server."""
    parts = urlsplit(model.url)
    return parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def span_attributes(call: ModelCall, gate: Gate) -> dict[str, Value]:
    """Return what a span says of a call. Texts are read only where they leave."""
    told: dict[str, Value | None] = {
        **_common(call),
        "gen_ai.conversation.id": call.conversation,
        "gen_ai.request.stream": call.streamed,
        "gen_ai.usage.input_tokens": call.tokens_in,
        "gen_ai.usage.output_tokens": call.tokens_out,
        "gen_ai.usage.cache_read.input_tokens": call.cached or None,
        "gen_ai.usage.cache_creation.input_tokens": call.written or None,
        "http.response.status_code": call.status or None,
        "user.id": call.person,
        "bailiwick.model": call.name,
        "bailiwick.app": call.app,
        "bailiwick.release": call.release,
        "bailiwick.cost": call.cost,
        **{f"bailiwick.redacted.{kind}": number for kind, number in call.redacted.items()},
    }
    left = _left(told, gate)
    if call.kept is not None and gate.passes("otel.gen_ai.input.messages"):
        left["gen_ai.input.messages"] = input_messages(call.kept.prompt)
    if call.kept is not None and gate.passes("otel.gen_ai.output.messages"):
        left["gen_ai.output.messages"] = output_messages(call.kept.answer, streamed=call.kept.streamed)
    return left


def measures(call: ModelCall, gate: Gate) -> list[tuple[str, float, dict[str, Value]]]:
    """Return what metrics are told of a call: how long it took, and its tokens either way."""
    shared = _left(_common(call), gate)
    found: list[tuple[str, float, dict[str, Value]]] = []
    if gate.passes(f"otel.{DURATION}"):
        found.append((DURATION, call.milliseconds / 1000, shared))
    if gate.passes(f"otel.{TOKENS}") and (call.tokens_in or call.tokens_out):
        plain = {name: value for name, value in shared.items() if name != "error.type"}
        for way, number in (("input", call.tokens_in), ("output", call.tokens_out)):
            found.append((TOKENS, float(number), {**plain, **_left({"gen_ai.token.type": way}, gate)}))
    return found


def app_span_attributes(report: SpansReport, span: SpanSeen, gate: Gate) -> dict[str, Value]:
    """Return what a span of an app's trace says: what the control plane is told of it, as far as that leaves here."""
    told: dict[str, Value | None] = {
        "bailiwick.app": report.app,
        "bailiwick.release": report.release,
        "bailiwick.mode": report.mode,
        "bailiwick.branch": report.branch,
        "bailiwick.kind": span.kind,
        "bailiwick.target": span.target,
        "bailiwick.outcome": span.outcome,
        "user.id": span.person,
        "http.response.status_code": span.status or None,
        "db.query.text": span.name if span.kind == "query" else None,
        **{_FACTS[name]: value for name, value in span.facts.items() if name in _FACTS},
    }
    return _left(told, gate)


def _common(call: ModelCall) -> dict[str, Value | None]:
    return {
        "gen_ai.operation.name": call.operation,
        "gen_ai.provider.name": call.provider,
        "gen_ai.request.model": call.model,
        "server.address": call.host,
        "server.port": call.port or None,
        "error.type": call.error,
    }


def _left(told: Mapping[str, Value | None], gate: Gate) -> dict[str, Value]:
    """Return what is there and leaves."""
    return {
        name: value for name, value in told.items() if value is not None and value != "" and gate.passes(f"otel.{name}")
    }
