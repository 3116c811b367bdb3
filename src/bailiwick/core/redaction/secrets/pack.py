"""What credentials look like, as it is written down, and its lists of patterns as one pattern each."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def pack() -> dict[str, Any]:
    """Return the pack."""
    return tomllib.loads((files("bailiwick.core.redaction.secrets") / "secrets.toml").read_text())


@cache
def words(name: str) -> re.Pattern[str]:
    """Return what finds any of a list of patterns under `[judgement]`, in whatever case."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in pack()["judgement"][name]), re.IGNORECASE)
