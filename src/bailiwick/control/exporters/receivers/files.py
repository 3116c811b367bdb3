"""The files that exporters write: their names and content, the same for the same events."""

import gzip
from collections.abc import Sequence

from bailiwick.control.exporter_settings import FolderExporter, S3Exporter
from bailiwick.control.exporters.formats import json_line
from bailiwick.control.exporters.model import Outgoing
from bailiwick.control.exporters.receivers.parquet import parquet

MEDIA_TYPES = {"ndjson": "application/gzip", "parquet": "application/vnd.apache.parquet"}


def file_name(options: FolderExporter | S3Exporter, events: Sequence[Outgoing]) -> str:
    """Return day and places: `2026/11/28/000000000100-000000000199.ndjson.gz`. A repeat has the same name."""
    first, last = events[0], events[-1]
    ending = {"ndjson": "ndjson.gz", "parquet": "parquet"}[options.container]
    return f"{first.event.time:%Y/%m/%d}/{first.sequence:012}-{last.sequence:012}.{ending}"


def file_content(options: FolderExporter | S3Exporter, events: Sequence[Outgoing]) -> bytes:
    """Return the content. Nothing in it depends on when it is made."""
    if options.container == "parquet":
        return parquet(options.format, events)
    lines = b"".join(json_line(options.format, event) + b"\n" for event in events)
    return gzip.compress(lines, mtime=0)
