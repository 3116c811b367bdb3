"""Points of an app's own metrics: their names, numbers, and the few labels that may leave the plane."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bailiwick.core.otlp.attributes import attributes_of, worded_name
from bailiwick.core.traces import said_name

MetricKind = Literal["counter", "gauge", "histogram"]
# What tells series of a metric apart here: none of these holds a value of a request or a row.
METRIC_LABELS = frozenset(
    {"http.request.method", "http.route", "http.response.status_code", "db.system.name", "db.operation.name",
     "server.address", "error.type", "gen_ai.request.model", "gen_ai.token.type", "state", "status", "kind", "type",
     "result", "outcome", "method", "route", "queue", "worker", "operation"}
)  # fmt: skip
_CUMULATIVE = 2  # AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One number of a series. `key` tells series apart that look alike here; `since` is when a sum began, 0 unknown."""

    name: str
    unit: str
    kind: MetricKind
    labels: Mapping[str, str]
    value: float
    count: int
    cumulative: bool
    since: int
    key: str


def metric_points(export: Any) -> Iterator[MetricPoint | None]:
    """Yield the points of an export, None for each that says nothing that is kept."""
    for resource in export.resource_metrics:
        whose = json.dumps(attributes_of(resource.resource.attributes), sort_keys=True, default=str)
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                yield from _of_metric(metric, whose)


def _of_metric(metric: Any, whose: str) -> Iterator[MetricPoint | None]:
    shape = metric.WhichOneof("data")
    data = getattr(metric, shape) if shape else None
    if data is None or shape == "summary":
        yield from (None for _ in (data.data_points if data is not None else ()))
        return
    kind: MetricKind = "gauge" if shape == "gauge" or (shape == "sum" and not data.is_monotonic) else "counter"
    kind = "histogram" if shape in {"histogram", "exponential_histogram"} else kind
    cumulative = kind != "gauge" and data.aggregation_temporality == _CUMULATIVE
    for point in data.data_points:
        if kind == "histogram":
            value, count = point.sum, point.count
        else:
            value, count = float(getattr(point, point.WhichOneof("value") or "as_double")), 1
        if not math.isfinite(value) or (kind == "counter" and value < 0):
            yield None
            continue
        told = attributes_of(point.attributes)
        yield MetricPoint(
            worded_name(metric.name)[:120],
            said_name(metric.unit, 20),
            kind,
            {name: worded_name(str(told[name]))[:_LONGEST_VALUE] for name in sorted(METRIC_LABELS & told.keys())},
            value,
            count,
            cumulative,
            point.start_time_unix_nano if kind != "gauge" else 0,
            json.dumps([whose, metric.name, told], sort_keys=True, default=str),
        )
