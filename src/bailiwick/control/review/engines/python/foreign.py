"""Calls of what is not the app's: what Python's own functions do, and what the pack says of all others."""

import ast

from bailiwick.control.review.engines.python.attributes import narrowed, of_external
from bailiwick.control.review.engines.python.containers import TEXT_METHODS, call_functions, text_method
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.knowledge import EVERYTHING
from bailiwick.control.review.engines.python.known_calls import SPECIAL
from bailiwick.control.review.engines.python.labels import NO_LABELS, Labels, bounded, cleaned_labels
from bailiwick.control.review.engines.python.run import Entrance, Given, Run
from bailiwick.control.review.engines.python.sinks import check_call
from bailiwick.control.review.engines.python.stored import kept_before, note_kept, opened
from bailiwick.control.review.engines.python.storing import change
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    Callable,
    External,
    Items,
    Value,
    deep,
    joined,
    labelled,
    sequence,
)

_LONGEST_PATH = 160
# Parts of a request that hold files, or further objects, keep their path; of others only the text matters.
_PARTS = frozenset(
    {
        "get",
        "getlist",
        "pop",
        "get_all",
        "getall",
        "getone",
        "keys",
        "values",
        "items",
        "to_dict",
        "lists",
        "copy",
        "dict",
        "getvalue",
        "getfirst",
        "get_list",
        "setdefault",
    }
)


def call_external(run: Run, frame: Frame, node: ast.expr, path: str, callee: Value, given: Given) -> Value:
    """Return what a call of something gives that is not the app's; looks whether values do harm there."""
    special = SPECIAL.get(path.removeprefix("builtins."))
    if special is not None:
        found = special(run, frame, node, given)
        if found is not None:
            return found
    parent, _, method = path.rpartition(".")
    check_call(run, frame, node, path, callee, given)
    _note_registered(run, path, given)
    note_kept(run, frame, node, path, given)
    labels = _labels_of_call(run, frame, node, path, callee, given) | kept_before(run, frame, node, path, given)
    if run.known.sources.find(parent) and method in _PARTS:
        return _part(frame, callee, parent, method, given, node)
    if method in TEXT_METHODS and callee.labels and not _is_known(run, path):
        return text_method(run, frame, _as_call(node), labelled(callee.labels), method, given)
    if path in _CONTAINERS and not given.all():
        return Value(items=Items(_CONTAINERS[path]))
    if len(path) > _LONGEST_PATH:
        return labelled(labels)
    return opened(path, given, of_external(run, frame, Value(labels=labels), f"{path}()", node))


def _as_call(node: ast.expr) -> ast.Call:
    return node if isinstance(node, ast.Call) else ast.copy_location(ast.Call(node, [], []), node)


def _is_known(run: Run, path: str) -> bool:
    return bool(run.known.cleaners.find(path) or run.known.calls.find(path) or run.known.sources.find(f"{path}()"))


def _part(frame: Frame, callee: Value, parent: str, method: str, given: Given, node: ast.expr) -> Value:
    found = narrowed(frame, callee, parent, node)
    if method in {"getlist", "get_all", "getall", "keys", "values", "lists", "get_list"}:
        return Value(items=Items("list", (), found))
    if method == "items":
        return Value(items=Items("list", (), sequence("tuple", [found, found])))
    # `get("page", type=int)` gives a number, or the default.
    kind = given.named.get("type", EMPTY)
    if any(isinstance(shape, External) and shape.path in {"int", "float", "bool"} for shape in kind.shapes):
        return EMPTY
    if len(given.values) > 1:
        return joined(found, given.values[1])
    return found


def _labels_of_call(run: Run, frame: Frame, node: ast.expr, path: str, callee: Value, given: Given) -> Labels:
    functions = call_functions(run, frame, node, given)
    kinds = [kind for found in run.known.cleaners.find(path) for kind in found]
    if EVERYTHING in kinds:
        return NO_LABELS
    parent = path.rpartition(".")[0]
    on_object = path.startswith("?") or parent.endswith((")", "]")) or bool(run.known.objects.find(path))
    labels = callee.labels | functions
    if run.known.keepers.find(path) and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        _keep(run, frame, node.func.value, given)
    # A method of an object gives of the object; what it is asked with stays outside.
    if not run.known.opaque.find(path) and (not on_object or kinds or run.known.passing.find(path)):
        labels |= frozenset(label for value in given.all() for label in deep(value))
    return cleaned_labels(bounded(labels), frozenset(kinds))


def _keep(run: Run, frame: Frame, place: ast.expr, given: Given) -> None:
    owner = run.evaluate(frame, place)
    labels = frozenset(label for value in given.all() for label in deep(value))
    if labels - owner.labels:
        change(run, frame, place, owner.with_labels(bounded(owner.labels | labels)))


def _note_registered(run: Run, path: str, given: Given) -> None:
    """Note functions that are handed to a framework, for it to call."""
    frameworks = run.known.register.find(path)
    if not frameworks:
        return
    for value in given.all():
        for shape in value.shapes:
            if isinstance(shape, Callable):
                route = next((str(item.const) for item in given.values if isinstance(item.const, str)), "")
                entrance = Entrance(frameworks[0], Value(shapes=(shape,)), shape.code, given.named, route)
                run.entrances.setdefault(id(shape.code), entrance)


_CONTAINERS = {
    "queue.Queue": "list", "queue.LifoQueue": "list", "queue.SimpleQueue": "list", "asyncio.Queue": "list",
    "collections.deque": "list", "collections.OrderedDict": "dict", "configparser.ConfigParser": "config",
    "configparser.RawConfigParser": "config", "configparser.SafeConfigParser": "config",
    "multiprocessing.Queue": "list",
}  # fmt: skip
