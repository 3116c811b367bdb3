"""Assignments to what a browser, a framework or the language takes as code, as an address, as an answer or as a key."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.sinks import (
    USUAL_KINDS,
    check_link,
    is_path_here,
    is_plain,
    relevant,
    starts_here,
)
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, Value
from bailiwick.control.review.engines.javascript.words import names_of, text_of

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

# Where an app keeps what it knows itself: sessions, settings, what all requests share.
_TRUSTED = re.compile(
    r"^(?:@request\.session|@context\.session|@request\.app\.locals|express\(\)\.locals|process\.env|global)\."
)
# Where somebody was going before signing in; it is for `redirect` to look at.
_WAY_BACK = re.compile(r"(?i)return_?to|redirect|back|referr?er|flash|next_?url|original_?url")
_SIGNED_IN = re.compile(
    r"(?i)\bcompare(?:Sync)?\b|verif|check_?pass|valid_?pass|authenticat|timingSafeEqual|passport|valid(?:ate)?_?(?:user|login)"
)
_BODIES = frozenset({"@context.body", "@context.response.body"})
_REDUCES = re.compile(r"\.reduce(?:Right)?\(\s*(?:function\s*)?\(?\s*(\w+)\s*,\s*(\w+)[^\[]{0,80}\b\1\[\2\]")
_STOPS = re.compile(r"__proto__|\bconstructor\b|hasOwn|\bObject \. create\b")


def check_assignment(run: "Interpreter", left: Node, value: Value, node: Node, scope: Scope) -> None:
    """Report values from outside that are written where a browser, or the language, takes them as code or address."""
    if left.kind == "subscript_expression":
        _check_key(run, left, node, scope)
    _check_kept(run, left, value, node, scope)
    _check_body(run, left, value, node, scope)
    name = left.get("property")
    written = name.text if name is not None else left.text if left.kind == "identifier" else ""
    if left.kind == "member_expression" and left.text in {"location.href", "window.location", "window.location.href",
                                                           "document.location", "top.location"}:  # fmt: skip
        _check_location(run, value, node, scope)
        return
    if left.kind == "identifier" and left.text == "location" and scope.find("location") is None:
        _check_location(run, value, node, scope)
        return
    sink = run.models.assigned.get(written)
    if sink is None or left.kind != "member_expression":
        return
    if written in {"href", "src", "action"}:
        check_link(run, value, node, scope)
        return
    run.report_flow(sink.rule, node, scope, relevant(run, sink, value), sink.words)


def check_answer(run: "Interpreter", value: Value, node: Node, scope: Scope) -> None:
    """Report where a page's loader of Next.js sends browsers: `return { redirect: { destination } }`."""
    for thing in value.things:
        for redirect in thing.fields.get("redirect", NOTHING).things:
            if {"permanent", "statusCode"} & set(redirect.fields):
                sink = run.models.sinks.first("@response.redirect")
                taints = relevant(run, sink, redirect.fields.get("destination", NOTHING))
                run.report_flow(sink.rule, node, scope, taints, sink.words)


def _check_kept(run: "Interpreter", left: Node, value: Value, node: Node, scope: Scope) -> None:
    """Report a request's text that is kept where the app keeps what it knows, unless it was asked who sends it."""
    owner, name = left.get("object"), left.get("property") or left.get("index")
    if owner is None or name is None or left.kind not in {"member_expression", "subscript_expression"}:
        return
    symbol = run.last(owner, scope).symbol + "."
    if not _TRUSTED.match(symbol) or _WAY_BACK.search(name.text):
        return
    if any(run.about(around, _signs_in) for around in scope.functions()):
        return
    key = run.evaluate(name, scope) if left.kind == "subscript_expression" else NOTHING
    for part in (value, key):
        taints = frozenset(t for t in part.taints if t.kind == "request" and part.type not in {"number", "boolean"})
        run.report_flow("trust-boundary", node, scope, taints, "is kept with what the app knows itself")


def _check_body(run: "Interpreter", left: Node, value: Value, node: Node, scope: Scope) -> None:
    """Koa sends text that begins with `<` as HTML, and any text whose type is set to it."""
    name = left.get("property")
    if name is None or name.text != "body" or run.evaluate(left, scope).symbol not in _BODIES:
        return
    begins = value.prefix.lstrip()[:1]
    around = scope.frame.node
    if is_plain(run, node, scope) or (
        begins not in {"", "<"} and (around is None or not run.about(around, _says_html))
    ):
        return
    sink = run.models.sinks.first("@context.html")
    run.report_flow(sink.rule, node, scope, relevant(run, sink, value), sink.words)


def _check_location(run: "Interpreter", value: Value, node: Node, scope: Scope) -> None:
    taints = frozenset(taint for taint in value.taints if taint.kind in USUAL_KINDS)
    if taints and not is_path_here(value.prefix) and not starts_here(run, value):
        run.report_flow("open-redirect", node, scope, taints, "decides where the page goes next")


def _check_key(run: "Interpreter", left: Node, node: Node, scope: Scope) -> None:
    """`object[a][b] = …` with a key from outside reaches the prototype of every object."""
    owner, index = left.get("object"), left.get("index")
    if owner is None or index is None:
        return
    if owner.kind != "subscript_expression":
        _check_walk(run, owner, index, node, scope)
        return
    first = run.evaluate(owner.get("index"), scope)
    table = run.evaluate(owner.get("object"), scope)
    if any(thing.kind == "map" for thing in table.things):
        return
    run.report_flow("prototype-pollution", node, scope, first.taints, "is a key, and __proto__ is one, too")


def _check_walk(run: "Interpreter", owner: Node, index: Node, node: Node, scope: Scope) -> None:
    """A walk down an object by names from outside that ends in a write: `at = at[key]; … at[last] = value`."""
    around = scope.frame.node
    if around is None or owner.kind != "identifier" or _goes_on(node.get("right"), owner.text):
        return
    key = run.evaluate(index, scope)
    taints = frozenset(t for t in key.taints if t.kind in {"request", "browser"})
    if not taints or run.about(around, _stops):
        return
    if owner.text in run.about(around, _walked):
        loose = frozenset(replace(t, part="") for t in taints)
        words = "says which field is set, and __proto__ is one, too"
        run.report_flow("prototype-pollution", node, scope, loose, words)


def _signs_in(function: Node) -> bool:
    return bool(_SIGNED_IN.search(names_of(function)))


def _says_html(function: Node) -> bool:
    return "html" in text_of(function)


def _stops(function: Node) -> bool:
    return bool(_STOPS.search(text_of(function)))


def _walked(function: Node) -> frozenset[str]:
    """Return the names that are given what they have under a computed name: `at = at[key]`, or by `reduce`."""
    names = set()
    for inner in function.walk():
        if inner.kind == "variable_declarator":
            name, value = inner.get("name"), inner.get("value")
            if name is not None and value is not None and _REDUCES.search(value.text[:500]):
                names.add(name.text)
        left = inner.get("left") if inner.kind == "assignment_expression" else None
        if left is not None and left.kind == "identifier" and _goes_on(inner.get("right"), left.text):
            names.add(left.text)
    return frozenset(names)


def _goes_on(value: Node | None, name: str) -> bool:
    """Return whether a value is one that an object has under a name that is computed."""
    steps = (inner for inner in value.walk() if inner.kind == "subscript_expression") if value is not None else ()
    return any((step.get("object") or step).text == name for step in steps)
