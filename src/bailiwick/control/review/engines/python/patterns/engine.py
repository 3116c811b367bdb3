"""The engine: reads the Python files of a change and lets every rule look at what it watches for."""

import ast
from collections.abc import Iterator
from functools import cache, lru_cache

from bailiwick.control.review.engines.python.patterns import (
    answers,
    ciphers,
    comparing,
    cookies,
    cors,
    credentials,
    django,
    errors,
    escaping,
    files,
    hashes,
    identity,
    limits,
    parsers,
    randomness,
    regexes,
    revealing,
    transport,
    web,
)
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Look, Watch
from bailiwick.control.review.engines.python.project import Project, read_project
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

WATCHES: tuple[Watch, ...] = (
    *hashes.WATCHES, *ciphers.WATCHES, *comparing.WATCHES, *randomness.WATCHES, *transport.WATCHES, *web.WATCHES,
    *cookies.WATCHES, *cors.WATCHES, *escaping.WATCHES, *revealing.WATCHES,
    *credentials.WATCHES, *files.WATCHES, *limits.WATCHES, *regexes.WATCHES, *answers.WATCHES, *errors.WATCHES,
    *parsers.WATCHES, *identity.WATCHES, *django.WATCHES,
)  # fmt: skip


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings in the Python files of the tip; a file that cannot be read is one."""
    project, app = read_app(change.files)
    yield from project.faults
    for view in app:
        try:
            yield from found_in(view)
        except RecursionError:
            yield Finding(rule("syntax-error"), view.path, 0, "it is nested too deeply to be reviewed")


# The engines of patterns and of controls read the same app one after the other.
@lru_cache(maxsize=1)
def read_app(files: tuple[TreeFile, ...]) -> tuple[Project, list[View]]:
    """Return an app's project and its modules as the rules see them."""
    project = read_project(files)
    return project, views(project)


def views(project: Project) -> list[View]:
    """Return the modules of an app as the rules see them."""
    app: dict[str, View] = {}
    for name, module in project.modules.items():
        app[name] = View(module, project, app)
    return list(app.values())


def found_in(view: View) -> Iterator[Finding]:
    """Yield what the rules find in one file."""
    kinds, by_call, every_call = _tables()
    for node in view.nodes:
        for look in kinds.get(type(node), ()):
            yield from look(view, node)
        if isinstance(node, ast.Call):
            for look in every_call:
                yield from look(view, node)
            last = view.last(node.func)
            named = view.name(node.func).rpartition(".")[2]
            for name in {last, named}:
                for look in by_call.get(name, ()):
                    yield from look(view, node)


@cache
def _tables() -> tuple[dict[type[ast.AST], list[Look]], dict[str, list[Look]], list[Look]]:
    kinds: dict[type[ast.AST], list[Look]] = {}
    by_call: dict[str, list[Look]] = {}
    every_call: list[Look] = []
    for watch in WATCHES:
        if watch.kinds != (ast.Call,):
            for kind in watch.kinds:
                kinds.setdefault(kind, []).append(watch.look)
        elif watch.calls:
            for name in watch.calls:
                by_call.setdefault(name, []).append(watch.look)
        else:
            every_call.append(watch.look)
    return kinds, by_call, every_call
