"""Names that an index has: by the organisation's own list or copy, else by a compact picture of the public index.

The picture is a Bloom filter: of names that the index had, it knows each; of others it takes one in a hundred for one.
`scripts/make_known_names.py` makes it; its head says of which day it is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from bailiwick.control.review.engines.packages.facts import Facts
from bailiwick.control.review.engines.packages.model import NPM, PYPI, Package, python_name
from bailiwick.control.review.model import Finding, Surroundings
from bailiwick.control.review.package_policy import PackagePolicy
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
def _listed(path: str, _changed: int) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in Path(path).read_text().splitlines():
        ecosystem, colon, name = line.strip().partition(":")
        if colon and ecosystem == "npm":
            found.setdefault(NPM, set()).add(name)
        elif line.strip() and not line.startswith("#"):
            found.setdefault(PYPI, set()).add(python_name(line.strip().removeprefix("pypi:")))
    return {ecosystem: frozenset(names) for ecosystem, names in found.items()}


def check(package: Package, facts: Facts, surroundings: Surroundings) -> Iterator[Finding]:
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
    listed = _names_of(policy, package.ecosystem)
    if listed is not None or facts.whole(package.ecosystem):
        if (listed is None or package.name not in listed) and facts.listed(package) is None:
            words = f"the organisation's index has no package {package.name}: is it an invention?"
            yield _finding("package-unknown", package, words, 0)
    elif package.ecosystem == PYPI and package.name not in picture() and facts.listed(package) is None:
        day = picture().day
        words = f"the public index had no package {package.name} on {day}: it is an invention, or younger than that"
        old = (surroundings.day - day).days > _OLD_DAYS
        yield _finding("package-unknown", package, words, -2 if old else -1)


def check_version(package: Package, facts: Facts, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield a finding when the organisation's index has a package, but not in the version that is named."""
    listed = facts.listed(package)
    if listed is None or not listed.releases or not package.version or facts.release(package) is not None:
        return
    if facts.whole(package.ecosystem):
        stale = facts.stale(package.ecosystem, surroundings.day)
        words = f"the organisation's index has {package.name}, but no version {package.version}"
        words += f", or had none {stale} days ago" if stale else ""
        yield _finding("package-unknown", package, words, -2 if stale else 0)


def _names_of(policy: PackagePolicy, ecosystem: str) -> frozenset[str] | None:
    """Return the names of the organisation's own list; None where it has none of that ecosystem."""
    if not policy.index:
        return None
    listed = _listed(policy.index, Path(policy.index).stat().st_mtime_ns)
    return listed.get(ecosystem)


def _finding(rule_id: str, package: Package, words: str, worse: int) -> Finding:
    return Finding(rule(rule_id), package.path, package.line, words, package.written, worse=worse)
