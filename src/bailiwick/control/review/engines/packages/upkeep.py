"""Packages that are too young, that were taken back, or that nobody keeps any more, by what the index says of them."""

from collections.abc import Iterator

from bailiwick.control.review.engines.packages.facts import Facts
from bailiwick.control.review.engines.packages.inventory import Inventory
from bailiwick.control.review.engines.packages.model import Package
from bailiwick.control.review.model import Finding, Surroundings
from bailiwick.control.review.rules import rule

_DAYS_IN_MONTH = 30.44


def check(package: Package, facts: Facts, around: Surroundings) -> Iterator[Finding]:
    """Yield what is against a package in its version."""
    yield from _young(package, facts, around)
    yield from _withdrawn(package, facts)
    yield from _left_alone(package, facts, around)


def check_copy(inventory: Inventory, facts: Facts, around: Surroundings) -> Iterator[Finding]:
    """Yield a finding for each ecosystem of the app of which the copy of the index is old."""
    for ecosystem in dict.fromkeys(item.ecosystem for item in inventory.packages):
        days = facts.stale(ecosystem, around.day)
        if days:
            path = next(item.path for item in inventory.packages if item.ecosystem == ecosystem)
            most = around.packages.index_stale_days
            words = f"the copy of the {ecosystem} index is {days} days old; {most} are the most"
            yield Finding(rule("package-index-stale"), path, 0, words)


def _young(package: Package, facts: Facts, around: Surroundings) -> Iterator[Finding]:
    least, released = around.packages.least_days, facts.released(package)
    days = (around.day - released).days if released else least
    if days < least:
        words = f"{package.name} {package.version} came out {max(days, 0)} days ago; {least} are the least here"
        yield _finding("package-too-young", package, words)


def _withdrawn(package: Package, facts: Facts) -> Iterator[Finding]:
    listed, release = facts.listed(package), facts.release(package)
    if listed is not None and listed.status == "quarantined":
        why = f": {listed.reason}" if listed.reason else ""
        yield _finding("package-withdrawn", package, f"the index holds {package.name} back as unsafe{why}", 1)
    elif release is not None and release.withdrawn:
        words = f"{package.name} {package.version} was taken back by its makers: {release.withdrawn}"
        yield _finding("package-withdrawn", package, words)


def _left_alone(package: Package, facts: Facts, around: Surroundings) -> Iterator[Finding]:
    listed, release, policy = facts.listed(package), facts.release(package), around.packages
    if listed is None or listed.status == "quarantined":
        return
    worse = 0 if policy.unmaintained_refused else -1
    last = listed.last_release
    months = int((around.day - last).days / _DAYS_IN_MONTH) if last else 0
    words = ""
    if listed.status != "active":
        words = f"{package.name} is {listed.status}" + (f": {listed.reason}" if listed.reason else "")
    elif release is not None and release.deprecated:
        words = f"{package.name} {package.version} is deprecated: {release.deprecated}"
    elif policy.unmaintained_months and months >= policy.unmaintained_months:
        words = f"the last release of {package.name} came out {months} months ago ({last})"
    if words:
        yield _finding("package-unmaintained", package, words, worse)


def _finding(rule_id: str, package: Package, words: str, worse: int = 0) -> Finding:
    return Finding(rule(rule_id), package.path, package.line, words, package.written, worse=worse)
