"""Calls: who is called, with what, and what comes back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript import (
    checks,
    combined,
    credentials,
    headers,
    library,
    routes,
    sinks,
    views,
)
from bailiwick.control.review.engines.javascript.objects import construct, element, exported, instantiate, member
from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, Value, joined

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its node and scope, the callee's dotted name, the object it is a method of, and the arguments.

    `receiver` is the last name of the object, as written; `at` is the node that stands for the call in a report.
    """

    node: Node
    scope: Scope
    symbol: str
    method: str
    owner: Value
    receiver: str
    callee: Value
    nodes: tuple[Node, ...]
    values: tuple[Value, ...]
    at: Node
    new: bool = False

    def argument(self, place: int) -> Value:
        """Return an argument, or nothing when there is none."""
        return self.values[place] if place < len(self.values) else NOTHING


def call(run: "Interpreter", node: Node, scope: Scope) -> Value:
    """Go through a call."""
    function, arguments = node.get("function"), node.get("arguments")
    if function is None or arguments is None:
        return NOTHING
    if arguments.kind == "template_string":
        return _tagged(run, function, arguments, scope)
    if function.kind == "import" or (function.text == "require" and scope.find("require") is None):
        return _loaded(run, node, arguments, scope)
    made = _described(run, node, function, arguments, scope)
    return _followed(run, made)


def new(run: "Interpreter", node: Node, scope: Scope) -> Value:
    """Go through the making of an object."""
    function, arguments = node.get("constructor"), node.get("arguments")
    if function is None:
        return NOTHING
    made = _described(run, node, function, arguments, scope, new=True)
    if any("prototype" in thing.fields for thing in made.callee.things):
        return instantiate(run, made.callee, made.values)
    if made.callee.closures:
        return construct(run, made.callee, made.values)
    return _followed(run, made)


def _described(
    run: "Interpreter", node: Node, function: Node, arguments: Node | None, scope: Scope, *, new: bool = False
) -> Call:
    owner, method, receiver, at = NOTHING, function.text if function.kind == "identifier" else "", "", function
    if function.kind == "member_expression":
        target, name = function.get("object"), function.get("property")
        if target is not None and name is not None:
            owner, method, receiver, at = run.evaluate(target, scope), name.text, _last_name(target), name
            callee = member(run, owner, method, function, scope)
        else:
            callee = NOTHING
    else:
        callee = run.evaluate(function, scope)
    nodes = tuple(arguments.children) if arguments is not None else ()
    values = tuple(_given(run, nodes, scope))
    symbol = callee.symbol or (f"?{receiver}.{method}" if method else "")
    return Call(node, scope, symbol, method, owner, receiver, callee, nodes, values, at, new)


def _given(run: "Interpreter", nodes: tuple[Node, ...], scope: Scope) -> Iterator[Value]:
    for child in nodes:
        value = run.evaluate(child, scope)
        yield element(value) if child.kind == "spread_element" else value


def _last_name(node: Node) -> str:
    while node.kind == "call_expression":
        inner = node.get("function")
        if inner is None:
            return ""
        node = inner
        if node.kind == "member_expression":
            owner = node.get("object")
            if owner is None:
                return ""
            node = owner
    name = node.get("property") if node.kind == "member_expression" else node
    return name.text if name is not None and name.kind in {"identifier", "property_identifier",
                                                           "private_property_identifier"} else ""  # fmt: skip


def _followed(run: "Interpreter", made: Call) -> Value:
    sinks.check_call(run, made)
    combined.check_call(run, made)
    headers.check_headers(run, made)
    views.check_render(run, made)
    checks.check_call(run, made)
    credentials.check_call(run, made)
    if routes.registered(run, made):
        return Value(symbol=f"{made.symbol}()") if not made.owner.symbol else made.owner
    if made.callee.closures:
        results = [run.call(closure, made.values) for closure in made.callee.closures]
        return joined(results)
    if any("prototype" in thing.fields for thing in made.callee.things):
        return instantiate(run, made.callee, made.values)
    return library.result(run, made)


def _tagged(run: "Interpreter", function: Node, arguments: Node, scope: Scope) -> Value:
    """A tag gets the parts and values apart: those of libraries put them together safely, ours are entered."""
    callee = run.evaluate(function, scope)
    inner = [
        child.children[0] for child in arguments.children if child.kind == "template_substitution" and child.children
    ]
    values = [run.evaluate(child, scope) for child in inner]
    if callee.closures:
        return joined(run.call(closure, (NOTHING, *values)) for closure in callee.closures)
    if callee.symbol.endswith("String.raw"):
        return run.evaluate(arguments, scope)
    return Value(symbol=f"{callee.symbol}()" if callee.symbol else "")


def _loaded(run: "Interpreter", node: Node, arguments: Node, scope: Scope) -> Value:
    first = arguments.children[0] if arguments.children else None
    name = run.evaluate(first, scope)
    text = name.text()
    if text is not None:
        run.facts.uses.append((text, node))
        checks.check_load(run, text, node, scope)
        module = run.imported(text, scope.frame.path)
        return exported(run, module, "*", node, scope)
    run.report_flow("dynamic-import", node, scope, name.taints, "decides which code is loaded")
    return NOTHING
