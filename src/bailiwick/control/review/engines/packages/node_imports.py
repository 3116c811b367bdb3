"""Imports of JavaScript and TypeScript against the packages that the nearest package.json asks for."""

import posixpath
import re
from collections.abc import Collection, Iterator

from bailiwick.control.review.engines.packages import names
from bailiwick.control.review.engines.packages.inventory import Inventory
from bailiwick.control.review.engines.packages.model import NPM
from bailiwick.control.review.engines.source import Lines, parts, syntax_of, text_of
from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
# Modules of Node itself (nodejs.org/api, "Built-in modules").
_BUILT_IN = frozenset(
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain "
    "events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl sea "
    "sqlite stream string_decoder sys test timers tls trace_events tty url util v8 vm wasi worker_threads zlib".split()
)
_BEFORE = re.compile(r"(?:\bfrom\s*|\brequire\s*\(\s*|\bimport\s*\(?\s*)$")
_NAME = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-zA-Z0-9~][a-zA-Z0-9._~-]*")
_LOOK_BACK = 40


def check(files: Collection[TreeFile], inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each package that a script imports and no package.json above it asks for.

    Without a package.json above, scripts are those of pages, which bring what they import in ways of their own.
    """
    manifests = {posixpath.dirname(path) for path in inventory.files.get((NPM, "manifest"), ())}
    if not manifests:
        return
    declared: dict[str, set[str]] = {folder: set() for folder in manifests}
    for package in inventory.of(NPM, "manifest"):
        # An alias is imported by its own name, which stands where the line begins.
        declared[posixpath.dirname(package.path)] |= {package.name, package.written.split('"')[1]}
    seen: set[tuple[str, str]] = set()
    for file in files:
        above = [folder for folder in _above(file.path) if folder in manifests]
        if not file.path.endswith(SCRIPTS) or not above:
            continue
        known = set().union(*(declared[folder] for folder in above))
        for name, line, excerpt in imported(file):
            if name not in known and f"@types/{name}" not in known and (above[0], name) not in seen:
                seen.add((above[0], name))
                yield _finding(file.path, name, line, excerpt, above[0])


def _above(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def imported(file: TreeFile) -> Iterator[tuple[str, int, str]]:
    """Yield (package, line, text) for each package that a script imports by a name written out."""
    text = text_of(file.content)
    if text is None:
        return
    lines = Lines(text)
    for part in parts(text, syntax_of(file.path)):
        if part.comment or part.end - part.start > _LOOK_BACK * 5:
            continue
        written = text[part.start + 1 : part.end - 1]
        if not _BEFORE.search(text[max(part.start - _LOOK_BACK, 0) : part.start]):
            continue
        name = _package(written)
        if name:
            line, _ = lines.at(part.start)
            yield name, line, f"import {written}"


def _package(written: str) -> str:
    """Return the package that a specifier names; empty for files, addresses, aliases of bundlers and Node's own."""
    if written.startswith((".", "/", "#", "~", "@/", "$", "node:")) or ":" in written:
        return ""
    found = _NAME.match(written)
    name = found[0] if found else ""
    return "" if name.partition("/")[0] in _BUILT_IN or not written.startswith(name) else name


def _finding(path: str, name: str, line: int, excerpt: str, folder: str) -> Finding:
    place = posixpath.join(folder, "package.json")
    nearest = "" if names.known(NPM, name) else names.look_alike(NPM, name)
    advice = f": did you mean {nearest}?" if nearest else ""
    words = f"{name} is imported, but {place} does not ask for it{advice}"
    return Finding(rule("undeclared-package"), path, line, words, excerpt)
