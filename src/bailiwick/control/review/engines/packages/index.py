"""Names that an index has: the organisation's own list, else a compact picture of all names of the public Python index.

The picture is a Bloom filter: of names that the index had, it knows each; of others it takes one in a hundred for one.
`scripts/make_known_names.py` makes it; its head says of which day it is.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from bailiwick.control.review.engines.packages.model import NPM, PYPI, Package, python_name
from bailiwick.control.review.model import Finding, Surroundings
from bailiwick.control.review.rules import rule

_FILE = "pypi_names.bloom"
_HASHES = 7
# From this age on the picture lacks so much that is new that what it says is no more than a hint.
_OLD_DAYS = 180


@dataclass(frozen=True)
class Picture:
    """The names of an index on a day."""

    day: date
    bits: int
    field: bytes

    def __contains__(self, name: str) -> bool:
        return all(self.field[place >> 3] & (1 << (place & 7)) for place in places(name, self.bits))


def places(name: str, bits: int) -> Iterator[int]:
    """Yield the bits that stand for a name (Kirsch and Mitzenmacher, "Less Hashing, Same Performance")."""
    digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
    first, second = int.from_bytes(digest[:8]), int.from_bytes(digest[8:]) | 1
    yield from ((first + turn * second) % bits for turn in range(_HASHES))


@cache
def picture() -> Picture:
    """Return the picture of the public Python index that came with this version."""
    content = (files("bailiwick.control.review") / "data" / _FILE).read_bytes()
    head, _, field = content.partition(b"\n")
    said = json.loads(head)
    return Picture(date.fromisoformat(said["day"]), said["bits"], field)


@lru_cache(maxsize=4)
def _listed(path: str, _changed: int) -> frozenset[tuple[str, str]]:
    found = set()
    for line in Path(path).read_text().splitlines():
        ecosystem, colon, name = line.strip().partition(":")
        if colon and ecosystem == "npm":
            found.add((NPM, name))
        elif line.strip() and not line.startswith("#"):
            found.add((PYPI, python_name(line.strip().removeprefix("pypi:"))))
    return frozenset(found)


def check(package: Package, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield a finding when the organisation's index, or failing that the public one, has no package of a name.

    Raises `OSError` when the organisation's list cannot be read: then nothing passes.
    """
    policy = surroundings.packages
    internal = package.name.lower().startswith(policy.internal) if policy.internal else False
    if internal and package.ecosystem == NPM and package.kind == "lock" and not package.origin:
        words = f"{package.name} is a name of the organisation's own, but comes from the public registry"
        yield _finding("package-internal-name", package, words, 0)
    if package.origin or internal:
        return
    if policy.index:
        listed = _listed(policy.index, Path(policy.index).stat().st_mtime_ns)
        has_any = any(ecosystem == package.ecosystem for ecosystem, _ in listed)
        if has_any and (package.ecosystem, package.name) not in listed:
            words = f"the organisation's index has no package {package.name}: is it an invention?"
            yield _finding("package-unknown", package, words, 0)
    elif package.ecosystem == PYPI and package.name not in picture():
        day = picture().day
        words = f"the public index had no package {package.name} on {day}: it is an invention, or younger than that"
        old = (surroundings.day - day).days > _OLD_DAYS
        yield _finding("package-unknown", package, words, -2 if old else -1)


def _finding(rule_id: str, package: Package, words: str, worse: int) -> Finding:
    return Finding(rule(rule_id), package.path, package.line, words, package.written, worse=worse)
