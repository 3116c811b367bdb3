"""Expressions: what is known of their values."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bailiwick.control.review.engines.javascript import assignments, calls, guards, jsx
from bailiwick.control.review.engines.javascript.binding import bind
from bailiwick.control.review.engines.javascript.objects import EXPORTED, element, make_class, member, merged, put
from bailiwick.control.review.engines.javascript.scopes import Exit, Scope
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
    join_taints,
    joined,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\'": "'", '\\"': '"', "\\\\": "\\", "\\`": "`", "\\/": "/"}
_ARITHMETIC = frozenset({"-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"})
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "===": lambda a, b: type(a) is type(b) and a == b, "==": lambda a, b: a == b,
    "!==": lambda a, b: type(a) is not type(b) or a != b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_CALCULATIONS: dict[str, Callable[[float, float], float]] = {
    "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b, "%": lambda a, b: a % b,
}  # fmt: skip
_LARGEST = 2**53
_GLOBALS = frozenset(
    {"window", "document", "globalThis", "self", "global", "process", "console", "navigator", "history", "performance",
     "localStorage", "sessionStorage", "crypto", "parent", "top", "opener", "frames", "chrome", "jest", "describe",
     "it", "expect", "test", "setTimeout", "setInterval", "clearTimeout", "clearInterval", "queueMicrotask", "alert"}
)  # fmt: skip


def anything(run: "Interpreter", node: Node, scope: Scope) -> Value:
    """Go through an expression of a form that is not known, for what is in it."""
    for child in node.children:
        run.evaluate(child, scope)
    return NOTHING


def _identifier(run: "Interpreter", node: Node, scope: Scope) -> Value:
    name = node.text
    value = scope.find(name)
    if value is not None:
        return value
    if name == "undefined":
        return constant(None)
    if name in {"exports", "module"}:
        own = run.module_of(scope.frame.path).exports
        whole = own.fields.get(EXPORTED, Value(things=(own,)))
        return whole if name == "exports" else Value(things=(Thing(fields={"exports": whole}),))
    if name in run.cells:
        return run.cells[name]
    # A name that nobody declares is a global of the language or of a library that is known, or of the app's own making.
    known = name in run.models.roots or name in _GLOBALS or name[:1].isupper()
    return run.named(name if known else f"?{name}")


def string_of(node: Node) -> str:
    """Return the text of a string literal."""
    return "".join(
        _ESCAPES.get(child.text, "") if child.kind == "escape_sequence" else child.text for child in node.children
    )


def _string(_: "Interpreter", node: Node, __: Scope) -> Value:
    return constant(string_of(node))


def _number(_: "Interpreter", node: Node, __: Scope) -> Value:
    try:
        text = node.text.replace("_", "").rstrip("n")
        return constant(float(text) if re.fullmatch(r"[\d.eE+-]{1,40}", text) else int(text, 0))
    except (ValueError, OverflowError):
        return NUMBER


def _regex(_: "Interpreter", node: Node, __: Scope) -> Value:
    pattern = node.get("pattern")
    return Value(symbol=f"RegExp():{pattern.text if pattern is not None else ''}")


def _template(run: "Interpreter", node: Node, scope: Scope) -> Value:
    parts = []
    for child in node.children:
        if child.kind == "template_substitution":
            parts.append(run.evaluate(child.children[0], scope) if child.children else NOTHING)
        elif child.kind == "escape_sequence":
            parts.append(constant(_ESCAPES.get(child.text, "")))
        else:
            parts.append(constant(child.text))
    return concatenated(parts) if parts else constant("")


def _object(run: "Interpreter", node: Node, scope: Scope) -> Value:
    thing = Thing()
    made = Value(things=(thing,), type="object")
    for child in node.children:
        match child.kind:
            case "pair":
                key, value = child.get("key"), run.evaluate(child.get("value"), scope)
                put(thing, _key(run, key, scope), value, sure=True)
            case "shorthand_property_identifier":
                thing.fields[child.text] = _identifier(run, child, scope)
            case "method_definition":
                name = child.get("name")
                if name is not None:
                    thing.fields[name.text] = run.closure(child, scope, name.text)
            case "spread_element":
                inner = merged([run.evaluate(child.children[0], scope)]) if child.children else NOTHING
                for other in inner.things:
                    thing.fields.update(other.fields)
                    if other.rest is not None:
                        put(thing, None, other.rest)
    return made


def _key(run: "Interpreter", key: Node | None, scope: Scope) -> str | None:
    if key is None:
        return None
    if key.kind == "property_identifier":
        return key.text
    value = run.evaluate(key, scope)
    return str(value.const) if value.known else None


def _array(run: "Interpreter", node: Node, scope: Scope) -> Value:
    thing = Thing("array")
    for place, child in enumerate(node.children):
        if child.kind == "spread_element":
            put(thing, None, element(run.evaluate(child.children[0], scope)))
        else:
            put(thing, str(place), run.evaluate(child, scope))
    return Value(things=(thing,), type="array")


def _function(run: "Interpreter", node: Node, scope: Scope) -> Value:
    name = node.get("name")
    return run.closure(node, scope, name.text if name is not None else "")


def _member(run: "Interpreter", node: Node, scope: Scope) -> Value:
    owner, name = node.get("object"), node.get("property")
    if owner is None or name is None:
        return NOTHING
    return member(run, run.evaluate(owner, scope), name.text, node, scope)


def _subscript(run: "Interpreter", node: Node, scope: Scope) -> Value:
    base = run.evaluate(node.get("object"), scope)
    index = run.evaluate(node.get("index"), scope)
    if index.known:
        name = (
            str(int(index.const)) if isinstance(index.const, float) and index.const.is_integer() else str(index.const)
        )
        return member(run, base, name, node, scope)
    if base.things:
        return replace(element(base), type="")
    found = member(run, base, "*", node, scope)
    return found if not base.symbol else replace(found, symbol=f"{base.symbol}.*" if not base.taints else "")


def _binary(run: "Interpreter", node: Node, scope: Scope) -> Value:
    left, right, operator = node.get("left"), node.get("right"), node.get("operator")
    if left is None or right is None or operator is None:
        return NOTHING
    if operator.text == "+":
        return _sum(run, node, scope)
    if operator.text in {"||", "&&", "??"}:
        return _either(run, left, right, operator.text, scope)
    one, other = run.evaluate(left, scope), run.evaluate(right, scope)
    return _computed(one, other, operator.text)


def _computed(one: Value, other: Value, operator: str) -> Value:
    if operator in _COMPARISONS or operator in {"in", "instanceof"}:
        compare = _COMPARISONS.get(operator)
        if compare is None or not (one.known and other.known):
            return BOOLEAN
        same = type(one.const) is type(other.const) or {type(one.const), type(other.const)} <= {int, float}
        return constant(compare(one.const, other.const)) if same and one.const is not None else BOOLEAN
    if operator in _ARITHMETIC:
        calculate = _CALCULATIONS.get(operator)
        numbers = isinstance(one.const, int | float) and isinstance(other.const, int | float)
        if calculate is None or not numbers or (operator in "/%" and not other.const):
            return NUMBER
        result = calculate(float(one.const), float(other.const))
        return constant(result) if abs(result) < _LARGEST else NUMBER
    return NOTHING


def _sum(run: "Interpreter", node: Node, scope: Scope) -> Value:
    """Read a sum from its first link on, however long it is."""
    links: list[Node] = []
    at: Node = node
    while at.kind == "binary_expression":
        left, right, operator = at.get("left"), at.get("right"), at.get("operator")
        if left is None or right is None or operator is None or operator.text != "+":
            break
        links.append(right)
        at = left
    values = [run.evaluate(part, scope) for part in [at, *reversed(links)]]
    if all(isinstance(value.const, int | float) and not isinstance(value.const, bool) for value in values):
        total = sum(value.const for value in values)
        return constant(total) if abs(total) < _LARGEST else NUMBER
    if all(value.type == "number" for value in values):
        return NUMBER
    return concatenated(values)


def _either(run: "Interpreter", left: Node, right: Node, operator: str, scope: Scope) -> Value:
    one = run.evaluate(left, scope)
    if operator == "??":
        if one.known and one.const is not None:
            return one
        return joined([one, run.evaluate(right, scope)]) if not one.known else run.evaluate(right, scope)
    if one.known:
        return run.evaluate(right, scope) if bool(one.const) == (operator == "&&") else one
    proof = guards.proven(run, left, operator == "&&", scope)
    other = run.under(proof, lambda: run.settled(run.evaluate(right, scope)))
    if operator == "&&":
        return replace(other, taints=join_taints(other.taints, frozenset()), const=Value().const)
    kept = run.under(guards.proven(run, left, True, scope), lambda: run.settled(one))
    return joined([kept, other])


def _ternary(run: "Interpreter", node: Node, scope: Scope) -> Value:
    condition, then, otherwise = node.get("condition"), node.get("consequence"), node.get("alternative")
    known = run.evaluate(condition, scope)
    if known.known:
        return run.evaluate(then if known.const else otherwise, scope)
    if condition is None:
        return NOTHING
    results = []
    for truth, way in ((True, then), (False, otherwise)):
        proof = guards.proven(run, condition, truth, scope)
        results.append(run.under(proof, lambda way=way: run.settled(run.evaluate(way, scope))))  # type: ignore[misc]
    return joined(results)


def _assignment(run: "Interpreter", node: Node, scope: Scope) -> Value:
    left, right = node.get("left"), node.get("right")
    value = run.settled(run.evaluate(right, scope))
    if left is not None:
        if left.kind == "identifier" and right is not None:
            guards.named(left.text, right, scope)
        assignments.check_assignment(run, left, value, node, scope)
        bind(run, left, value, scope, declare=False)
    return value


def _augmented(run: "Interpreter", node: Node, scope: Scope) -> Value:
    left, right, operator = node.get("left"), node.get("right"), node.get("operator")
    before, more = run.evaluate(left, scope), run.settled(run.evaluate(right, scope))
    if left is None or operator is None:
        return NOTHING
    if operator.text == "+=":
        value = NUMBER if before.type == more.type == "number" else concatenated([before, more])
    elif operator.text in {"||=", "&&=", "??="}:
        value = joined([before, more])
    else:
        value = NUMBER
    if operator.text == "+=":
        assignments.check_assignment(run, left, value, node, scope)
    bind(run, left, value, scope, declare=False)
    return value


def _unary(run: "Interpreter", node: Node, scope: Scope) -> Value:
    operator = node.get("operator")
    value = run.evaluate(node.get("argument"), scope)
    name = operator.text if operator is not None else ""
    if name == "!":
        return constant(not value.const) if value.known else BOOLEAN
    if name == "-" and isinstance(value.const, int | float):
        return constant(-value.const)
    return {"typeof": Value(type="string"), "void": constant(None), "delete": BOOLEAN}.get(name, NUMBER)


def _update(run: "Interpreter", node: Node, scope: Scope) -> Value:
    argument = node.get("argument")
    if argument is not None:
        run.evaluate(argument, scope)
        bind(run, argument, NUMBER, scope, declare=False)
    return NUMBER


def _inner(run: "Interpreter", node: Node, scope: Scope) -> Value:
    return run.evaluate(node.children[0], scope) if node.children else NOTHING


def _yield(run: "Interpreter", node: Node, scope: Scope) -> Value:
    value = _inner(run, node, scope)
    thing = Thing("array", rest=value)
    scope.frame.exits.append(Exit(Value(things=(thing,), taints=deep_taints(value)), run.cleared, run.cleared))
    return value


def _sequence(run: "Interpreter", node: Node, scope: Scope) -> Value:
    values = [run.evaluate(child, scope) for child in node.children]
    return values[-1] if values else NOTHING


def _this(_: "Interpreter", __: Node, scope: Scope) -> Value:
    return scope.frame.this or NOTHING


def _class(run: "Interpreter", node: Node, scope: Scope) -> Value:
    return make_class(run, node, scope)


HANDLERS: dict[str, Callable[["Interpreter", Node, Scope], Value]] = {
    "identifier": _identifier, "shorthand_property_identifier": _identifier, "string": _string, "number": _number,
    "true": lambda *_: constant(True), "false": lambda *_: constant(False), "null": lambda *_: constant(None),
    "undefined": lambda *_: constant(None),
    "regex": _regex, "template_string": _template, "object": _object, "array": _array,
    "function_expression": _function, "arrow_function": _function, "generator_function": _function, "class": _class,
    "call_expression": calls.call, "new_expression": calls.new, "member_expression": _member,
    "subscript_expression": _subscript, "binary_expression": _binary, "ternary_expression": _ternary,
    "assignment_expression": _assignment, "augmented_assignment_expression": _augmented, "unary_expression": _unary,
    "update_expression": _update, "await_expression": _inner, "yield_expression": _yield,
    "sequence_expression": _sequence, "spread_element": _inner, "this": _this,
    "jsx_element": jsx.element, "jsx_self_closing_element": jsx.element, "jsx_expression": _inner,
}  # fmt: skip
