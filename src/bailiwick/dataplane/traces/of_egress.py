"""Spans of requests to declared hosts, as the egress gateway sees them."""

from datetime import datetime, timedelta

from bailiwick.core.ids import new_span_id
from bailiwick.core.messages import SpanSeen
from bailiwick.core.traces import root_span, said_name
from bailiwick.dataplane.gateways.egress import Answered

_BAD = 500


def span_of_egress(answered: Answered, host: str, now: datetime) -> SpanSeen:
    """Return the span of a request to a host, from when it was sent to the first word of its answer."""
    failed = answered.status >= _BAD or not answered.status
    kind = f"HTTP {answered.status}" if answered.status else "no answer"
    return SpanSeen(
        trace=answered.trace,
        span=new_span_id(),
        parent=root_span(answered.trace),
        kind="egress",
        name=said_name(f"{answered.method} {host}"),
        start=now - timedelta(seconds=answered.seconds),
        microseconds=round(answered.seconds * 1_000_000),
        outcome="error" if failed else "ok",
        person=answered.person,
        target=said_name(host),
        status=answered.status,
        facts={"error_type": kind} if failed else {},
    )
