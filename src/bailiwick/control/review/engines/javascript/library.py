"""What calls of the language's own library, and of packages, give back."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript import schemas
from bailiwick.control.review.engines.javascript.guards import pattern_text
from bailiwick.control.review.engines.javascript.objects import element, merged, put
from bailiwick.control.review.engines.javascript.patterns import takes_out
from bailiwick.control.review.engines.javascript.values import (
    BOOLEAN,
    NOTHING,
    NUMBER,
    Thing,
    Value,
    concatenated,
    constant,
    deep_taints,
    field_of,
    join_taints,
    joined,
    part_of,
    safe_from,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

# Methods of text whose result has text of it, or a part of it, or none.
_SAME = frozenset(
    {"trim", "trimStart", "trimEnd", "toString", "toLowerCase", "toUpperCase", "padStart", "padEnd", "repeat",
     "normalize",
     "valueOf", "reverse", "toLocaleString", "pop", "shift", "flat", "toLocaleLowerCase", "text", "json",
     "values",
     "keys", "entries", "toJSON", "toArray", "getAll", "arrayBuffer", "formData", "blob", "lean", "exec", "clone",
     "sort", "fill", "toSorted", "then", "unwrap", "parse"}
)  # fmt: skip
_PARTS = frozenset({"slice", "substring", "substr", "split", "charAt", "match", "matchAll", "at"})
_NO_TEXT = frozenset(
    {"indexOf", "includes", "startsWith", "endsWith", "test", "search", "has", "localeCompare", "charCodeAt", "every",
     "some", "findIndex", "lastIndexOf", "codePointAt"}
)  # fmt: skip
_EACH = frozenset(
    {
        "map",
        "filter",
        "forEach",
        "find",
        "some",
        "every",
        "flatMap",
        "findIndex",
        "findLast",
        "sort",
        "toSorted",
        "each",
    }
)
_HEARD = frozenset({"on", "once", "addListener", "subscribe"})
_SOCKETS = ("ws", "socket", "wss", "io", "client", "connection", "conn", "sock")


def result(run: "Interpreter", call: "Call") -> Value:  # noqa: PLR0911 - one a source of knowledge
    """Return what a call gives back that is not one of the app's own functions."""
    special = _SPECIAL.get(call.symbol) or _SPECIAL.get(call.symbol.rpartition(".")[2] if call.symbol else "")
    if special is not None:
        found = special(run, call)
        if found is not None:
            return found
    if call.symbol.startswith("@resolve:"):
        return _kept(run, call)
    origin = run.models.returns.first(call.symbol)
    if origin is not None:
        _callbacks(run, call)
        key = origin.key or call.method or call.symbol
        first = call.argument(0).text()
        made = run.from_outside(origin.kind, f"{key}.{first}" if first else key, call.at, call.scope, origin.type)
        return replace(made, symbol=f"{call.symbol}()")
    cleaner = run.models.cleaners.first(call.symbol)
    if cleaner is not None:
        return replace(safe_from(_all_given(call), cleaner.safe), type=cleaner.type)
    passes = run.models.passing.first(call.symbol)
    if passes is not None:
        symbol = f"{call.symbol}()" if passes == "named" else ""
        kind = "" if passes == "named" else passes
        return Value(taints=_all_given(call).taints, type=kind, prefix=call.argument(0).prefix, symbol=symbol)
    schema = schemas.result(run, call)
    if schema is not None:
        return schema
    if call.method and not call.new and (call.owner.taints or call.owner.things or call.owner.type == "string"):
        return _method(run, call)
    if call.method and call.owner.known and call.owner.text() is not None:
        return _method(run, call)
    answered = _callbacks(run, call)
    if call.method == "then":
        return joined([answered]) if answered != NOTHING else replace(call.owner)
    if call.method in {"catch", "finally"}:
        return call.owner
    return run.named(f"{call.symbol}()") if call.symbol and not call.symbol.startswith("?") else NOTHING


def _all_given(call: "Call") -> Value:
    return joined([Value(taints=deep_taints(value)) for value in call.values])


def _method(run: "Interpreter", call: "Call") -> Value:  # noqa: PLR0911, PLR0912 - one a method
    owner, method = call.owner, call.method
    arrays = [thing for thing in owner.things if thing.kind in {"array", "map"}]
    if method in {"push", "unshift", "add", "append", "set"} and owner.things:
        for thing in owner.things:
            put(thing, None, call.values[-1] if call.values else NOTHING)
        return owner if method in {"add", "set"} else NUMBER
    if method in _EACH or method in {"then", "reduce", "catch", "finally"}:
        return _gone_through(run, call)
    if method == "join" and owner.things:
        parts = [
            inner for thing in owner.things for inner in (*thing.fields.values(), *([thing.rest] if thing.rest else []))
        ]
        return concatenated(parts) if parts else Value(type="string")
    if method in {"replace", "replaceAll"}:
        return _replaced(run, call)
    if method in _NO_TEXT:
        return BOOLEAN
    if method == "concat":
        if arrays:
            return Value(things=(Thing("array", rest=joined([element(owner), *map(element, call.values)])),))
        return concatenated([owner, *call.values])
    if method in {"get", "getAll", "header", "param"} and not arrays:
        first = call.argument(0).text()
        found = Value(taints=field_of(owner, first) if first else owner.taints, type="string")
        return safe_from(found, {"nosql-injection"}) if owner.symbol else found
    if method in {"get", "pop", "shift", "at"} and owner.things:
        return element(owner)
    if method in _PARTS:
        if method in {"slice", "at"} and arrays:
            return owner
        part = part_of(owner, "part")
        return (
            part
            if method in {"slice", "substring", "substr", "charAt"}
            else Value(things=(Thing("array", rest=part),), taints=part.taints)
        )
    if owner.known and method in {"toLowerCase", "toUpperCase", "trim", "toString"}:
        text = str(owner.const)
        changed = {"toLowerCase": text.lower(), "toUpperCase": text.upper(), "trim": text.strip()}
        return constant(changed.get(method, text))
    if method in _HEARD:
        _callbacks(run, call)
        return owner
    _callbacks(run, call)
    if method in _SAME or not owner.symbol:
        type_ = "string" if method in {"toString", "trim", "toLowerCase", "toUpperCase"} else owner.type
        things = (
            owner.things
            if method in {"toArray", "values", "lean", "exec", "sort", "reverse", "flat", "entries"}
            else ()
        )
        taints = deep_taints(owner) if method in _SAME else join_taints(owner.taints, _all_given(call).taints)
        made = Value(taints=taints, things=things, type=type_, prefix=owner.prefix)
        return safe_from(made, {"nosql-injection"}) if type_ == "string" else made
    return Value(symbol=f"{call.symbol}()", taints=owner.taints)


def _gone_through(run: "Interpreter", call: "Call") -> Value:  # noqa: PLR0911 - one a method
    owner, method = call.owner, call.method
    inside = owner if method == "then" else element(owner)
    if method == "catch":
        return owner
    if method == "reduce":
        start = call.argument(1)
        answers = [run.call(closure, (joined([start, inside]), inside)) for closure in call.argument(0).closures]
        answers += [run.call(closure, (joined([*answers, start]), inside)) for closure in call.argument(0).closures]
        return joined([start, *answers])
    for value in call.values:
        if value.symbol.startswith("@resolve:"):
            run.cells[value.symbol] = joined([run.cells.get(value.symbol, inside), inside])
    answers = [
        run.call(closure, (inside, NUMBER) if method != "sort" else (inside, inside))
        for value in call.values
        for closure in value.closures
    ]
    answer = joined(answers)
    if method == "then":
        return answer
    if method in {"map", "flatMap"}:
        if not answers:
            # A function of a library is what each goes through: names.map(escapeHtml).
            cleaner = run.models.cleaners.first(call.argument(0).symbol)
            answer = safe_from(inside, cleaner.safe) if cleaner is not None else inside
        return Value(things=(Thing("array", rest=answer),))
    if method in {"find", "findLast"}:
        return inside
    if method in {"filter", "sort", "toSorted"}:
        return Value(things=(Thing("array", rest=inside),), taints=owner.taints)
    return BOOLEAN if method in {"some", "every"} else NOTHING


def _replaced(run: "Interpreter", call: "Call") -> Value:
    pattern_node = call.nodes[0] if call.nodes else None
    replacement = call.argument(1).text()
    for closure in call.argument(1).closures:
        run.call(closure, (part_of(call.owner, "part"),))
        replacement = ""
    taints = join_taints(deep_taints(call.owner), call.argument(1).taints)
    made = replace(call.owner, const=NOTHING.const, taints=taints, type="string", built=True)
    text = pattern_text(run, pattern_node, call.scope)
    if text is not None and pattern_node is not None:
        flags = pattern_node.get("flags")
        found = takes_out(text, flags.text if flags is not None else "", replacement)
        return safe_from(made, found)
    if call.method == "replaceAll" and call.argument(0).text() == "<":
        return safe_from(made, {"cross-site-scripting"})
    if call.method == "replaceAll" and call.argument(0).text() in {"\n", "\r\n"}:
        return safe_from(made, {"log-injection", "header-injection"})
    return made


def _callbacks(run: "Interpreter", call: "Call") -> Value:
    """Enter the functions that a call is given; return what they give back."""
    heard = NOTHING
    if call.method in _HEARD and call.values:
        name = call.argument(0).text()
        if call.owner.symbol == "@request" and name == "data":
            heard = run.from_outside("request", "body", call.at, call.scope)
        elif call.receiver.lower() in _SOCKETS and name not in {
            "connection",
            "connect",
            "error",
            "close",
            "open",
            None,
        }:
            heard = run.from_outside("request", f"message {name}", call.at, call.scope)
    elif call.method == "then":
        heard = call.owner
        for value in call.values:
            if value.symbol.startswith("@resolve:"):
                run.cells[value.symbol] = joined([run.cells.get(value.symbol, heard), heard])
    elif call.method == "addEventListener" and call.argument(0).text() == "message":
        heard = Value(symbol="@message")
    answers = [
        run.call(closure, (heard,) if heard != NOTHING else ()) for value in call.values for closure in value.closures
    ]
    for value in call.values:
        for thing in value.things:
            if thing.kind == "object":
                for inner in list(thing.fields.values()):
                    for closure in inner.closures:
                        run.call(closure, ())
    return joined(answers)


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


def _kept(run: "Interpreter", call: "Call") -> Value:
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


def _number(_: "Interpreter", __: "Call") -> Value:
    return NUMBER


def _text(_: "Interpreter", call: "Call") -> Value:
    value = call.argument(0)
    if value.known:
        return constant(str(value.const)) if isinstance(value.const, str) else Value(type="string")
    made = Value(taints=deep_taints(value), type="string", prefix=value.prefix)
    return safe_from(made, {"nosql-injection"})


_SPECIAL: dict[str, Special] = {
    "JSON.parse": _parsed, "JSON.stringify": _as_json, "Object.assign": _assigned, "Object.keys": _keys,
    "Object.entries": _entries, "Object.values": _values, "Array.from": _values, "Object.freeze": _same,
    "Object.fromEntries": _values, "Promise.all": _same, "Promise.resolve": _same, "Promise.race": _values,
    "Promise.allSettled": _same, "util.promisify": _same, "structuredClone": _same, "Set": _collection,
    "Map": _collection, "Promise": _promise, "useState": _state, "useMemo": _memo, "useCallback": _same,
    "RegExp": _regexp, "Number": _number, "parseInt": _number, "parseFloat": _number, "String": _text,
    "asyncHandler": _same,
    "path.relative": _relative, "path.extname": _extension,
    "catchAsync": _same, "memo": _same, "forwardRef": _same, "cache": _same,
}  # fmt: skip
