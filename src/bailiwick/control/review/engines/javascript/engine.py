"""The engine for JavaScript and TypeScript: parses an app's files, walks them, and says what it found."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bailiwick.control.review.engines.javascript.embedded import scripts
from bailiwick.control.review.engines.javascript.interpreter import Interpreter, TooMuchError
from bailiwick.control.review.engines.javascript.modules import aliases, majors
from bailiwick.control.review.engines.javascript.syntax import Source, UnreadableSourceError, parse
from bailiwick.control.review.engines.javascript.views import raw_names
from bailiwick.control.review.engines.javascript.whole import check_app, is_minified
from bailiwick.control.review.engines.templates.pieces import SUFFIXES as PAGES
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule

SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_CONFIGURATION = ("tsconfig.json", "jsconfig.json", "package.json")
# Frames that a walk may take: three or four for each level of a tree, for each function inside of another.
_FRAMES = 12_000
# Nodes that are kept of all files together, so that they fit into a worker: about a megabyte and a half.
_MOST_NODES = 500_000


def reads(path: str) -> bool:
    """Say whether a file matters to this engine."""
    return path.endswith((*SUFFIXES, *PAGES)) or path.rpartition("/")[2] in _CONFIGURATION


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings in the JavaScript and TypeScript files of the tip."""
    sources: dict[str, Source] = {}
    nodes = 0
    for file in change.files:
        if not file.path.endswith((*SUFFIXES, *PAGES)) or file.path.endswith(".d.ts"):
            continue
        if file.path.endswith(SUFFIXES) and is_minified(file.content):
            yield Finding(
                rule("minified-code"), file.path, 0, "it is written by a tool, and cannot be reviewed as source"
            )
            continue
        try:
            page = file.path.endswith(PAGES)
            source = scripts(file.path, file.content) if page else parse(file.path, file.content)
        except UnreadableSourceError as fault:
            yield Finding(rule("syntax-error"), file.path, fault.line, str(fault))
            continue
        if source is None:
            continue
        if source.broken_line:
            excerpt = source.lines[source.broken_line - 1][:400]
            yield Finding(rule("syntax-error"), file.path, source.broken_line, "does not parse", excerpt)
        nodes += sum(1 for _ in source.root.walk())
        if nodes > _MOST_NODES:
            yield Finding(
                rule("too-much-to-follow"), file.path, 0, "the app has more code than can be followed at once"
            )
            continue
        sources[file.path] = source
    views = {file.path: raw_names(file.path, file.content) for file in change.files if file.path.endswith(PAGES)}
    files = {file.path: file.content for file in change.files}
    run = Interpreter(sources, aliases(files), views, majors(files))
    with _room():
        try:
            run.run()
            check_app(run, sources)
        except (TooMuchError, RecursionError):
            path = max(sources, key=lambda name: sources[name].root.end)
            yield Finding(
                rule("too-much-to-follow"),
                path,
                0,
                "the flow of values through the app has no end that can be followed",
            )
    yield from run.found.values()


@contextmanager
def _room() -> Iterator[None]:
    """Let functions call each other as deep as trees are; Python's own calls take none of the thread's stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
