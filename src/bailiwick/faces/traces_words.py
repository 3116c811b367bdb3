"""Spans and how an app did, in words for people and agents; from documents, so that the command line needs no more."""

from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 15


def span_words(span: Mapping[str, Any], indent: str = "") -> str:
    """Return a span on a line."""
    bad = "" if span["outcome"] == "ok" else f" [{span['outcome']}]"
    where = f" at {span['target']}" if span["target"] and span["target"] not in span["name"] else ""
    status = f" {span['status']}" if span["status"] else ""
    place = f" in {span['facts']['error_place']}" if "error_place" in span["facts"] else ""
    return f"{span['milliseconds']:>9.1f} ms  {indent}{span['kind']} {span['name']}{where}{status}{bad}{place}"


def overview_words(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield how an app did: its requests, what took most of the time, and its errors."""
    count, errors = (sum(point[name] for point in found["points"]) for name in ("count", "errors"))
    worst = max((point["p95_ms"] for point in found["points"]), default=0)
    yield f"{count:,} requests, {errors:,} failed, p95 {worst:,.0f} ms at worst"
    for line in found["lines"][:_SHOWN]:
        where = f" at {line['target']}" if line["target"] else ""
        yield (
            f"{line['count']:>9,} x  p50 {line['p50_ms']:,.1f} ms  p95 {line['p95_ms']:,.1f} ms  "
            f"{line['errors']:,} failed  {line['kind']} {line['name']}{where}"
        )
    for group in found["errors"][:_SHOWN]:
        since = f"{group['first']} ({group['first_release']}) to {group['last']} ({group['last_release']})"
        yield f"{group['count']:>9,} x  {group['type']} in {group['place']}, {since}, trace {group['trace']}"
