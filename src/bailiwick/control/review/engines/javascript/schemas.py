"""Schemas (zod, joi, yup, valibot): what a value is after it was checked against one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.guards import pattern_text
from bailiwick.control.review.engines.javascript.objects import element, member
from bailiwick.control.review.engines.javascript.patterns import is_strict
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, Thing, Value, joined, safe_from

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter
    from bailiwick.control.review.engines.javascript.scopes import Scope

_PACKAGES = ("zod", "joi", "yup", "valibot", "superstruct", "@hapi/joi")
_GIVE = frozenset({"parse", "parseAsync", "validateSync", "cast", "attempt"})
_GIVE_RESULT = frozenset({"safeParse", "safeParseAsync", "spa"})
# Schemas of which nothing comes through that means anything, by the calls that make them.
_HARMLESS = (
    "number()", "boolean()", "enum()", "nativeEnum()", "literal()", "date()", "bigint()", "uuid()", "cuid()", "cuid2()",
    "ulid()", "nanoid()", "datetime()", "int()", "picklist()", "valid()", "oneOf()", "guid()", "alphanum()",
    "strict-text()",
    "integer()", "hex()",
)  # fmt: skip
_OPEN = ("any()", "unknown()", "record()", "passthrough()", "mixed()", "union()", "looseObject()", "lazy()")


def result(run: "Interpreter", call: "Call") -> Value | None:
    """Return what a call of a schema's library gives back, or None when it is none."""
    if not call.symbol.startswith(_PACKAGES):
        return None
    if call.method in _GIVE or call.method in _GIVE_RESULT or (call.method == "validate" and call.owner.symbol):
        by_function = len(call.values) > 1 and call.argument(0).symbol.startswith(_PACKAGES)
        schema, given = (call.argument(0), call.argument(1)) if by_function else (call.owner, call.argument(0))
        if not by_function and call.method == "attempt":
            schema, given = call.argument(1), call.argument(0)
        made = checked(run, schema, given, call.at, call.scope)
        if call.method in _GIVE_RESULT:
            return Value(things=(Thing(fields={"data": made}),))
        if call.method == "validate":
            both = Thing(
                fields=dict(made.things[0].fields) if made.things else {},
                rest=made.things[0].rest if made.things else None,
            )
            both.fields["value"] = made
            return Value(things=(both,), taints=made.taints)
        return made
    symbol = f"{call.symbol}()"
    if call.method in {"regex", "pattern", "matches"} and call.nodes:
        text = pattern_text(run, call.nodes[0], call.scope)
        symbol = f"{call.symbol}().strict-text()" if text is not None and is_strict(text) else symbol
    things = call.owner.things
    if call.method in {"object", "strictObject", "looseObject", "extend", "keys", "merge", "shape", "append"}:
        things = (*call.argument(0).things, *things)
    elif call.method in {"array", "items", "of"} and call.values:
        things = (Thing("array", rest=call.argument(0)),)
    return Value(symbol=symbol, things=things)


def checked(run: "Interpreter", schema: Value, given: Value, node: Node, scope: "Scope") -> Value:
    """Return what a value is after a schema let it through."""
    symbol = schema.symbol
    if any(f".{name}" in symbol for name in _HARMLESS):
        return Value(type="number" if ".number()" in symbol else "string")
    objects = [thing for thing in schema.things if thing.kind == "object"]
    if "bject()" in symbol and objects:
        fields: dict[str, Value] = {}
        for thing in objects:
            for name, inner in thing.fields.items():
                fields.setdefault(name, checked(run, inner, member(run, given, name, node, scope), node, scope))
        loose = Value(taints=given.taints) if any(name in symbol for name in _OPEN) else None
        return Value(things=(Thing(fields=fields, rest=loose),), type="object")
    arrays = [thing.rest for thing in schema.things if thing.kind == "array" and thing.rest is not None]
    if "array()" in symbol and arrays:
        inner = joined(checked(run, one, element(given), node, scope) for one in arrays)
        return Value(things=(Thing("array", rest=inner),))
    if ".string()" in symbol:
        value = safe_from(Value(taints=given.taints, type="string", prefix=given.prefix), {"nosql-injection"})
        return safe_from(value, {"header-injection", "log-injection"}) if ".email()" in symbol else value
    if not symbol:
        return given
    return replace(given, const=NOTHING.const)
