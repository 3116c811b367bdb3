"""Calls of what is not the app's: what Python's own functions do, and what the pack says of all others."""

import ast
from collections.abc import Callable as Function
from collections.abc import Iterable
from dataclasses import replace

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.containers import TEXT_METHODS, call_functions, text_method
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.knowledge import EVERYTHING
from bailiwick.control.review.engines.python.names import assign, attribute, change, narrowed, of_external
from bailiwick.control.review.engines.python.run import Given, Run, written
from bailiwick.control.review.engines.python.signs import refused_signs
from bailiwick.control.review.engines.python.sinks import check_attribute, check_call
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    NO_LABELS,
    Callable,
    ClassOf,
    External,
    InstanceOf,
    Items,
    Labels,
    Partial,
    Value,
    bounded,
    cleaned_labels,
    constant,
    deep,
    element,
    join_all,
    joined,
    labelled,
    mapping,
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
    special = _SPECIAL.get(path.removeprefix("builtins."))
    if special is not None:
        found = special(run, frame, node, given)
        if found is not None:
            return found
    parent, _, method = path.rpartition(".")
    check_call(run, frame, node, path, callee, given)
    _note_registered(run, path, given)
    labels = _labels_of_call(run, frame, node, path, callee, given)
    if run.known.sources.find(parent) and method in _PARTS:
        return _part(frame, callee, parent, method, given, node)
    if method in TEXT_METHODS and callee.labels and not _is_known(run, path):
        return text_method(run, frame, _as_call(node), labelled(callee.labels), method, given)
    if path in _CONTAINERS and not given.all():
        return Value(items=Items(_CONTAINERS[path]))
    if len(path) > _LONGEST_PATH:
        return labelled(labels)
    return of_external(run, frame, Value(labels=labels), f"{path}()", node)


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
    from bailiwick.control.review.engines.python.run import Entrance  # noqa: PLC0415

    for value in given.all():
        for shape in value.shapes:
            if isinstance(shape, Callable):
                route = next((str(item.const) for item in given.values if isinstance(item.const, str)), "")
                entrance = Entrance(frameworks[0], Value(shapes=(shape,)), shape.code, given.named, route)
                run.entrances.setdefault(id(shape.code), entrance)


def _text(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if not given.values:
        return Value("")
    from bailiwick.control.review.engines.python.expressions import as_text  # noqa: PLC0415

    return as_text(run, frame, given.values[0], node)


def _container(kind: str) -> Function[[Run, Frame, ast.expr, Given], Value | None]:
    def make(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
        if not given.values:
            return Value(items=Items(kind))
        inner = given.values[0]
        items = inner.items
        if items is not None and items.kind == "dict":
            return sequence(kind, [constant(key) for key, _ in items.known]) if items.rest is None else _of(kind, inner)
        if items is None or items.rest is not None:
            return _of(kind, inner)
        return Value(labels=inner.labels, items=Items(kind, items.known))

    return make


def _of(kind: str, inner: Value) -> Value:
    return Value(items=Items(kind, (), element(inner)))


def _dict(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    pairs: list[tuple[object, Value]] = []
    rest = given.extra
    labels: Labels = NO_LABELS
    if given.values:
        first = given.values[0]
        if first.items is not None and first.items.kind == "dict":
            pairs += first.items.known
            rest = first.items.rest if rest is None else rest
        else:
            labels = deep(first)
    pairs += given.named.items()
    return mapping(pairs, rest).with_labels(labels)


def _same(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    return given.values[0] if given.values else EMPTY


def _element(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    return (
        joined(element(given.values[0]), given.values[1])
        if len(given.values) > 1
        else (element(given.values[0]) if given.values else EMPTY)
    )


def _listed(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    return _of("list", given.values[0]) if given.values else Value(items=Items("list"))


def _kept_order(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    inner = given.values[0] if given.values else EMPTY
    return _of("list", inner)


def _paired(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    return Value(items=Items("list", (), sequence("tuple", [element(value) for value in given.values])))


def _counted(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    inner = element(given.values[0]) if given.values else EMPTY
    return Value(items=Items("list", (), sequence("tuple", [EMPTY, inner])))


def _mapped(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if not given.values:
        return EMPTY
    held = tuple(element(value) for value in given.values[1:])
    return Value(items=Items("list", (), run.call(frame, node, given.values[0], Given(held))))


def _filtered(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if len(given.values) < 2:  # noqa: PLR2004 - a function and what it is for
        return EMPTY
    inner = element(given.values[1])
    run.call(frame, node, given.values[0], Given((inner,)))
    return Value(items=Items("list", (), inner))


def _folded(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if len(given.values) < 2:  # noqa: PLR2004 - a function and what it is for
        return EMPTY
    held = joined(element(given.values[1]), given.values[2] if len(given.values) > 2 else EMPTY)  # noqa: PLR2004
    return joined(held, run.call(frame, node, given.values[0], Given((held, element(given.values[1])))))


def _get_attribute(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if len(given.values) < 2:  # noqa: PLR2004 - an object and a name
        return EMPTY
    owner, name = given.values[:2]
    if isinstance(name.const, str) and not name.labels:
        found = attribute(run, frame, owner, name.const, node)
        return found if len(given.values) == 2 else joined(found, given.values[2])  # noqa: PLR2004
    check_attribute(run, frame, node, owner, name)
    return labelled(bounded(owner.labels | name.labels))


def _set_attribute(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if len(given.values) < 3 or not given.nodes or given.nodes[0] is None:  # noqa: PLR2004 - object, name, value
        return None
    owner, name, value = given.values[:3]
    if isinstance(name.const, str) and not name.labels:
        target = ast.copy_location(ast.Attribute(given.nodes[0], name.const, ast.Store()), node)
        assign(run, frame, target, value)
    else:
        from bailiwick.control.review.engines.python.sinks import check_mass  # noqa: PLC0415

        check_mass(run, frame, node, name, "setattr() as the name of a field")
        labels = deep(value)
        change(run, frame, given.nodes[0], owner.with_labels(bounded(owner.labels | labels)))
    return Value(None)


def _super(_: Run, frame: Frame, __: ast.expr, ___: Given) -> Value | None:
    scope: Frame | None = frame
    while scope is not None and (scope.code is None or scope.code.owner is None):
        scope = scope.parent
    if scope is None or scope.code is None or scope.code.owner is None or isinstance(scope.code.node, ast.Lambda):
        return EMPTY
    owner = scope.code.owner
    wanted = [*scope.code.node.args.posonlyargs, *scope.code.node.args.args]
    me = scope.find(wanted[0].arg) if wanted else None
    if me is None:
        return EMPTY
    shapes = tuple(
        replace(shape, above=owner)
        if isinstance(shape, InstanceOf)
        else (InstanceOf(shape.definition, owner) if isinstance(shape, ClassOf) else shape)
        for shape in me.shapes
    )
    return Value(me.const, me.labels, shapes, me.items, me.fields)


def _partial(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    if not given.values:
        return EMPTY
    return Value(shapes=(Partial(given.values[0], given.values[1:], tuple(given.named.items())),))


def _wraps(_: Run, __: Frame, ___: ast.expr, ____: Given) -> Value | None:
    return external_identity()


def external_identity() -> Value:
    """Return a decorator that changes nothing."""
    return Value(shapes=(External("\0identity"),))


def _loaded(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    """Return what JSON gives: an object whose parts are from outside, in any form."""
    labels = frozenset(label for value in given.all() for label in deep(value))
    return labelled(frozenset(replace(label, clean=label.clean - {"nosql"}) for label in labels))


def _any_of(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    if len(given.values) == 1:
        return element(given.values[0])
    return join_all(given.values)


def _chained(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    return Value(items=Items("list", (), join_all(element(value) for value in given.values)))


def _folded_constant(name: str) -> Function[[Run, Frame, ast.expr, Given], Value | None]:
    def fold(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
        consts = [UNKNOWN if deep(value) else _plain(value) for value in given.values]
        return constant(constants.function(name, consts)) if not given.named and consts else EMPTY

    return fold


def _plain(value: Value) -> object:
    items = value.items
    if items is None:
        return value.const
    if items.rest is not None or items.kind not in {"list", "tuple"}:
        return UNKNOWN
    held = [item.const for item in items.values()]
    return UNKNOWN if UNKNOWN in held else held


def _name_table(*_: object) -> Value | None:
    return Value(shapes=(External("globals()"),))


def _decoded(_: Run, __: Frame, ___: ast.expr, given: Given) -> Value | None:
    """Return what text becomes of which an escape is taken back: what made it harmless no longer holds."""
    labels = frozenset(label for value in given.all() for label in deep(value))
    return labelled(frozenset(replace(label, clean=label.clean & {"nosql", "mass"}) for label in labels))


def _compiled(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    check_call(run, frame, node, "re.compile", EMPTY, given)
    pattern = given.values[0] if given.values else EMPTY
    return Value(shapes=(External("re.compile()"),), fields=(("pattern", pattern),))


def _substituted(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    """Return what is left of a text after a pattern of its signs was replaced."""
    check_call(run, frame, node, "re.sub", EMPTY, given)
    if len(given.values) < 3:  # noqa: PLR2004 - pattern, replacement, text
        return labelled(frozenset(label for value in given.all() for label in deep(value)))
    pattern, new, text = given.values[:3]
    return substituted(run, pattern, new, text)


def substituted(run: Run, pattern: Value, new: Value, text: Value) -> Value:
    """Return a text in which what a pattern matches was replaced."""
    labels = deep(text)
    if isinstance(pattern.const, str) and not pattern.labels and isinstance(new.const, str) and not new.labels:
        refused = refused_signs(pattern.const)
        if not refused & set(new.const):
            labels = run.known.without(labels, refused)
    return labelled(bounded(labels | deep(new)))


def _parser(_: Run, __: Frame, node: ast.expr, given: Given) -> Value | None:
    """Return an XML parser, with what it was told."""
    path = "lxml.etree.XMLParser()" if "lxml" in written(node, 200) or given.named else "xml.sax.make_parser()"
    return Value(shapes=(External(path),), fields=tuple(given.named.items()))


def _set_feature(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    """Note on an XML parser that it was told to follow entities from outside."""
    place = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if place is not None and len(given.values) > 1 and "external" in written(node, 200):
        owner = run.evaluate(frame, place)
        change(run, frame, place, owner.with_field("features", given.values[1]))
    return Value(None)


def _kinds(names: Iterable[str], handler: Function[..., Value | None]) -> dict[str, Function[..., Value | None]]:
    return dict.fromkeys(names, handler)


_CONTAINERS = {
    "queue.Queue": "list", "queue.LifoQueue": "list", "queue.SimpleQueue": "list", "asyncio.Queue": "list",
    "collections.deque": "list", "collections.OrderedDict": "dict", "configparser.ConfigParser": "config",
    "configparser.RawConfigParser": "config", "configparser.SafeConfigParser": "config",
    "multiprocessing.Queue": "list",
}  # fmt: skip
_SPECIAL: dict[str, Function[..., Value | None]] = {
    "str": _text, "list": _container("list"), "tuple": _container("tuple"), "set": _container("set"),
    "frozenset": _container("set"), "dict": _dict, "collections.OrderedDict": _dict, "iter": _same, "next": _element,
    "reversed": _kept_order, "sorted": _kept_order, "zip": _paired, "itertools.zip_longest": _paired,
    "enumerate": _counted, "map": _mapped, "filter": _filtered, "functools.reduce": _folded, "getattr": _get_attribute,
    "setattr": _set_attribute, "super": _super, "functools.partial": _partial, "functools.wraps": _wraps,
    "min": _any_of, "max": _any_of, "itertools.chain": _chained, "vars": _same, "globals": _name_table,
    "locals": _name_table, "\0identity": _same, "collections.defaultdict": lambda *_: Value(items=Items("dict")),
    "collections.deque": _container("list"),
    "re.compile": _compiled, "re.sub": _substituted, "regex.sub": _substituted,
    "xml.sax.make_parser().setFeature": _set_feature, "lxml.etree.XMLParser": _parser, "xml.sax.make_parser": _parser,
    **_kinds(["json.loads", "orjson.loads", "ujson.loads", "simplejson.loads", "json.load"], _loaded),
    **_kinds(["copy.copy", "copy.deepcopy", "asyncio.run", "asyncio.create_task", "asyncio.wait_for", "asyncio.shield",
              "asyncio.ensure_future", "typing.cast", "anyio.run", "asgiref.sync.async_to_sync",
              "asgiref.sync.sync_to_async", "contextlib.contextmanager", "contextlib.asynccontextmanager",
              "functools.lru_cache", "functools.cache", "functools.singledispatch", "dataclasses.dataclass",
              "dataclasses.asdict", "contextlib.closing", "markupsafe.soft_str"],
             _same),
    **_kinds(["urllib.parse.unquote", "urllib.parse.unquote_plus", "html.unescape", "base64.b64decode",
              "base64.urlsafe_b64decode", "binascii.unhexlify", "base64.b32decode"], _decoded),
    **{name: _folded_constant(name) for name in ("int", "float", "bool", "len", "ord", "chr", "abs", "sum", "round")},
}  # fmt: skip
_SPECIAL["typing.cast"] = lambda _run, _frame, _node, given: given.values[1] if len(given.values) > 1 else EMPTY
_SPECIAL["chr"] = lambda _run, _frame, _node, given: (
    constant(constants.function("chr", [given.values[0].const])) if given.values else EMPTY
)
