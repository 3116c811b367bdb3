"""Licences of packages against what the organisation takes: SPDX expressions, as the index or lock files say them."""

import fnmatch
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.packages.facts import Facts
from bailiwick.control.review.engines.packages.model import Package
from bailiwick.control.review.indexes.licences import spdx
from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule

_DEEPEST = 20
_LONGEST = 1000


def check(package: Package, facts: Facts) -> Iterator[Finding]:
    """Yield a finding when a package comes only under licences that are refused, or under none that is known.

    Whether the latter matters is the organisation's word; it is asked of what lock files pin.
    """
    policy, licence, words = facts.policy, facts.licence(package), ""
    if licence and not accepted(licence, policy.licences_refused):
        words = f"{package.name} {package.version} is under {licence[:60]}"
    elif policy.licence_required and package.kind == "lock" and not spdx(licence):
        said = f"'{licence[:60]}', which is no licence that can be told" if licence else "no licence"
        words = f"of {package.name} {package.version} the index and the lock file say {said}"
    if words and package.shipped:
        yield Finding(rule("package-licence"), package.path, package.line, words, package.written)


def accepted(expression: str, refused: tuple[str, ...]) -> bool:
    """Return whether an SPDX expression leaves a way that is not refused: one side of an OR, both of an AND."""
    if len(expression) > _LONGEST:
        return False
    parts = re.findall(r"\(|\)|[^\s()]+", expression)
    try:
        return _either(parts, refused, 0)
    except (IndexError, RecursionError):
        return not _refused(expression, refused)


def _either(parts: list[str], refused: tuple[str, ...], depth: int) -> bool:
    sides = [_both(parts, refused, depth)]
    while parts and parts[0].upper() == "OR":
        parts.pop(0)
        sides.append(_both(parts, refused, depth))
    return any(sides)


def _both(parts: list[str], refused: tuple[str, ...], depth: int) -> bool:
    sides = [_one(parts, refused, depth)]
    while parts and parts[0].upper() in {"AND", "WITH"}:
        exception = parts.pop(0).upper() == "WITH"
        sides.append(True if exception and parts.pop(0) else _one(parts, refused, depth))
    return all(sides)


def _one(parts: list[str], refused: tuple[str, ...], depth: int) -> bool:
    if depth > _DEEPEST:
        return False
    part = parts.pop(0)
    if part != "(":
        return not _refused(part, refused)
    inside = _either(parts, refused, depth + 1)
    parts.pop(0)
    return inside


def _refused(licence: str, refused: tuple[str, ...]) -> bool:
    plain = re.sub(r"(-only|-or-later|\+)$", "", licence).lower()
    return any(fnmatch.fnmatchcase(plain, pattern.lower()) for pattern in refused)
