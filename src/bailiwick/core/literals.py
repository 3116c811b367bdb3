"""Values in conditions of grants: text that a database reads in one way only, whatever a session is set to."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

# 02/01/2026 is one day or another, as the setting DateStyle of the session says, which an app may change.
_AMBIGUOUS = re.compile(r"\d{1,2}[/. -]\d{1,2}[/. -]\d{2,4}\b.*", re.DOTALL)


def _as_text(value: Any) -> Any:
    """Take numbers and dates as YAML has them."""
    if isinstance(value, bool):
        raise ValueError("write it in quotes: YAML takes NO, off and yes for true and false")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, int | float | Decimal) else value


def _unambiguous(value: str) -> str:
    if "\0" in value:
        raise ValueError("a value cannot hold the character NUL")
    if _AMBIGUOUS.fullmatch(value):
        raise ValueError(f"the day {value[:20]!r} can be read in two ways: write it as 2026-01-31")
    return value


Value = Annotated[str, BeforeValidator(_as_text), Field(max_length=1000), AfterValidator(_unambiguous)]
Literals = Annotated[tuple[Value, ...], Field(min_length=1, max_length=500)]
