"""OpenTelemetry's protocol as anybody may speak it to us: read within bounds, and turned into what we keep."""

from collections.abc import Mapping

from bailiwick.core.otlp.logs import LogSeen, logs_of
from bailiwick.core.otlp.metrics import MetricPoint, metric_points
from bailiwick.core.otlp.reading import MOST_BODY_BYTES, Signal, UnreadableError, answer_to, read_export
from bailiwick.core.otlp.spans import spans_of

SIGNALS: Mapping[str, Signal] = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}

__all__ = [
    "MOST_BODY_BYTES",
    "SIGNALS",
    "LogSeen",
    "MetricPoint",
    "Signal",
    "UnreadableError",
    "answer_to",
    "logs_of",
    "metric_points",
    "read_export",
    "spans_of",
]
