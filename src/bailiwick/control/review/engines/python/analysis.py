"""The data flow of an app: goes through its modules, then what frameworks call, then what nobody seems to call."""

import ast
import sys
from collections.abc import Callable as Work
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bailiwick.control.review.engines.python.calls import call_value
from bailiwick.control.review.engines.python.capabilities import find_capabilities
from bailiwick.control.review.engines.python.entrances import parameters_of_entrance, parameters_of_unknown
from bailiwick.control.review.engines.python.expressions import evaluate
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.knowledge import knowledge
from bailiwick.control.review.engines.python.names import module_frame
from bailiwick.control.review.engines.python.project import Module, Project, read_project
from bailiwick.control.review.engines.python.run import Entrance, Run, TooComplexError
from bailiwick.control.review.engines.python.statements import execute
from bailiwick.control.review.engines.python.templates import unescaped_names
from bailiwick.control.review.engines.python.values import Callable, Code, InstanceOf, Value, forget_joined
from bailiwick.control.review.model import Change, Finding, Surroundings

_ROUNDS = 3
_DEEPEST = 12_000


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings in the Python files of the tip."""
    project = read_project(change.files)
    yield from project.faults
    run = Run(project, knowledge(), evaluate, execute, call_value, templates=unescaped_names(change.files))
    try:
        with _deep_stack():
            follow(run)
    finally:
        forget_joined()
    commands = {(found.path, found.line) for found in run.found.values() if found.rule.id == "command-injection"}
    yield from run.found.values()
    for found in find_capabilities(project):
        # Who starts a program of somebody else's making starts one.
        if found.rule.id != "process-spawning" or (found.path, found.line) not in commands:
            yield found


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Let Python go as deep as trees that are read at all need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def follow(run: Run) -> None:
    """Go through an app until nothing new comes of it; what is too much for the budget becomes a finding."""
    for _ in range(_ROUNDS):
        run.begin_round()
        if not _go_through_all(run) or not run.stale:
            return


def _go_through_all(run: Run) -> bool:
    run.frames.clear()
    for module in run.project.modules.values():
        if not _guarded(run, module, module.tree, partial(module_frame, run, module)):
            return False
    done: set[int] = set()
    if not _go_through_entrances(run, done):
        return False
    # Functions that nobody calls, then those that somebody seems to call but did not; either may define entrances.
    if not _go_through_uncalled(run, list(run.uncalled.values())):
        return False
    mentioned = _mentioned(run.project)
    for anyone in (False, True):
        while waiting := _uncalled(run, set() if anyone else mentioned):
            if not _go_through_uncalled(run, waiting):
                return False
            if not _go_through_entrances(run, done):
                return False
    return True


def _go_through_uncalled(run: Run, waiting: list[Callable]) -> bool:
    for shape in waiting:
        code = shape.code
        if id(code) in run.called and id(code) not in run.uncalled:
            # One of those before it has called it since.
            continue
        run.called.add(id(code))
        run.uncalled[id(code)] = shape
        if not _guarded(run, code.module, code.node, partial(_enter_unknown, run, shape)):
            return False
    return True


def _go_through_entrances(run: Run, done: set[int]) -> bool:
    while waiting := [entrance for key, entrance in run.entrances.items() if key not in done]:
        for entrance in waiting:
            done.add(id(entrance.code))
            if not _guarded(run, entrance.code.module, entrance.code.node, partial(_enter, run, entrance)):
                return False
    return True


def _uncalled(run: Run, but: set[str]) -> list[Callable]:
    return [
        shape
        for key, shape in run.made_in.items()
        if key not in run.called and key not in run.entrances and shape.code.name not in but
    ]


def _mentioned(project: Project) -> set[str]:
    """Return the names that the app uses somewhere."""
    return set().union(*(module.index.names for module in project.modules.values()))


def _guarded(run: Run, module: Module, node: ast.AST, work: Work[[], object]) -> bool:
    """Do a part of the work; return False when there is no budget left for the app."""
    try:
        run.begin()
    except TooComplexError:
        _too_complex(run, module, node, "the app's values take more steps to follow than a review has")
        return False
    try:
        work()
    except TooComplexError:
        _too_complex(run, module, node, "its values take more steps to follow than a review has")
    except RecursionError:
        _too_complex(run, module, node, "it nests deeper than can be followed")
    run.stack.clear()
    run.reading.clear()
    run.answering.clear()
    return True


def _too_complex(run: Run, module: Module, node: ast.AST, words: str) -> None:
    line = getattr(node, "lineno", 0)
    run.found[("too-complex-to-review", module.path, line)] = module.finding("too-complex-to-review", node, words)


def _enter(run: Run, entrance: Entrance) -> None:
    code = entrance.code
    frame = Frame(code.module, names={})
    run.answering.append(entrance)
    given = parameters_of_entrance(run, frame, entrance)
    place = ast.copy_location(ast.Call(ast.Name(code.name), [], []), code.node)
    run.call(frame, place, entrance.callee, given)


def _enter_unknown(run: Run, shape: Callable) -> None:
    code = shape.code
    frame = Frame(code.module, names={})
    bound = None
    if code.owner is not None and isinstance(code.node, ast.FunctionDef | ast.AsyncFunctionDef):
        bound = Value(shapes=(InstanceOf(code.owner),))
    given = parameters_of_unknown(run, frame, shape, skip_first=bound is not None and not _is_static(code))
    place = ast.copy_location(ast.Call(ast.Name(code.name), [], []), code.node)
    whole = shape if bound is None or _is_static(code) else Callable(code, shape.frame, bound)
    run.call(frame, place, Value(shapes=(whole,)), given)


def _is_static(code: Code) -> bool:
    return any(
        isinstance(item, ast.Name) and item.id == "staticmethod" for item in getattr(code.node, "decorator_list", ())
    )
