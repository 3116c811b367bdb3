"""Globs over paths (`src/**/*.py`) and over names of modules (`requests`, `orders.*`)."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANINGS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join(_MEANINGS.get(part, re.escape(part)) for part in _PARTS.findall(glob)))


def path_matches(path: str, globs: Iterable[str]) -> bool:
    """Say whether a path matches one of some globs."""
    return any(_compiled(glob).fullmatch(path) for glob in globs)


def module_matches(name: str, globs: Iterable[str]) -> bool:
    """Say whether a module is one of those named, or inside of one."""
    return any(fnmatchcase(name, glob) or fnmatchcase(name, f"{glob}.*") for glob in globs)
