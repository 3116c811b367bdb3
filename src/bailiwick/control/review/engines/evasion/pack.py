"""The pack of this engine, and its lists of patterns as one pattern each."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def pack() -> dict[str, Any]:
    """Return the pack."""
    return tomllib.loads((files("bailiwick.control.review") / "packs" / "evasion.toml").read_text())


@cache
def words(table: str, name: str) -> re.Pattern[str]:
    """Return what finds any of a list of patterns, in whatever case."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in pack()[table][name]), re.IGNORECASE)
