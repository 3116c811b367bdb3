"""What calls of Python's own functions, and of some libraries', give."""

import ast
from collections.abc import Callable as Function
from collections.abc import Iterable
from dataclasses import replace

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.attributes import attribute
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.labels import NO_LABELS, Labels, bounded, built, cleaned_labels
from bailiwick.control.review.engines.python.parts import element, truth
from bailiwick.control.review.engines.python.run import Given, Run, written
from bailiwick.control.review.engines.python.signs import refused_signs
from bailiwick.control.review.engines.python.sinks import check_attribute, check_call, check_mass
from bailiwick.control.review.engines.python.storing import assign, change
from bailiwick.control.review.engines.python.texts import as_text
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    ClassOf,
    External,
    InstanceOf,
    Items,
    Partial,
    Value,
    constant,
    deep,
    external,
    join_all,
    joined,
    labelled,
    mapping,
    sequence,
)

# The field of a JSON text in which stands what it was made of.
_WRITTEN = "\0written"


def _text(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    if not given.values:
        return Value("")
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
    whole = given.values[0].field(_WRITTEN) if given.values else None
    if whole is not None:
        return whole
    labels = frozenset(label for value in given.all() for label in deep(value))
    return labelled(frozenset(replace(label, clean=label.clean - {"nosql"}) for label in labels))


def _dumped(run: Run, _: Frame, __: ast.expr, given: Given) -> Value | None:
    """Return JSON, from which `loads` makes what it was made of."""
    if not given.values:
        return EMPTY
    kinds = frozenset(kind for found in run.known.cleaners.find("json.dumps") for kind in found)
    labels = cleaned_labels(bounded(built(deep(given.values[0]))), kinds)
    return Value(labels=labels, fields=((_WRITTEN, given.values[0]),))


def _template(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    """Return a template of jinja's that was told to escape as one that an environment made, which the rules judge."""
    if truth(given.named.get("autoescape", Value(False))) is False:
        return None
    check_call(run, frame, node, "jinja2.Template", EMPTY, given)
    return external("jinja2.Environment().from_string()")


def _named_tuple(run: Run, frame: Frame, node: ast.expr, given: Given) -> Value | None:
    """Return the class that `namedtuple("Point", "x y")` makes."""
    names = _plain(given.values[1]) if len(given.values) > 1 else UNKNOWN
    names = names.replace(",", " ").split() if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) and name.isidentifier() for name in names):
        return None
    made = run.made_classes.get(id(node))
    if made is None:
        fields = [ast.AnnAssign(ast.Name(name), ast.Name("object"), None, 1) for name in names]
        cls = ast.ClassDef(str(given.values[0].const), [], [], [*fields], [])
        made = run.made_classes[id(node)] = ast.fix_missing_locations(ast.copy_location(cls, node))
    bases = (Value(shapes=(External("collections.namedtuple"),)),)
    return Value(shapes=(ClassOf(run.definition(made.name, frame.module, made, bases)),))


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


SPECIAL: dict[str, Function[..., Value | None]] = {
    "str": _text, "list": _container("list"), "tuple": _container("tuple"), "set": _container("set"),
    "frozenset": _container("set"), "dict": _dict, "collections.OrderedDict": _dict, "iter": _same, "next": _element,
    "reversed": _kept_order, "sorted": _kept_order, "zip": _paired, "itertools.zip_longest": _paired,
    "enumerate": _counted, "map": _mapped, "filter": _filtered, "functools.reduce": _folded, "getattr": _get_attribute,
    "setattr": _set_attribute, "super": _super, "functools.partial": _partial, "functools.wraps": _wraps,
    "min": _any_of, "max": _any_of, "itertools.chain": _chained, "vars": _same, "globals": _name_table,
    "locals": _name_table, "\0identity": _same, "collections.defaultdict": lambda *_: Value(items=Items("dict")),
    "collections.deque": _container("list"),
    "collections.namedtuple": _named_tuple, "json.dumps": _dumped, "jinja2.Template": _template,
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
SPECIAL["typing.cast"] = lambda _run, _frame, _node, given: given.values[1] if len(given.values) > 1 else EMPTY
SPECIAL["chr"] = lambda _run, _frame, _node, given: (
    constant(constants.function("chr", [given.values[0].const])) if given.values else EMPTY
)
