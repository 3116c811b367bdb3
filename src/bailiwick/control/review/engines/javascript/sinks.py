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
    NOTHING,
    Taint,
    Value,
    deep_taints,
    inner_values,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_SCHEME = re.compile(rf"^(?:[a-zA-Z][a-zA-Z0-9+.-]*|{ANYTHING}):?//")
_USUAL_KINDS = frozenset({"request", "browser", "model"})
_PLAIN_TYPES = re.compile(
    r"(?i)text/plain|application/json|text/csv|application/pdf|octet-stream|text/event-stream|image/"
)
_ANSWERS = frozenset({"Response", "next/server.NextResponse"})
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
        if sink.rule == "cross-site-scripting" and call.owner.symbol == "@response" and is_plain(call):
            continue
        taints = frozenset(taint for value in _taken(run, call, sink) for taint in relevant(run, sink, value))
        run.report_flow(sink.rule, call.at, call.scope, taints, sink.words)
    _check_special(run, call)


def _check_special(run: "Interpreter", call: "Call") -> None:
    """Report what depends on more than one argument: an answer's type, a message's role, a header's name."""
    if call.symbol in _ANSWERS and call.new and "text/html" in _option_text(call, "headers", "content-type"):
        sink = run.models.sinks.first("@response.html")
        run.report_flow(sink.rule, call.at, call.scope, relevant(run, sink, call.argument(0)), sink.words)
    if call.owner.symbol == "@response" and call.method in _SETTERS:
        name = (call.argument(0).text() or "").lower()
        if name == "access-control-allow-origin":
            run.report_flow("permissive-cors", call.at, call.scope, call.argument(1).taints, "is let in, whoever it is")
    if call.method == "setAttribute":
        _check_attribute(run, call)
    for value in call.values:
        for thing in value.things:
            if "dangerouslySetInnerHTML" in thing.fields and call.method == "createElement":
                html = member(run, thing.fields["dangerouslySetInnerHTML"], "__html", call.node, call.scope)
                sink = run.models.assigned["innerHTML"]
                run.report_flow(sink.rule, call.at, call.scope, relevant(run, sink, html), sink.words)
            if "messages" in thing.fields:
                _check_messages(run, call, thing.fields["messages"])


def _check_attribute(run: "Interpreter", call: "Call") -> None:
    name = (call.argument(0).text() or "").lower()
    if name in {"href", "src", "action", "formaction", "xlink:href", "data"}:
        check_link(run, call.argument(1), call.at, call.scope)
    elif name.startswith("on") or name == "srcdoc":
        sink = run.models.assigned["innerHTML"]
        run.report_flow(sink.rule, call.at, call.scope, relevant(run, sink, call.argument(1)), sink.words)


def _check_messages(run: "Interpreter", call: "Call", messages: Value) -> None:
    for thing in messages.things:
        for message in inner_values(thing):
            for part in message.things:
                role = part.fields.get("role", NOTHING).text()
                if role in {"system", "developer"} and "content" in part.fields:
                    taints = frozenset(
                        t for t in deep_taints(part.fields["content"]) if t.kind in {"request", "browser"}
                    )
                    run.report_flow(
                        "prompt-injection", call.at, call.scope, taints, "becomes part of the model's instructions"
                    )


def _option_text(call: "Call", *names: str) -> str:
    """Return the constant text of an option inside of an option, whatever the case of its name."""
    for thing in call.argument(1).things:
        for inner in thing.fields.get(names[0], NOTHING).things:
            for key, value in inner.fields.items():
                if key.lower() == names[1]:
                    return value.text() or ""
    return ""


def _sinks_of(run: "Interpreter", call: "Call") -> Iterator[Sink]:
    yield from run.models.sinks.find(call.symbol)
    if not call.callee.closures and _is_unknown(run, call.symbol):
        for pattern, sink in run.models.methods.get(call.method, ()):
            if pattern.search(call.receiver):
                yield sink


def _is_unknown(run: "Interpreter", symbol: str) -> bool:
    """Return whether nothing is known of what a name names: neither the app nor the pack has it."""
    return symbol.startswith(("?", ".")) or re.split(r"[.*()]", symbol, maxsplit=1)[0] not in run.models.roots


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
    kinds = sink.kinds or _USUAL_KINDS
    taints = frozenset(
        t for t in taints if t.kind in kinds and not (t.kind == "stored" and not _is_markup(value, sink, t))
    )
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
    loose = [value, *(thing.rest for thing in value.things if thing.rest is not None)]
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
    return frozenset(taint for taint in found if taint.kind in _USUAL_KINDS)


def _is_harmless(run: "Interpreter", rule_id: str, value: Value) -> bool:
    """Return whether what stands before the text from outside leaves it no way to do harm."""
    prefix = value.prefix
    if rule_id == "server-side-request-forgery":
        return host_is_fixed(prefix)
    if rule_id == "open-redirect":
        return is_path_here(prefix) or _starts_here(run, value)
    if rule_id == "dynamic-import":
        return False
    return value.type in {"number", "boolean"}


def _starts_here(run: "Interpreter", value: Value) -> bool:
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


def is_plain(call: "Call") -> bool:
    """Return whether an answer's type is set to one that browsers do not read as HTML, in the same function."""
    chain, around = call.node.get("function"), call.scope.frame.node
    for node in (chain, around):
        if node is None:
            continue
        kinds = _types_set(node)
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
    return tuple(found)


def _types_given(arguments: Node, method: str) -> list[str]:
    texts = [inner.text.strip("'\"`") for inner in arguments.walk() if inner.kind in {"string", "property_identifier"}]
    if method in {"type", "contentType"}:
        return texts[:1]
    return [after for name, after in pairwise(texts) if name.lower() == "content-type"]


def check_assignment(run: "Interpreter", left: Node, value: Value, node: Node, scope: Scope) -> None:
    """Report values from outside that are written where a browser, or the language, takes them as code or address."""
    if left.kind == "subscript_expression":
        _check_key(run, left, node, scope)
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


def _check_location(run: "Interpreter", value: Value, node: Node, scope: Scope) -> None:
    taints = frozenset(taint for taint in value.taints if taint.kind in _USUAL_KINDS)
    if taints and not is_path_here(value.prefix) and not _starts_here(run, value):
        run.report_flow("open-redirect", node, scope, taints, "decides where the page goes next")


def check_link(run: "Interpreter", value: Value, node: Node, scope: Scope) -> None:
    """Report a link that text from outside may make a `javascript:` one."""
    taints = frozenset(taint for taint in value.taints if taint.kind in _USUAL_KINDS)
    if taints and not is_link_safe(value.prefix):
        run.report_flow("cross-site-scripting", node, scope, taints, "is the whole of a link, which may run script")


def _check_key(run: "Interpreter", left: Node, node: Node, scope: Scope) -> None:
    """`object[a][b] = …` with a key from outside reaches the prototype of every object."""
    owner, index = left.get("object"), left.get("index")
    if owner is None or index is None or owner.kind != "subscript_expression":
        return
    first = run.evaluate(owner.get("index"), scope)
    table = run.evaluate(owner.get("object"), scope)
    if any(thing.kind == "map" for thing in table.things):
        return
    run.report_flow("prototype-pollution", node, scope, first.taints, "is a key, and __proto__ is one, too")
