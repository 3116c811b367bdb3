"""Traces of apps: what a span is called, how durations are counted, and which spans are kept."""

from bailiwick.core.traces.buckets import MOST_BUCKETS, bucket_of, milliseconds_at, quantile, summed
from bailiwick.core.traces.meter import Budget, Meter, Source
from bailiwick.core.traces.names import fingerprint_of, root_span, route_of, said_name
from bailiwick.core.traces.of_events import span_of

__all__ = [
    "MOST_BUCKETS",
    "Budget",
    "Meter",
    "Source",
    "bucket_of",
    "fingerprint_of",
    "milliseconds_at",
    "quantile",
    "root_span",
    "route_of",
    "said_name",
    "span_of",
    "summed",
]
