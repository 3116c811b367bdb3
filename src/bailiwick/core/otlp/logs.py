"""Records of an app's log: they stay at the plane, with the lines that it writes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bailiwick.core.otlp.attributes import attributes_of, plain

_LONGEST = 4000
# The ranges of SeverityNumber (OpenTelemetry, "Logs Data Model").
_SEVERITIES = ((21, "fatal"), (17, "error"), (13, "warn"), (9, "info"), (5, "debug"), (1, "trace"))


@dataclass(frozen=True, slots=True)
class LogSeen:
    """One record: what it says, with its attributes behind it on the same line."""

    text: str
    severity: str
    trace: str


def logs_of(export: Any) -> Iterator[LogSeen]:
    """Yield the records of an export."""
    for resource in export.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                yield _record(record)


def _record(record: Any) -> LogSeen:
    body = plain(record.body)
    said = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    about = attributes_of(record.attributes)
    if about:
        said += " " + json.dumps(about, ensure_ascii=False)
    trace = record.trace_id.hex()
    return LogSeen(
        " ".join(said.splitlines())[:_LONGEST],
        next((word for least, word in _SEVERITIES if record.severity_number >= least), ""),
        trace if len(trace) == 32 and trace.strip("0") else "",  # noqa: PLR2004 - hex digits
    )
