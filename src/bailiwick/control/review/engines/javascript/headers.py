"""The headers of answers: where they send browsers, whom they let in, which cookies they set, what is put into them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.sinks import relevant
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, Value, deep_taints

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_ONE_BY_ONE = frozenset({"set", "setHeader", "header", "append", "appendHeader"})
_ANSWERS = re.compile(r"^(?:@response|@context)$|^(?:next/server\.)?(?:Next)?Response\b.*\.headers$")
_MADE = re.compile(r"^(?:next/server\.)?(?:Next)?Response(?:\.json)?$")
# What decides who may do what with an answer: whoever writes one of these decides it.
_DECIDES = frozenset({"set-cookie", "content-security-policy", "x-frame-options", "access-control-allow-credentials"})
_SESSION = re.compile(r"(?i)^(?:\w*session\w*|\w*sid|\w*auth\w*|\w*token\w*|\w*jwt\w*|\w*login\w*|remember\w*)=")
_LITERAL = frozenset({"string", "template_string", "binary_expression"})


def check_headers(run: "Interpreter", call: "Call") -> None:
    """Report headers of an answer that text from outside decides, and cookies of sessions that any script reads."""
    for name, value, node in _set(call):
        text = (name.text() or "").lower()
        if text == "location":
            sink = run.models.sinks.first("@response.redirect")
            run.report_flow(sink.rule, call.at, call.scope, relevant(run, sink, value), sink.words)
        elif text == "access-control-allow-origin":
            run.report_flow("permissive-cors", call.at, call.scope, value.taints, "is let in, whoever it is")
        else:
            _check_text(run, call, name, value)
        if text == "set-cookie" and node is not None:
            _check_cookie(run, call, value, node)


def _set(call: "Call") -> Iterator[tuple[Value, Value, Node | None]]:
    """Yield the headers that a call sets: name, value, and the node of the value where it is an argument."""
    if _ANSWERS.match(call.owner.symbol):
        if call.method in _ONE_BY_ONE and len(call.values) > 1:
            yield call.values[0], call.values[1], call.nodes[1]
        elif call.method in _ONE_BY_ONE | {"headers"}:
            yield from _listed(call.argument(0))
        elif call.method == "writeHead":
            for value in call.values[1:]:
                yield from _listed(value)
    elif _MADE.match(call.symbol):
        for thing in call.argument(1).things:
            yield from _listed(thing.fields.get("headers", NOTHING))


def _listed(headers: Value) -> Iterator[tuple[Value, Value, Node | None]]:
    for thing in headers.things:
        for name, value in list(thing.fields.items()):
            yield Value(const=name, type="string"), value, None
        if thing.rest is not None:
            yield thing.rest, thing.rest, None


def _check_text(run: "Interpreter", call: "Call", name: Value, value: Value) -> None:
    """Report a header that a request writes. Node refuses line ends in one: then the request fails, and no more."""
    from_requests = [frozenset(t for t in deep_taints(one) if t.kind == "request") for one in (name, value)]
    run.report_flow("header-injection", call.at, call.scope, from_requests[0], "says which header is set")
    worse = 0 if (name.text() or "").lower() in _DECIDES else -1
    if value.type not in {"number", "boolean"}:
        run.report_flow("header-injection", call.at, call.scope, from_requests[1], "becomes part of a header", worse)


def _check_cookie(run: "Interpreter", call: "Call", value: Value, node: Node) -> None:
    words = node.text.lower()
    if node.kind in _LITERAL and _SESSION.match(value.prefix) and not ("httponly" in words and "secure" in words):
        run.report("insecure-cookie", call.at, call.scope, "sets a cookie without HttpOnly, Secure and SameSite")
