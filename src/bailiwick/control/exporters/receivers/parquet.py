"""Events as a Parquet file: columns to search by, and the whole event as JSON."""

import io
from collections.abc import Sequence
from typing import Any

from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.formats import json_line
from bailiwick.control.exporters.model import Outgoing


def parquet(format_name: str, events: Sequence[Outgoing]) -> bytes:
    """Return the file; the same bytes for the same events. Raises `DeliveryError` where the extra is not installed."""
    try:
        from arro3.core import Array, DataType, Table  # noqa: PLC0415 - an extra of the package
        from arro3.io import write_parquet  # noqa: PLC0415
    except ImportError as fault:
        raise DeliveryError("Parquet is not installed here", hint="pip install 'bailiwick[parquet]'") from fault
    places = [event.sequence for event in events]
    times = [int(event.event.time.timestamp() * 1000) for event in events]
    texts = {
        "uid": [event.uid for event in events],
        "actor": [event.event.actor for event in events],
        "action": [event.event.action for event in events],
        "resource": [event.event.resource for event in events],
        "outcome": [event.event.outcome.value for event in events],
        "reason": [event.event.reason for event in events],
        "app": [event.event.app for event in events],
        "trace": [event.event.trace for event in events],
        "event": [json_line(format_name, event).decode() for event in events],
    }
    leaves = {name for name in ("sequence", "time", *texts) if events[0].gate.passes(f"parquet.{name}")}
    columns: dict[str, Any] = {
        "sequence": Array(places, type=DataType.int64()),
        "time": Array(times, type=DataType.int64()).cast(DataType.timestamp("ms", tz="UTC")),
        **{name: Array(values, type=DataType.string()) for name, values in texts.items()},
    }
    columns = {name: column for name, column in columns.items() if name in leaves}
    file = io.BytesIO()
    # Snappy is what every reader of Parquet has.
    write_parquet(Table.from_pydict(columns), file, compression="snappy", created_by="bailiwick")
    return file.getvalue()
