"""Spans and metrics as OTLP writes them (https://opentelemetry.io/docs/specs/otlp/), by its own definitions."""

import secrets
from collections.abc import Iterable, Mapping

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    HistogramDataPoint,
    Metric,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Histogram as HistogramOfMetric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from bailiwick.core.messages import SpanSeen
from bailiwick.dataplane.otel.attributes import Value
from bailiwick.dataplane.otel.model import ModelCall
from bailiwick.dataplane.otel.series import BOUNDS, UNITS, Histogram
from bailiwick.version import product_version

_SCOPE = InstrumentationScope(name="bailiwick.models", version=product_version())
_OF_APPS = InstrumentationScope(name="bailiwick.apps", version=product_version())
_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
_NANOSECONDS = 1_000_000
_KINDS = {
    "request": Span.SPAN_KIND_SERVER,
    "message": Span.SPAN_KIND_CONSUMER,
    "app": Span.SPAN_KIND_INTERNAL,
}


def span_of(call: ModelCall, attributes: Mapping[str, Value]) -> Span:
    """Return the span of a call, within the request that it serves, or at the root of a trace of its own."""
    name = " ".join(
        str(attributes[key]) for key in ("gen_ai.operation.name", "gen_ai.request.model") if key in attributes
    )
    failed = bool(call.error)
    return Span(
        trace_id=bytes.fromhex(call.trace) if call.trace else secrets.token_bytes(16),
        span_id=secrets.token_bytes(8),
        parent_span_id=bytes.fromhex(call.parent) if call.trace else b"",
        name=name or "model",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=call.began,
        end_time_unix_nano=call.began + int(call.milliseconds * _NANOSECONDS),
        attributes=_attributes(attributes),
        status=Status(code=Status.STATUS_CODE_ERROR) if failed else Status(),
    )


def app_span_of(span: SpanSeen, attributes: Mapping[str, Value]) -> Span:
    """Return a span of an app's trace, as it stands in it."""
    start = int(span.start.timestamp() * 1_000_000) * 1000
    return Span(
        trace_id=bytes.fromhex(span.trace),
        span_id=bytes.fromhex(span.span),
        parent_span_id=bytes.fromhex(span.parent),
        name=span.name or span.kind,
        kind=_KINDS.get(span.kind, Span.SPAN_KIND_CLIENT),
        start_time_unix_nano=start,
        end_time_unix_nano=start + span.microseconds * 1000,
        attributes=_attributes(attributes),
        status=Status() if span.outcome == "ok" else Status(code=Status.STATUS_CODE_ERROR),
    )


def traces(spans: Iterable[Span], resource: Mapping[str, Value], *, of_apps: bool = False) -> bytes:
    """Return the body that exports spans."""
    scope = ScopeSpans(scope=_OF_APPS if of_apps else _SCOPE, spans=spans, schema_url=_SCHEMA)
    told = ResourceSpans(resource=Resource(attributes=_attributes(resource)), scope_spans=[scope])
    return bytes(ExportTraceServiceRequest(resource_spans=[told]).SerializeToString())


def metrics(series: Mapping[str, Iterable[Histogram]], resource: Mapping[str, Value], since: int, now: int) -> bytes:
    """Return the body that exports histograms, each of all since the plane began."""
    written = [
        Metric(
            name=name,
            unit=UNITS[name],
            histogram=HistogramOfMetric(
                aggregation_temporality=AGGREGATION_TEMPORALITY_CUMULATIVE,
                data_points=[_point(item, BOUNDS[name], since, now) for item in items],
            ),
        )
        for name, items in series.items()
    ]
    scope = ScopeMetrics(scope=_SCOPE, metrics=written, schema_url=_SCHEMA)
    told = ResourceMetrics(resource=Resource(attributes=_attributes(resource)), scope_metrics=[scope])
    return bytes(ExportMetricsServiceRequest(resource_metrics=[told]).SerializeToString())


def _point(item: Histogram, bounds: tuple[float, ...], since: int, now: int) -> HistogramDataPoint:
    return HistogramDataPoint(
        attributes=_attributes(item.attributes),
        start_time_unix_nano=since,
        time_unix_nano=now,
        count=item.count,
        sum=item.total,
        min=item.least,
        max=item.most,
        bucket_counts=item.buckets,
        explicit_bounds=bounds,
    )


def _attributes(told: Mapping[str, Value]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in told.items()]


def _value(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    # Half a character is no reason to lose a span.
    return AnyValue(string_value=value.encode(errors="replace").decode())
