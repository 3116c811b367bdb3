"""Versions in their order: PEP 440 for PyPI, Semantic Versioning 2.0.0 for npm."""

import re
from typing import Any

from packaging.version import InvalidVersion, Version

_SEMVER = re.compile(r"[=v]*(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_LONGEST = 200

# Compares only with keys of the same ecosystem.
Key = Any


def key(ecosystem: str, version: str) -> Key | None:
    """Return what a version is sorted by; None when it is no version of that ecosystem."""
    if len(version) > _LONGEST:
        return None
    if ecosystem == "PyPI":
        try:
            return Version(version)
        except InvalidVersion:
            return None
    found = _SEMVER.fullmatch(version.strip())
    if found is None:
        return None
    numbers = tuple(int(part or 0) for part in found.group(1, 2, 3))
    return (*numbers, _before_release(found[4]))


def _before_release(text: str | None) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    """Return how a pre-release sorts: numbers before words, and every pre-release before its release (section 11)."""
    if text is None:
        return 1, ()
    parts = text.split(".")
    return 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
