"""Where values do harm: calls, and assignments to what a browser or the language takes as code."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.models import Sink
from bailiwick.control.review.engines.javascript.objects import member
from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import (
    ANYTHING,
    Taint,
    Value,
    deep_taints,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_SCHEME = re.compile(rf"^(?:[a-zA-Z][a-zA-Z0-9+.-]*|{ANYTHING}):?//")
USUAL_KINDS = frozenset({"request", "browser", "model"})
_PLAIN_TYPES = re.compile(
    r"(?i)text/plain|application/json|text/csv|application/pdf|octet-stream|text/event-stream|image/"
)
_CONTEXTS_TYPE = re.compile(r"^(?:ctx|context|this)(?:\.response)?\.type$")
# Names of which nothing is known: the app's own, and what plugins hang on an app of Fastify's.
_OF_ANY_STORE = frozenset({"get", "all", "run", "any", "one", "none", "each", "many", "exec"})
_QUERY = re.compile(
    rf"(?i)^(?:\s*(?:select|insert|update|delete|with|create|drop|alter|replace|merge|call|exec|pragma|begin|\()\b|{ANYTHING}|$)"
)
# The host that a browser asked for is this app's own: no link can make it another one.
_OWN_HOST = re.compile(r"^(?:(?:headers|get|header)\.(?:x-forwarded-)?host|host|hostname)$")
_OBJECTS = frozenset({"query", "params", "body", "headers", "cookies", "json"})
_BEFORE_HOST = re.compile(rf"^(?:(?:https?|{ANYTHING}):?(?://)?)?$")
_NAMELESS = ("?", ".", "fastify().")
_PLAIN_SHORT = frozenset({"text", "txt", "json", "csv", "plain", "pdf", "png"})
_SETTERS = frozenset({"type", "contentType", "set", "setHeader", "header", "writeHead"})
_MONEY_AND_COUNTS = re.compile(
    r"(?:^|\.)(?:id|_id|\w+_id|\w+Id|count|total|price|amount|qty|quantity|stock|\w+_at|\w+At|size|age|year|date|"
    r"rowCount|affectedRows|insertId|lastInsertRowid|changes|status)$"
)


def check_call(run: "Interpreter", call: "Call") -> None:
    """Report values from outside that a call takes as something else than values."""
    for sink in _sinks_of(run, call):
        if (sink.option and not _has_option(call, sink.option)) or (sink.unless and _has_option(call, sink.unless)):
            continue
        if 0 <= sink.into < len(call.nodes) and call.nodes[sink.into].kind == "object":
            continue
        if (
            sink.rule == "cross-site-scripting"
            and call.owner.symbol == "@response"
            and is_plain(run, call.node, call.scope)
        ):
            continue
        taken = [value for value in _taken(run, call, sink) if not _is_a_key(sink, call.method, value)]
        taints = frozenset(taint for value in taken for taint in relevant(run, sink, value))
        run.report_flow(sink.rule, call.at, call.scope, taints, sink.words)


def _is_a_key(sink: Sink, method: str, value: Value) -> bool:
    """Return whether a method that other stores have, too, is given a key and no query: `db.get('user:' + id)`."""
    by_name = sink.rule == "sql-injection" and not sink.calls and method in _OF_ANY_STORE
    return by_name and not value.things and not (value.built and _QUERY.match(value.prefix))


def _sinks_of(run: "Interpreter", call: "Call") -> Iterator[Sink]:
    yield from run.models.sinks.find(call.symbol)
    if not call.callee.closures and _is_unknown(run, call.symbol):
        for pattern, sink in run.models.methods.get(call.method, ()):
            if pattern.search(call.receiver):
                yield sink


def _is_unknown(run: "Interpreter", symbol: str) -> bool:
    """Return whether nothing is known of what a name names: neither the app nor the pack has it."""
    return symbol.startswith(_NAMELESS) or re.split(r"[.*()]", symbol, maxsplit=1)[0] not in run.models.roots


def _taken(run: "Interpreter", call: "Call", sink: Sink) -> Iterator[Value]:
    for place in sink.arguments:
        given = call.values if place < 0 else (call.argument(place),)
        for value in given:
            if not sink.fields:
                yield value
                continue
            for name in sink.fields:
                if value.things:
                    yield member(run, value, name, call.node, call.scope)
            if not value.things and place == 0:
                yield value


def relevant(run: "Interpreter", sink: Sink, value: Value) -> frozenset[Taint]:
    """Return the text from outside in a value that a sink is about."""
    if sink.text_only and (value.type in {"object", "array"} or _is_body(value)):
        return frozenset()
    if sink.rule == "nosql-injection":
        return _operators(value) if value.things or sink.calls else _whole_request(value)
    if sink.whole:
        return _whole_request(value)
    taints = deep_taints(value) if sink.deep else value.taints
    kinds = sink.kinds or USUAL_KINDS
    taints = frozenset(
        t for t in taints if t.kind in kinds and not (t.kind == "stored" and not _is_markup(value, sink, t))
    )
    if sink.rule == "log-injection" and not value.built:
        # An object is logged with its texts quoted.
        taints = frozenset(t for t in taints if "." in t.key or t.key not in _OBJECTS)
    if not taints or _is_harmless(run, sink.rule, value):
        return frozenset()
    return taints


def _is_body(value: Value) -> bool:
    """Return whether it is a whole body that a parser made: an object, which is answered as JSON."""
    return (
        not value.built
        and bool(value.taints)
        and all(taint.key in {"body", "json", "query", "params"} for taint in value.taints)
    )


def _whole_request(value: Value) -> frozenset[Taint]:
    """Return what is a whole body or query, with whatever fields it has; one that a schema made is none."""
    given = [value, *(thing.fields["$set"] for thing in value.things if "$set" in thing.fields)]
    loose = [*given, *(thing.rest for one in given for thing in one.things if thing.rest is not None)]
    return frozenset(t for one in loose for t in one.taints if "." not in t.key and not one.built and not t.part)


def _is_markup(value: Value, sink: Sink, taint: Taint) -> bool:
    """Return whether stored text becomes part of markup; numbers and dates of a database do no harm."""
    if _MONEY_AND_COUNTS.search(taint.key):
        return False
    return "stored" in sink.kinds and (sink.deep or value.built or not sink.text_only)


def _operators(value: Value, depth: int = 0) -> frozenset[Taint]:
    """Return what may be an object where a value is meant: `{password: req.body.password}`."""
    found = set() if value.type in {"string", "number", "boolean"} else set(value.taints)
    if depth < 4:  # noqa: PLR2004 - queries are not deeper
        for thing in value.things:
            for name, inner in thing.fields.items():
                if name == "$where":
                    # Code, and no value: that it is text makes it none the safer.
                    found |= {replace(t, safe=t.safe - {"nosql-injection"}) for t in deep_taints(inner)}
                if name not in {"$eq", "$set", "$regex"}:
                    found |= _operators(inner, depth + 1)
            if thing.rest is not None:
                found |= _operators(thing.rest, depth + 1)
    return frozenset(taint for taint in found if taint.kind in USUAL_KINDS)


def _is_harmless(run: "Interpreter", rule_id: str, value: Value) -> bool:
    """Return whether what stands before the text from outside leaves it no way to do harm."""
    prefix = value.prefix
    if rule_id == "server-side-request-forgery":
        return host_is_fixed(prefix)
    if rule_id == "open-redirect":
        own = any(_OWN_HOST.match(taint.key) for taint in value.taints) and bool(_BEFORE_HOST.match(prefix))
        return own or is_path_here(prefix) or starts_here(run, value)
    if rule_id == "dynamic-import":
        return False
    return value.type in {"number", "boolean"}


def starts_here(run: "Interpreter", value: Value) -> bool:
    """Return whether it was checked to begin with one slash."""
    return all({(taint.key, "slash-first"), (taint.key, "no-double-slash")} <= run.cleared | {
        (taint.key, name) for name in taint.safe} for taint in value.taints)  # fmt: skip


def host_is_fixed(prefix: str) -> bool:
    """Return whether an address that begins so has its host already: what follows is path or query."""
    scheme = _SCHEME.match(prefix)
    if scheme is not None:
        return "/" in prefix[scheme.end() :] or "?" in prefix[scheme.end() :]
    return (prefix.startswith("/") and not prefix.startswith("//")) or prefix.startswith(ANYTHING)


def is_path_here(prefix: str) -> bool:
    """Return whether an address that begins so stays on this site, or on one that is fixed."""
    if prefix.startswith("/"):
        return len(prefix) > 1 and prefix[1] not in "/\\"
    return prefix.startswith(("?", "#")) or host_is_fixed(prefix)


def is_link_safe(prefix: str) -> bool:
    """Return whether a link that begins so cannot be a `javascript:` one."""
    return bool(prefix) and not "javascript:".startswith(prefix.lower()[:11])


def _has_option(call: "Call", option: str) -> bool:
    """Return whether an options argument has a field that is not known to be off."""
    for value in call.values:
        for thing in value.things:
            if thing.kind == "object" and option in thing.fields:
                given = thing.fields[option]
                return not (given.known and not given.const)
    return False


def is_plain(run: "Interpreter", node: Node, scope: Scope) -> bool:
    """Return whether an answer's type is set to one that browsers do not read as HTML, in the same function."""
    chain, around = node.get("function"), scope.frame.node
    for place in (chain, around):
        if place is None:
            continue
        kinds = run.about(place, _types_set)
        if kinds:
            return all(kind in _PLAIN_SHORT or bool(_PLAIN_TYPES.search(kind)) for kind in kinds)
    return False


def _types_set(node: Node) -> tuple[str, ...]:
    """Return the content types that a function sets; those of calls only, never of comments."""
    found: list[str] = []
    for inner in node.walk():
        if inner.kind == "call_expression":
            function, arguments = inner.get("function"), inner.get("arguments")
            name = function.get("property") if function is not None else None
            if name is not None and name.text in _SETTERS and arguments is not None:
                found += _types_given(arguments, name.text)
        elif inner.kind == "assignment_expression":
            left, right = inner.get("left"), inner.get("right")
            if left is not None and right is not None and _CONTEXTS_TYPE.match(left.text) and right.kind == "string":
                found.append(right.text.strip("'\""))
    return tuple(found)


def _types_given(arguments: Node, method: str) -> list[str]:
    texts = [inner.text.strip("'\"`") for inner in arguments.walk() if inner.kind in {"string", "property_identifier"}]
    if method in {"type", "contentType"}:
        return texts[:1]
    return [after for name, after in pairwise(texts) if name.lower() == "content-type"]


def check_link(run: "Interpreter", value: Value, node: Node, scope: Scope) -> None:
    """Report a link that text from outside may make a `javascript:` one."""
    taints = frozenset(taint for taint in value.taints if taint.kind in USUAL_KINDS)
    if taints and not is_link_safe(value.prefix):
        run.report_flow("cross-site-scripting", node, scope, taints, "is the whole of a link, which may run script")
