"""What a condition proves of text from outside, when it holds and when it does not.

`if (!ALLOWED.includes(x)) return` proves that `x` is one of ours afterwards. What is proven is kept by the text's key
(see `values.Taint`), so that it holds for whatever was, or will be, made of the same text.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.objects import member
from bailiwick.control.review.engines.javascript.patterns import is_strict
from bailiwick.control.review.engines.javascript.scopes import Cleared, Scope, common
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import ALL, Value, deep_taints

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_NOTHING: Cleared = frozenset()
_EQUAL, _UNEQUAL = frozenset({"===", "=="}), frozenset({"!==", "!="})
_WHERE = frozenset({"server-side-request-forgery", "open-redirect", "cross-site-scripting"})
# Where only a part was checked, that part decides for these.
_BY_PART = {
    "hostname": _WHERE, "host": _WHERE, "origin": _WHERE, "href": _WHERE,
    "protocol": frozenset({"cross-site-scripting"}),
    "relative": frozenset({"path-traversal"}),
    "basename": frozenset({"path-traversal"}),
}  # fmt: skip
# Parts of a text that are the same each time that they are taken: what is proven of one holds for the next.
_SAME_PARTS = frozenset({"extension", "dotted"})
_MEMBERSHIP = frozenset({"includes", "has", "hasOwnProperty", "hasOwn", "indexOf", "contains", "some", "find"})
# Functions of libraries by their last names, and what their yes says.
_SAYS_ALL = re.compile(
    r"(?i)^(is(int|integer|safeinteger|numeric|number|float|decimal|uuid|mongoid|alpha|alphanumeric|boolean|date|iso8601"
    r"|hexadecimal|in|slug|hash|port|finite|valid|validobjectid|creditcard|isin|locale)|isvalidobjectid|validate)$"
)
_TYPES_OF_NO_TEXT = frozenset({"number", "boolean", "bigint", "undefined", "function"})


def whole(value: Value, rules: Iterable[str] = (ALL,)) -> Cleared:
    """Return that a value can break some rules no more; of a part only what the part decides."""
    proven: set[tuple[str, str]] = set()
    for taint in deep_taints(value):
        safe = set(rules) if not taint.part else set(_BY_PART.get(taint.part, ()))
        if taint.part and ALL not in rules:
            safe &= set(rules)
        proven |= {(taint.key, name) for name in safe}
        if taint.part in _SAME_PARTS and ALL in rules:
            proven.add((f"{taint.key}#{taint.part}", ALL))
    return frozenset(proven)


def named(name: str, value: Node, scope: Scope) -> None:
    """Remember what a condition was that is kept under a name: `const ok = ALLOWED.has(x); if (!ok) return`."""
    if value.kind in {"call_expression", "binary_expression", "unary_expression"}:
        scope.conditions[name] = value


def proven(run: "Interpreter", test: Node, truth: bool, scope: Scope, depth: int = 0) -> Cleared:  # noqa: PLR0911 - one a form
    """Return what is proven of text from outside where a condition is true, or false."""
    if depth > 40:  # noqa: PLR2004 - nobody writes so deep
        return _NOTHING
    deeper = depth + 1
    match test.kind:
        case "unary_expression" if _operator(test) == "!":
            argument = test.get("argument")
            return proven(run, argument, not truth, scope, deeper) if argument is not None else _NOTHING
        case "binary_expression":
            return _binary(run, test, truth, scope, deeper)
        case "call_expression":
            return _call(run, test, truth, scope)
        case "identifier":
            kept = scope.condition(test.text)
            if kept is not None:
                return proven(run, kept, truth, scope, deeper)
        case "await_expression" if test.children:
            return proven(run, test.children[0], truth, scope, deeper)
        case "subscript_expression" if truth:
            return _looked_up(run, test, scope)
        case "member_expression" if truth and test.text.endswith((".success", ".valid", ".isValid")):
            return _NOTHING
    return _NOTHING


def _operator(node: Node) -> str:
    operator = node.get("operator")
    return operator.text if operator is not None else ""


def _binary(run: "Interpreter", test: Node, truth: bool, scope: Scope, depth: int) -> Cleared:
    left, right, operator = test.get("left"), test.get("right"), _operator(test)
    if left is None or right is None:
        return _NOTHING
    if operator in {"&&", "||"}:
        one, other = proven(run, left, truth, scope, depth), proven(run, right, truth, scope, depth)
        # Both hold where `a && b` is true, and where `a || b` is false; otherwise only what either way proves.
        return one | other if truth == (operator == "&&") else common([one, other])
    if operator in _EQUAL | _UNEQUAL:
        return _compared(run, left, right, truth == (operator in _EQUAL), scope)
    if operator == "in" and truth:
        return whole(run.last(left, scope)) if not deep_taints(run.last(right, scope)) else _NOTHING
    if operator in {">", ">=", "<", "<="}:
        return _ordered(run, left, right, operator, truth, scope)
    return _NOTHING


def _compared(run: "Interpreter", left: Node, right: Node, equal: bool, scope: Scope) -> Cleared:  # noqa: PLR0911 - one a form
    if left.kind == "unary_expression" and _operator(left) == "typeof":
        argument = left.get("argument")
        kind = right.text.strip("'\"`")
        if argument is not None and equal:
            rules = (ALL,) if kind in _TYPES_OF_NO_TEXT else ("nosql-injection",) if kind == "string" else ()
            return whole(run.last(argument, scope), rules)
        return _NOTHING
    one, other = run.last(left, scope), run.last(right, scope)
    if other.taints and not one.taints:
        left, right, one, other = right, left, other, one
    if left.kind == "call_expression" and _method(left) == "indexOf":
        return _call(run, left, not equal, scope) if right.text.replace(" ", "") == "-1" else _NOTHING
    if left.kind == "call_expression" and other.known and isinstance(other.const, bool):
        return _call(run, left, equal == other.const, scope)
    if not equal or not one.taints or other.taints:
        return _NOTHING
    if other.known and other.const in {None, ""}:
        return _NOTHING
    return whole(one)


def _ordered(run: "Interpreter", left: Node, right: Node, operator: str, truth: bool, scope: Scope) -> Cleared:
    """`LIST.indexOf(x) >= 0` and its like."""
    if left.kind != "call_expression" or _method(left) != "indexOf":
        return _NOTHING
    bound = right.text.replace(" ", "")
    found = (operator, bound) in {(">=", "0"), (">", "-1")}
    missing = (operator, bound) == ("<", "0")
    return _call(run, left, truth if found else not truth, scope) if found or missing else _NOTHING


def _method(call: Node) -> str:
    function = call.get("function")
    name = function.get("property") if function is not None and function.kind == "member_expression" else function
    return name.text if name is not None else ""


def _arguments(call: Node) -> list[Node]:
    arguments = call.get("arguments")
    return arguments.children if arguments is not None and arguments.kind == "arguments" else []


def _call(run: "Interpreter", call: Node, truth: bool, scope: Scope) -> Cleared:  # noqa: PLR0911 - one a form
    function, arguments, method = call.get("function"), _arguments(call), _method(call)
    if function is None:
        return _NOTHING
    receiver = function.get("object") if function.kind == "member_expression" else None
    owner = run.last(receiver, scope)
    callee = member(run, owner, method, function, scope) if receiver is not None else run.last(function, scope)
    if callee.closures:
        return _own_function(run, callee, arguments, truth, scope)
    values = [run.last(argument, scope) for argument in arguments]
    if method in {"test", "match", "exec"} and truth:
        return _matched(run, method, receiver, owner, values, arguments, scope)
    if method in {"startsWith", "endsWith", "includes"} and owner.taints:
        return _within(method, owner, values, truth)
    if not truth:
        return whole(values[0]) if method in {"isNaN"} and values else _NOTHING
    if method in _MEMBERSHIP and receiver is not None and values and not owner.taints:
        # Object.hasOwn(TABLE, key); Object.prototype.hasOwnProperty.call(TABLE, key) is read as `call`.
        return whole(values[-1]) if method != "some" and not deep_taints(owner) else _NOTHING
    if method == "call" and "hasOwnProperty" in function.text and len(values) > 1:
        return whole(values[1])
    if _SAYS_ALL.match(method) and values:
        return whole(values[0])
    if method == "isArray" and values:
        return _NOTHING
    return _NOTHING


def _own_function(run: "Interpreter", callee: Value, arguments: list[Node], truth: bool, scope: Scope) -> Cleared:
    """Return what the app's own check proves by what it returns."""
    given = tuple(run.last(argument, scope) for argument in arguments)
    proofs: list[Cleared | None] = []
    for closure in callee.closures:
        ways = run.outcome(closure, given).exits
        proofs.append(common(way.if_true if truth else way.if_false for way in ways))
    return common(proofs)


def _matched(  # noqa: PLR0911 - one a form
    run: "Interpreter", method: str, receiver: Node | None, owner: Value, values: list[Value], arguments: list[Node],
    scope: Scope,
) -> Cleared:  # fmt: skip
    """Return what a match of a regular expression proves: all, when it lets nothing through that means something."""
    pattern, subject = (receiver, values[0] if values else None) if method != "match" else (None, owner)
    if method == "match" and arguments:
        pattern = arguments[0]
    text = pattern_text(run, pattern, scope)
    if text is None or subject is None:
        return _NOTHING
    if is_strict(text):
        return whole(subject)
    if text.startswith(r"^\/(?!\/)") or text.startswith(r"^\/[^/\\]") or text.startswith(r"^\/[a-zA-Z"):
        return whole(subject, {"open-redirect", "cross-site-scripting"})
    if text.startswith(r"^\/"):
        return whole(subject, {"cross-site-scripting", "slash-first"})
    if re.match(r"^\^https\??:\\/\\/[\w\\.-]+(\\/|\$)", text):
        return whole(subject, _WHERE)
    if text.startswith("^http"):
        return whole(subject, {"cross-site-scripting"})
    return _NOTHING


def pattern_text(run: "Interpreter", node: Node | None, scope: Scope) -> str | None:
    """Return the source of the regular expression that an expression is, or None."""
    if node is None:
        return None
    value = run.last(node, scope)
    return value.symbol[len("RegExp():") :] if value.symbol.startswith("RegExp():") else None


def _within(method: str, owner: Value, values: list[Value], truth: bool) -> Cleared:  # noqa: PLR0911 - one a form
    """`path.startsWith(FOLDER)`, `next.startsWith('/')`, `name.includes('..')`."""
    given = values[0] if values else None
    if given is None:
        return _NOTHING
    text = given.text()
    if method == "startsWith" and truth:
        if text is None:
            return whole(owner, {"path-traversal", *_WHERE}) if not given.taints else _NOTHING
        if re.match(r"https?://[^/]+/", text):
            return whole(owner, _WHERE)
        if re.match(r"https?://", text):
            return whole(owner, {"cross-site-scripting"})
        if text == "/":
            return frozenset({(key, name) for key, name in whole(owner, {"cross-site-scripting", "slash-first"})})
        return (
            whole(owner, {"open-redirect", "path-traversal"}) if text.startswith("/") and text[1:2] != "/" else _NOTHING
        )
    if method == "startsWith" and text in {"//", "/\\"} and not truth:
        return whole(owner, {"no-double-slash"})
    if method == "startsWith" and text == ".." and not truth:
        return whole(owner, {"path-traversal"})
    if method == "startsWith" and text == "$" and not truth:
        return whole(owner, {"nosql-injection"})
    if method == "includes" and not truth and text in {"..", "/", "../"}:
        return whole(owner, {"path-traversal"})
    if method == "includes" and not truth and text in {"\r", "\n", "\r\n"}:
        return whole(owner, {"header-injection", "log-injection", "email-injection"})
    if method == "endsWith" and truth and any(taint.part in {"hostname", "host"} for taint in owner.taints):
        return whole(owner, _WHERE) if text is not None and text.startswith(".") else _NOTHING
    return _NOTHING


def _looked_up(run: "Interpreter", test: Node, scope: Scope) -> Cleared:
    """`if (TABLE[x])` proves that `x` is a key of a table of ours."""
    owner, index = test.get("object"), test.get("index")
    table = run.last(owner, scope)
    fixed = table.things and not deep_taints(table)
    return whole(run.last(index, scope)) if fixed and index is not None else _NOTHING
