"""What calls of the language's own library, and of packages, give back."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript import callbacks, containers, schemas, validators, wellknown
from bailiwick.control.review.engines.javascript.guards import pattern_text
from bailiwick.control.review.engines.javascript.objects import element
from bailiwick.control.review.engines.javascript.patterns import takes_out
from bailiwick.control.review.engines.javascript.scopes import common
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import (
    BOOLEAN,
    NOTHING,
    NUMBER,
    Thing,
    Value,
    concatenated,
    constant,
    deep_taints,
    encoded_no_more,
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
_UPWARDS = (r"^(\.\.", r"^(?:\.\.")
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


def result(run: "Interpreter", call: "Call") -> Value:  # noqa: PLR0911 - one a source of knowledge
    """Return what a call gives back that is not one of the app's own functions."""
    callbacks.emitted(run, call)
    special = wellknown.SPECIAL.get(call.symbol) or wellknown.SPECIAL.get(
        call.symbol.rpartition(".")[2] if call.symbol else ""
    )
    if special is not None:
        found = special(run, call)
        if found is not None:
            return found
    if call.symbol.startswith("@resolve:"):
        return wellknown.kept(run, call)
    origin = run.models.returns.first(call.symbol)
    if origin is not None:
        callbacks.enter(run, call)
        key = origin.key or call.method or call.symbol
        first = call.argument(0).text()
        made = run.from_outside(origin.kind, f"{key}.{first}" if first else key, call.at, call.scope, origin.type)
        return replace(safe_from(made, origin.safe), symbol=f"{call.symbol}()")
    cleaner = run.models.cleaners.first(call.symbol)
    if cleaner is not None:
        return replace(safe_from(_all_given(call), cleaner.safe), type=cleaner.type)
    passes = run.models.passing.first(call.symbol)
    if passes is not None:
        symbol = f"{call.symbol}()" if passes == "named" else ""
        kind = "" if passes == "named" else passes
        return Value(taints=_all_given(call).taints, type=kind, prefix=call.argument(0).prefix, symbol=symbol)
    validated = validators.result(call)
    if validated is not None:
        return validated
    schema = schemas.result(run, call)
    if schema is not None:
        return schema
    if call.method and not call.new and (call.owner.taints or call.owner.things or call.owner.type == "string"):
        return _method(run, call)
    if call.method and call.owner.known and call.owner.text() is not None:
        return _method(run, call)
    answered = callbacks.enter(run, call)
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
        containers.put_in(run, call)
        return owner if method in {"add", "set"} else NUMBER
    if method in {"shift", "pop", "splice"} and arrays:
        return containers.taken_out(run, call)
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
        if ".searchParams" in call.symbol:
            found = encoded_no_more(found)
        return safe_from(found, {"nosql-injection"}) if owner.symbol else found
    if method in {"get", "at"} and owner.things:
        return containers.looked_up(call)
    if method in _PARTS:
        cut = _cut(call)
        if cut is not None:
            return cut
        if method in {"slice", "at"} and arrays:
            return owner
        part = part_of(owner, "dotted" if call.argument(0).text() == "." else "part")
        return (
            part
            if method in {"slice", "substring", "substr", "charAt"}
            else Value(things=(Thing("array", rest=part),), taints=part.taints)
        )
    if owner.known and method in {"toLowerCase", "toUpperCase", "trim", "toString"}:
        text = str(owner.const)
        changed = {"toLowerCase": text.lower(), "toUpperCase": text.upper(), "trim": text.strip()}
        return constant(changed.get(method, text))
    if method in callbacks.HEARD:
        callbacks.enter(run, call)
        return owner
    callbacks.enter(run, call)
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


def _cut(call: "Call") -> Value | None:
    """Return the part of a constant text that a call with constant places cuts out; None when it is no such call."""
    text = call.owner.text()
    places = [value.const for value in call.values]
    if text is None or not places or not all(isinstance(at, int | float) and not isinstance(at, bool) for at in places):
        return None
    first, *more = [int(at) for at in places]
    match call.method:
        case "charAt" | "at" if first >= 0:
            return constant(text[first : first + 1])
        case "substring" | "slice" if first >= 0 and all(at >= first for at in more):
            return constant(text[first : more[0]] if more else text[first:])
        case _:
            return None


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
    if method == "filter":
        kept = _let_through(run, call, inside)
        return Value(things=(Thing("array", rest=kept),), taints=kept.taints)
    if method in {"sort", "toSorted"}:
        return Value(things=(Thing("array", rest=inside),), taints=owner.taints)
    return BOOLEAN if method in {"some", "every"} else NOTHING


def _let_through(run: "Interpreter", call: "Call", inside: Value) -> Value:
    """Return what a filter's function says yes to."""
    kept = inside
    for closure in call.argument(0).closures:
        ways = run.outcome(closure, (inside, NUMBER)).exits
        proof = common(way.if_true for way in ways)
        kept = run.under(proof, lambda value=kept: run.settled(value))  # type: ignore[misc]
    return kept


def _is_normalised(call: Node) -> bool:
    """Return whether what a method is called on was just normalised: then `..` stands only at the beginning."""
    function = call.get("function")
    owner = function.get("object") if function is not None else None
    named = owner.get("function") if owner is not None else None
    return named is not None and named.text in {"path.normalize", "path.posix.normalize", "normalize"}


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
        if text.startswith(_UPWARDS) and replacement == "" and _is_normalised(call.node):
            found |= {"path-traversal"}
        return safe_from(made, found)
    if call.method == "replaceAll" and call.argument(0).text() == "<":
        return safe_from(made, {"cross-site-scripting"})
    if call.method == "replaceAll" and call.argument(0).text() in {"\n", "\r\n"}:
        return safe_from(made, {"log-injection", "header-injection"})
    return made
