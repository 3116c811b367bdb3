"""The packages engine: each package of an app against its source, its pin, its name, and what is known of it."""

import posixpath
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from bailiwick.control.review.engines.packages import (
    index,
    known,
    licences,
    names,
    node_imports,
    python_imports,
    upkeep,
)
from bailiwick.control.review.engines.packages.facts import Facts, facts_of, once
from bailiwick.control.review.engines.packages.inventory import PIP_LOCK, Inventory, kind_of, take
from bailiwick.control.review.engines.packages.model import NPM, PYPI, Package, Problem
from bailiwick.control.review.engines.packages.origins import is_own_index
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.control.review.rules import rule
from bailiwick.core.provenance import NODE_LOCK, lock_name

_CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", "bailiwick.toml")


def reads(path: str) -> bool:
    """Return whether a file names packages or may import some."""
    return path.endswith(_CODE) or kind_of(path) is not None


def check(change: Change, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield findings about the packages of an app.

    Raises `AdvisoriesError` and `IndexUnusableError` when what policy names cannot be read: then nothing passes.
    """
    inventory = take(change.files)
    for problem in inventory.problems:
        if not is_own_index(problem.origin, surroundings.packages):
            yield _finding(problem)
    yield from _locks(inventory, lock_name({file.path: file for file in change.files}))
    packages = sorted(inventory.packages, key=lambda item: item.kind)  # locks before manifests
    for package in packages:
        yield from _origin(package, surroundings.packages)
        yield from _pin(package)
        yield from _scripts(package)
    with facts_of(surroundings.packages) as facts:
        yield from _judged(packages, facts, surroundings)
        yield from upkeep.check_copy(inventory, facts, surroundings)
    yield from known.check(inventory, {file.path: file for file in change.files}, surroundings)
    yield from python_imports.check(change.files, inventory)
    yield from node_imports.check(change.files, inventory)


def _judged(packages: Sequence[Package], facts: Facts, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield what the names and versions of packages come to, each where a file first names it."""
    named: set[tuple[str, str]] = set()
    for package in once(packages):
        if (package.ecosystem, package.name) not in named:
            named.add((package.ecosystem, package.name))
            yield from _name(package, facts, surroundings)
        yield from index.check_version(package, facts, surroundings)
        yield from licences.check(package, facts)
        yield from upkeep.check(package, facts, surroundings)


def _finding(problem: Problem) -> Finding:
    return Finding(rule(problem.rule), problem.path, problem.line, problem.words, problem.written, worse=problem.worse)


def about(package: Package, rule_id: str, words: str, worse: int = 0) -> Finding:
    """Return a finding on the line of a package."""
    return Finding(rule(rule_id), package.path, package.line, words, package.written, worse=worse)


def _locks(inventory: Inventory, installed: str) -> Iterator[Finding]:
    """Yield a finding for each manifest whose packages no lock file pins; `installed` is the one that counts here."""
    python = [item for item in inventory.of(PYPI, "manifest") if item.shipped]
    locks = inventory.files.get((PYPI, "lock"), ())
    if PIP_LOCK not in locks:
        wanting = [*sorted({item.path for item in python}), *locks]
        if wanting:
            words = f"there is no {PIP_LOCK} beside it"
            yield Finding(rule("dependencies-not-locked"), wanting[0], 1, words)
    lock_files = inventory.files.get((NPM, "lock"), ())
    folders = {posixpath.dirname(path) for path in lock_files}
    for path in inventory.files.get((NPM, "manifest"), ()):
        has_packages = any(item.path == path for item in inventory.packages)
        if has_packages and path == "package.json" and installed == NODE_LOCK and NODE_LOCK not in lock_files:
            words = f"there is no {NODE_LOCK} beside it, from which the packages of an app on Node are installed"
            yield Finding(rule("dependencies-not-locked"), path, 1, words)
        elif has_packages and not any(posixpath.dirname(path) == folder or folder == "" for folder in folders):
            words = "there is no package-lock.json, yarn.lock or pnpm-lock.yaml beside it"
            yield Finding(rule("dependencies-not-locked"), path, 1, words)
    yield from _left_out(inventory)


def _left_out(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each package that a manifest asks for and the lock file beside it does not have."""
    for ecosystem in (PYPI, NPM):
        locked = {item.name for item in inventory.of(ecosystem, "lock")}
        if not locked or (ecosystem == PYPI and PIP_LOCK not in inventory.files.get((PYPI, "lock"), ())):
            continue
        for item in inventory.of(ecosystem, "manifest"):
            peer = ecosystem == NPM and item.wanted.startswith(("workspace:", "portal:"))
            if item.shipped and item.name not in locked and not item.origin and not peer and "setup" not in item.path:
                words = f"{item.name} is asked for here but is not in the lock file, so it will not be installed"
                yield about(item, "dependencies-not-locked", words)


def _origin(package: Package, policy: PackagePolicy) -> Iterator[Finding]:
    if not package.origin:
        return
    parts = urlsplit(package.origin if "://" in package.origin else f"//{package.origin}")
    if is_own_index(package.origin, policy):
        return
    inside = not parts.scheme and package.origin.startswith(".") and not package.origin.startswith("..")
    if inside and package.kind == "manifest":
        return
    words = f"{package.name or 'a package'} comes from {package.origin[:100]}, not from the index"
    yield about(package, "package-not-from-index", words)


def _pin(package: Package) -> Iterator[Finding]:
    """Yield a finding when a line of a lock file leaves open what is installed."""
    if package.kind != "lock" or (package.origin and "://" not in package.origin):
        return
    if not package.version and not package.origin:
        yield about(package, "dependencies-not-locked", f"'{package.name[:60]}' is not pinned with == and a hash")
    elif not package.hashes:
        yield about(package, "dependencies-not-locked", f"'{package.name[:60]}' has no hash here")


def _name(package: Package, facts: Facts, surroundings: Surroundings) -> Iterator[Finding]:
    internal = surroundings.packages.internal
    if internal and package.name.lower().startswith(internal):
        yield from index.check(package, facts, surroundings)
        return
    popular = names.look_alike(package.ecosystem, package.name)
    if popular:
        # A number at the end is how successors are named, too.
        numbered = package.name.rstrip("0123456789") == popular.rstrip("0123456789")
        words = f"{package.name} is not {popular}, but looks like it"
        yield about(package, "package-look-alike", words, -2 if numbered else 0)
    else:
        yield from index.check(package, facts, surroundings)


def _scripts(package: Package) -> Iterator[Finding]:
    if package.runs_scripts:
        worse = -2 if names.known(package.ecosystem, package.name) else 0
        words = f"installing {package.name} {package.version} runs code of its own"
        yield about(package, "package-install-script", words, worse)
