"""Objects: reading and writing their fields, classes and their instances, and what modules export."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.scopes import Frame, Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import (
    NOTHING,
    NUMBER,
    Closure,
    Thing,
    Value,
    field_of,
    join_taints,
    joined,
    part_of,
    safe_from,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

EXPORTED = "module.exports"
_GLOBAL_OBJECTS = ("window.", "globalThis.", "self.", "global.")
_MOST_FIELDS = 2_000
# Parts of an address: a check of one says nothing of the others.
_ADDRESS_PARTS = frozenset({"hostname", "host", "origin", "protocol", "port", "pathname", "search", "hash"})
_OF_UPLOADS = frozenset({"path", "filename", "size", "tempFilePath", "md5", "destination", "filepath", "mv"})
_SIZES = frozenset({"length", "size", "byteLength"})


def member(run: "Interpreter", base: Value, name: str, node: Node, scope: Scope) -> Value:
    """Return a field of a value, by what is known of the value."""
    if name in _SIZES and not base.symbol:
        return NUMBER
    if name == "prototype" and base.closures:
        return joined(Value(things=(run.prototype(closure.node),)) for closure in base.closures)
    found = [value for thing in base.things if (value := _of_thing(thing, name, base)) is not None]
    if base.symbol:
        found.append(_of_library(run, base, name, node, scope))
    if base.taints and not (found and base.things):
        if base.symbol == "URL()" and name in _ADDRESS_PARTS:
            found.append(part_of(base, name))
        else:
            found.append(Value(taints=field_of(base, name) if not _is_own(base, name) else frozenset()))
    return joined(found)


def _is_own(base: Value, name: str) -> bool:
    """Return whether a field of an upload is what the server made: where it put it, and how large it is."""
    return name in _OF_UPLOADS and all(taint.key.startswith("file") for taint in base.taints)


def _of_library(run: "Interpreter", base: Value, name: str, node: Node, scope: Scope) -> Value:
    symbol = f"{base.symbol}.{name}"
    for prefix in _GLOBAL_OBJECTS:
        symbol = symbol.removeprefix(prefix)
    symbol = symbol.removesuffix(".default")
    origin = run.models.origins.first(symbol)
    if origin is not None:
        value = run.from_outside(origin.kind, origin.key or name, node, scope, origin.type)
        return replace(safe_from(value, origin.safe), symbol=symbol)
    stored = run.cells.get(symbol)
    return run.named(symbol) if stored is None else joined([stored, run.named(symbol)])


def _of_thing(thing: Thing, name: str, base: Value, depth: int = 0) -> Value | None:
    value = thing.fields.get(name)
    if value is None and thing.parent is not None and depth < 8:  # noqa: PLR2004 - classes of classes
        for parent in thing.parent.things:
            value = _of_thing(parent, name, base, depth + 1)
            if value is not None:
                break
    if value is None:
        return thing.rest
    if value.closures and thing.kind in {"prototype", "instance", "object"}:
        this = Value(things=base.things)
        return replace(value, closures=tuple(replace(closure, this=closure.this or this) for closure in value.closures))
    return value


def element(value: Value) -> Value:
    """Return what may be in an array, map or anything else that is gone through."""
    found = [inner for thing in value.things for inner in (*thing.fields.values(), thing.rest or NOTHING)]
    return joined([*found, Value(taints=value.taints)]) if value.taints or not found else joined(found)


def store(run: "Interpreter", target: Node, value: Value, scope: Scope) -> None:
    """Write into a field that a member or subscript expression names."""
    owner, key = target.get("object"), target.get("property") or target.get("index")
    if owner is None or key is None:
        return
    if target.kind == "member_expression":
        name: str | None = key.text
    else:
        index = run.evaluate(key, scope)
        name = str(index.const) if index.known else None
    if owner.text == "module" and name == "exports" and scope.find("module") is None:
        export(run, EXPORTED, value, scope)
        return
    if owner.text == "exports" and name and scope.find("exports") is None:
        export(run, name, value, scope)
        return
    base = run.evaluate(owner, scope)
    if base.symbol and name and "()" not in base.symbol:
        cell = f"{base.symbol}.{name}"
        for prefix in _GLOBAL_OBJECTS:
            cell = cell.removeprefix(prefix)
        run.cells[cell] = joined([run.cells.get(cell, value), value])
    if not base.things and not base.symbol and not base.taints and owner.kind == "identifier":
        base = replace(base, things=(Thing(),))
        scope.assign(owner.text, base)
    for thing in base.things:
        put(thing, name, value, sure=len(base.things) == 1 and not run.branching)


def put(thing: Thing, name: str | None, value: Value, *, sure: bool = False) -> None:
    """Put a value into a field, or into any when the name is not known; `sure` that it replaces what was there."""
    if name is None or (name not in thing.fields and len(thing.fields) >= _MOST_FIELDS):
        thing.rest = value if thing.rest is None else joined([thing.rest, value])
    elif sure or name not in thing.fields:
        thing.fields[name] = value
    else:
        thing.fields[name] = joined([thing.fields[name], value])


def export(run: "Interpreter", name: str, value: Value, scope: Scope) -> None:
    """Export a value from the file that a scope is in."""
    put(run.module_of(scope.frame.path).exports, name, value, sure=True)


def exported(run: "Interpreter", module: Value, name: str, node: Node, scope: Scope) -> Value:
    """Return what a module exports under a name; `*` is the module itself, and so is the default of a CommonJS one."""
    own = [thing for thing in module.things if thing.kind == "object"]
    whole = next((thing.fields[EXPORTED] for thing in own if EXPORTED in thing.fields), None)
    if not module.things:
        return module if name in {"*", "default"} else member(run, module, name, node, scope)
    if name == "*":
        return whole or module
    if name == "default" and not any("default" in thing.fields for thing in own):
        return whole or module
    if whole is not None and not any(name in thing.fields for thing in own):
        return member(run, whole, name, node, scope)
    return member(run, module, name, node, scope)


def make_class(run: "Interpreter", node: Node, scope: Scope) -> Value:
    """Return the class that a node declares; its methods know an instance of it."""
    prototype, statics = Thing("prototype"), Thing("class")
    heritage = next((child for child in node.children if child.kind == "class_heritage"), None)
    if heritage is not None and heritage.children:
        above = heritage.children[0].get("value") or heritage.children[0]
        parent = run.evaluate(above, scope)
        prototypes = tuple(t.fields["prototype"] for t in parent.things if "prototype" in t.fields)
        prototype.parent = joined(prototypes) if prototypes else None
        statics.parent = Value(things=parent.things, symbol=parent.symbol)
    statics.fields["prototype"] = Value(things=(prototype,))
    made = Value(things=(statics,), symbol=statics.parent.symbol if statics.parent is not None else "")
    name = node.get("name")
    inner = scope.inner()
    if name is not None:
        inner.declare(name.text, made)
    body = node.get("body")
    members = body.children if body is not None else []
    usual = Thing("instance", parent=Value(things=(prototype,)))
    for child in members:
        if child.kind == "method_definition":
            _add_method(run, child, inner, statics, prototype, usual)
    statics.fields["@fields"] = Value(closures=(Closure(node, inner, scope.frame.path),))
    _set_fields(run, node, inner, usual, statics)
    constructor = prototype.fields.get("constructor")
    for closure in constructor.closures if constructor is not None else ():
        run.call(closure, (), Value(things=(usual,)))
    return made


def _add_method(run: "Interpreter", child: Node, scope: Scope, statics: Thing, prototype: Thing, usual: Thing) -> None:
    name = child.get("name")
    if name is None:
        return
    holder = statics if any(item.kind == "static" for item in child.children) else prototype
    made = run.closure(child, scope, name.text)
    run.prefer_this(child, Value(things=(usual if holder is prototype else statics,)))
    holder.fields[name.text] = made


def _set_fields(run: "Interpreter", node: Node, scope: Scope, instance: Thing, statics: Thing | None = None) -> None:
    body = node.get("body")
    frame = Frame(scope.frame.path, Value(things=(instance,)))
    inner = scope.inner(frame)
    for child in body.children if body is not None else []:
        if child.kind in {"field_definition", "public_field_definition"}:
            name = child.get("property") or child.get("name")
            value = child.get("value")
            if name is None:
                continue
            static = any(item.kind == "static" for item in child.children)
            found = run.evaluate(value, inner) if value is not None else _declared(run, child, scope)
            holder = statics if static and statics is not None else instance
            holder.fields[name.text] = found


def _declared(run: "Interpreter", child: Node, scope: Scope) -> Value:
    annotation = child.get("type")
    return typed_instance(run, annotation.text.lstrip(": "), scope) if annotation is not None else NOTHING


def typed_instance(run: "Interpreter", name: str, scope: Scope) -> Value:
    """Return what a value is of which only the type's name is known: an instance of a class that is in scope."""
    if not name or not name.replace("_", "").isalnum():
        return NOTHING
    kind = scope.find(name)
    if kind is None:
        return NOTHING
    if kind.symbol and not kind.things:
        return run.named(f"{kind.symbol}()")
    prototypes = [thing.fields["prototype"] for thing in kind.things if "prototype" in thing.fields]
    if not prototypes:
        return NOTHING
    instance = run.usual_instances.setdefault(id(kind.things[0]), Thing("instance", parent=joined(prototypes)))
    return Value(things=(instance,))


def construct(run: "Interpreter", made: Value, given: tuple[Value, ...]) -> Value:
    """Return a new object of functions that are called with `new`, as before there were classes."""
    results = []
    for closure in made.closures:
        this = Value(things=(Thing("instance", parent=Value(things=(run.prototype(closure.node),))),))
        answer = run.call(closure, given, this)
        results.append(joined([this, answer]) if answer.things else this)
    return joined(results)


def instantiate(run: "Interpreter", made: Value, given: tuple[Value, ...]) -> Value:
    """Return a new instance of a class of the app, its constructor run."""
    results = []
    for statics in made.things:
        prototype = statics.fields.get("prototype")
        if prototype is None:
            continue
        instance = Thing("instance", parent=prototype)
        this = Value(things=(instance,))
        for closure in statics.fields.get("@fields", NOTHING).closures:
            _set_fields(run, closure.node, closure.scope, instance)
        constructor = _of_thing(instance, "constructor", this)
        for closure in constructor.closures if constructor is not None else ():
            run.call(closure, given, this)
        results.append(this)
    return joined(results)


def merged(values: list[Value]) -> Value:
    """Return an object that has the fields of several, later ones first in right; as spreading them gives."""
    thing = Thing()
    taints = NOTHING.taints
    for value in values:
        for other in value.things:
            thing.fields.update(other.fields)
            if other.rest is not None:
                thing.rest = other.rest if thing.rest is None else joined([thing.rest, other.rest])
        if value.taints:
            loose = Value(taints=value.taints)
            thing.rest = loose if thing.rest is None else joined([thing.rest, loose])
            taints = join_taints(taints, value.taints)
    return Value(things=(thing,), type="object")
