"""Packages against what is known of them: the imported advisories, and the names that the organisation's index has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, cast

from bailiwick.control.review.advisories import Advisories, Advisory, open_advisories
from bailiwick.control.review.advisories.matching import affects, mended_by
from bailiwick.control.review.advisories.versions import key
from bailiwick.control.review.engines.packages.inventory import Inventory
from bailiwick.control.review.engines.packages.model import Package
from bailiwick.control.review.model import Edit, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

_LEVELS = ("low", "medium", "high", "critical")
_HIGH = _LEVELS.index("high")
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Known:
    """A package and the advisories that speak of its version."""

    package: Package
    advisories: tuple[Advisory, ...]


def check(inventory: Inventory, files: Mapping[str, TreeFile], surroundings: Surroundings) -> Iterator[Finding]:
    """Yield findings about packages that advisories speak of, and about the advisories themselves."""
    policy = surroundings.packages
    first = next(iter(inventory.packages), None)
    if first is None:
        return
    worse = int(policy.advisories_required)
    if not policy.advisories:
        words = "no advisory database: packages were not checked for known vulnerabilities"
        yield Finding(rule("advisories-missing"), first.path, 0, words, worse=worse)
        return
    with open_advisories(Path(policy.advisories)) as advisories:
        yield from _stale(inventory, advisories, surroundings)
        for known in affected(inventory.packages, advisories):
            yield from _findings(known, files)


def affected(packages: Sequence[Package], advisories: Advisories) -> Iterator[Known]:
    """Yield the packages that advisories speak of, in their versions as locked, or as written where that is one."""
    asked: dict[tuple[str, str], tuple[Advisory, ...]] = {}
    for package in packages:
        name = (package.ecosystem, package.name)
        if name not in asked:
            asked[name] = advisories.about(*name)
        found = tuple(item for item in asked[name] if _speaks_of(item, package))
        if found:
            yield Known(package, found)


def _speaks_of(advisory: Advisory, package: Package) -> bool:
    if package.version:
        return affects(advisory, package.version)
    # Without a version only what holds for every version is sure.
    return advisory.malicious and not package.origin and affects(advisory, "0")


def _stale(inventory: Inventory, advisories: Advisories, surroundings: Surroundings) -> Iterator[Finding]:
    today = datetime.combine(surroundings.day, time(), tzinfo=UTC)
    sources = {source.ecosystem: source for source in advisories.sources}
    worse = int(surroundings.packages.advisories_required)
    for ecosystem in dict.fromkeys(item.ecosystem for item in inventory.packages):
        path = next(item.path for item in inventory.packages if item.ecosystem == ecosystem)
        source = sources.get(ecosystem)
        if source is None:
            words = f"the advisory database has nothing on {ecosystem}: its packages were not checked"
            yield Finding(rule("advisories-missing"), path, 0, words, worse=worse)
            continue
        # What counts is how old the export is, not when somebody imported it.
        days = (today - source.newest).days
        if days > surroundings.packages.stale_days:
            words = (
                f"the newest {ecosystem} advisory is {days} days old; {surroundings.packages.stale_days} are the most"
            )
            yield Finding(rule("advisories-stale"), path, 0, words, worse=worse)


def _findings(known: Known, files: Mapping[str, TreeFile]) -> Iterator[Finding]:
    package = known.package
    malicious = [item for item in known.advisories if item.malicious]
    if malicious:
        words = f"{package.name} {package.version} is known to be malicious ({malicious[0].id})".replace("  ", " ")
        yield Finding(rule("package-malicious"), package.path, package.line, words, package.written)
        return
    level = max(_LEVELS.index(item.level) for item in known.advisories)
    target = mended(known)
    advice = f"; {target} mends it" if target else "; no version is known that mends it"
    words = f"{package.name} {package.version}: {_named(known.advisories)}{advice}"
    yield Finding(
        rule("package-vulnerable"), package.path, package.line, words, package.written,
        edit=_edit(package, target, files), worse=level - _HIGH - (0 if package.shipped else 1),
    )  # fmt: skip


def _named(advisories: Sequence[Advisory]) -> str:
    """Return the advisories by the names that people know, each fault once though several databases have it."""
    groups: list[set[str]] = []
    words: dict[str, str] = {}
    for item in sorted(advisories, key=lambda item: -_LEVELS.index(item.level)):
        names = {item.id, *item.aliases}
        if any(names & group for group in groups):
            next(group for group in groups if names & group).update(names)
            continue
        groups.append(names)
        shown = next((name for name in sorted(names) if name.startswith("CVE-")), item.id)
        words[shown] = f"{shown} ({item.summary[:80]})" if item.summary else shown
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(list(words.values())[:_SHOWN]) + more


def mended(known: Known) -> str:
    """Return the lowest version that mends all of it; empty when one of the faults has none."""
    ecosystem, version = known.package.ecosystem, known.package.version
    targets = [mended_by(item, version) for item in known.advisories]
    if not all(targets):
        return ""
    candidates = sorted(targets, key=lambda text: cast(Any, key(ecosystem, text)))
    return next((text for text in candidates if not any(affects(item, text) for item in known.advisories)), "")


def _edit(package: Package, target: str, files: Mapping[str, TreeFile]) -> Edit | None:
    """Return the line with the version that mends it; none for lock files, as hashes are not known here."""
    if package.kind != "manifest" or not target or not package.line:
        return None
    line = files[package.path].content.decode(errors="replace").splitlines()[package.line - 1]
    if line.count(package.version) != 1:
        return None
    return Edit(package.path, package.line, package.line, line.replace(package.version, target))
