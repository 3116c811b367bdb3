"""What calls of the language's own functions, and of React's, give back, one by one."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.objects import element, merged, put
from bailiwick.control.review.engines.javascript.values import (
    NOTHING,
    NUMBER,
    Thing,
    Value,
    constant,
    deep_taints,
    encoded_no_more,
    join_taints,
    joined,
    part_of,
    safe_from,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_DECODED = "decoded "
Special = Callable[["Interpreter", "Call"], Value | None]


def _parsed(_: "Interpreter", call: "Call") -> Value:
    """Text that becomes objects again."""
    taints = frozenset(replace(t, safe=t.safe - {"nosql-injection"}) for t in call.argument(0).taints)
    return Value(taints=taints)


def _as_json(_: "Interpreter", call: "Call") -> Value:
    value = safe_from(
        Value(taints=deep_taints(call.argument(0))), {"log-injection", "nosql-injection", "header-injection"}
    )
    return replace(value, type="string", built=True, prefix="{")


def _assigned(_: "Interpreter", call: "Call") -> Value:
    made = merged(list(call.values))
    for thing in call.argument(0).things:
        for other in made.things:
            thing.fields.update(other.fields)
            if other.rest is not None:
                put(thing, None, other.rest)
    return replace(call.argument(0), things=call.argument(0).things or made.things)


def _keys(_: "Interpreter", call: "Call") -> Value:
    value = call.argument(0)
    loose = value.taints
    for thing in value.things:
        if thing.rest is not None:
            loose = join_taints(loose, thing.rest.taints)
    return Value(things=(Thing("array", rest=Value(taints=loose, type="string")),), taints=loose)


def _entries(run: "Interpreter", call: "Call") -> Value:
    keys = element(_keys(run, call))
    pair = Thing("array", {"0": keys, "1": element(call.argument(0))})
    return Value(things=(Thing("array", rest=Value(things=(pair,))),))


def _values(_: "Interpreter", call: "Call") -> Value:
    return Value(things=(Thing("array", rest=element(call.argument(0))),))


def _collection(_: "Interpreter", call: "Call") -> Value:
    first = call.argument(0)
    thing = Thing("map", rest=element(first) if first != NOTHING else None)
    return Value(things=(thing,), taints=first.taints)


def _same(_: "Interpreter", call: "Call") -> Value:
    return call.argument(0)


def _promise(run: "Interpreter", call: "Call") -> Value | None:
    if not call.new:
        return None
    name = f"@resolve:{id(call.node)}"
    for closure in call.argument(0).closures:
        run.call(closure, (Value(symbol=name), NOTHING))
    return run.cells.get(name, NOTHING)


def _state(run: "Interpreter", call: "Call") -> Value:
    """React keeps what a setter was given until the next time that the component runs."""
    name = f"@resolve:{id(call.node)}"
    first = call.argument(0)
    initial = joined(run.call(closure, ()) for closure in first.closures) if first.closures else first
    value = replace(joined([initial, run.cells[name]]), const=NOTHING.const) if name in run.cells else initial
    value = value if not value.known else Value(type=value.type)
    return Value(things=(Thing("array", {"0": value, "1": Value(symbol=name)}),))


def kept(run: "Interpreter", call: "Call") -> Value:
    """Keep what a setter, or a promise's `resolve`, is given."""
    given = call.argument(0)
    for closure in given.closures:
        given = joined([run.call(closure, (run.cells.get(call.symbol, NOTHING),))])
    run.cells[call.symbol] = joined([run.cells.get(call.symbol, given), given])
    return NOTHING


def _memo(run: "Interpreter", call: "Call") -> Value:
    return joined(run.call(closure, ()) for closure in call.argument(0).closures)


def _regexp(_: "Interpreter", call: "Call") -> Value:
    text = call.argument(0).text()
    return Value(symbol=f"RegExp():{text}") if text is not None else Value(symbol="RegExp()")


def _relative(_: "Interpreter", call: "Call") -> Value:
    return part_of(call.argument(1), "relative")


def _extension(_: "Interpreter", call: "Call") -> Value:
    return part_of(call.argument(0), "extension")


def _decoded(run: "Interpreter", call: "Call") -> Value:
    """Text that is decoded is another one: a check of what it was says nothing of it, unless it named all it may be."""
    given = run.settled(Value(taints=deep_taints(call.argument(0))))
    decoded = encoded_no_more(given).taints
    named = (t if t.key.startswith(_DECODED) else replace(t, key=f"{_DECODED}{t.key}") for t in decoded)
    return Value(taints=frozenset(named), type="string")


def _number(_: "Interpreter", __: "Call") -> Value:
    return NUMBER


def _text(_: "Interpreter", call: "Call") -> Value:
    value = call.argument(0)
    if value.known:
        return constant(str(value.const)) if isinstance(value.const, str) else Value(type="string")
    made = Value(taints=deep_taints(value), type="string", prefix=value.prefix)
    return safe_from(made, {"nosql-injection"})


SPECIAL: dict[str, Special] = {
    "JSON.parse": _parsed, "JSON.stringify": _as_json, "Object.assign": _assigned, "Object.keys": _keys,
    "Object.entries": _entries, "Object.values": _values, "Array.from": _values, "Object.freeze": _same,
    "Object.fromEntries": _values, "Promise.all": _same, "Promise.resolve": _same, "Promise.race": _values,
    "Promise.allSettled": _same, "util.promisify": _same, "structuredClone": _same, "Set": _collection,
    "Map": _collection, "Promise": _promise, "useState": _state, "useMemo": _memo, "useCallback": _same,
    "RegExp": _regexp, "Number": _number, "parseInt": _number, "parseFloat": _number, "String": _text,
    "asyncHandler": _same, "decodeURIComponent": _decoded, "decodeURI": _decoded, "unescape": _decoded,
    "atob": _decoded, "querystring.unescape": _decoded,
    "path.relative": _relative, "path.extname": _extension,
    "catchAsync": _same, "memo": _same, "forwardRef": _same, "cache": _same,
}  # fmt: skip
