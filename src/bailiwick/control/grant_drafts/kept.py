"""Readings of questions as they are kept: written as JSON, and read again."""

from typing import Any

from pydantic import TypeAdapter

from bailiwick.control.grant_drafts.model import Draft, Reading
from bailiwick.control.grant_drafts.tables import DraftRow

_READING: TypeAdapter[Reading] = TypeAdapter(Reading)


def written(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON."""
    return dict(_READING.dump_python(reading, mode="json"))


def draft_of(row: DraftRow) -> Draft:
    """Return a draft as it was kept."""
    reading = _READING.validate_python(row.reading)
    return Draft(row.id, row.integration, row.by, row.time, row.question, reading, row.rule)
