"""Routes of web frameworks: handlers are entered with the request, in the order in which they run."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript import validators
from bailiwick.control.review.engines.javascript.facts import Route
from bailiwick.control.review.engines.javascript.scopes import Cleared, common
from bailiwick.control.review.engines.javascript.values import ALL, NOTHING, Closure, Value
from bailiwick.control.review.engines.javascript.words import text_of

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

VERBS = frozenset({"get", "post", "put", "patch", "delete", "del", "all", "options", "head"})
_REGISTER = VERBS | {"use", "route", "addHook"}
_APPS = re.compile(
    r"^(?:express|express\.Router|fastify|koa-router|@koa/router|hono|hono\.Hono|koa|polka|restify|router|find-my-way"
    r"|@hapi/hapi)\b"
)
_RECEIVERS = re.compile(r"(?i)^(?:app|router|server|api|fastify|\w*router|\w*routes|route)$")
_ONE_ARGUMENT = re.compile(r"^(?:koa|@koa/router|koa-router|hono)\b")
_FUNCTIONS = frozenset({"arrow_function", "function_expression"})
_ERROR_PARAMETERS = 4
REQUEST, RESPONSE, NEXT = Value(symbol="@request"), Value(symbol="@response"), Value(symbol="@next")


def registered(run: "Interpreter", call: "Call") -> bool:
    """Say whether a call registers handlers; they are entered then."""
    if call.method == "@next" or call.symbol == "@next":
        run.passed_on.append(run.cleared)
        return False
    if not _registers(call):
        return False
    handlers = _handlers(call.values)
    path = call.argument(0).text()
    if not handlers and path is None and not (call.method in {"use", "addHook"} and call.owner.symbol):
        return False
    # A hook of Fastify's stands before every route, as what an app `use`s does.
    method, path = ("use", "") if call.method == "addHook" else (call.method, path)
    names = tuple("" if node.kind in _FUNCTIONS else text_of(node)[:120] for node in call.nodes)
    run.facts.routes.append(
        Route(method, path or _route_path(call), call.at, call.scope.frame.path, tuple(handlers), names, call.scope)
    )
    single = bool(_ONE_ARGUMENT.match(call.owner.symbol))
    _run_in_order(run, handlers, _by_schema(call), single=single)
    return True


def _registers(call: "Call") -> bool:
    if call.method not in _REGISTER or not call.values:
        return False
    if call.owner.symbol:
        return bool(_APPS.match(call.owner.symbol))
    first = call.argument(0)
    return bool(_RECEIVERS.match(call.receiver)) and (
        first.text() is not None or call.method == "use" or bool(first.closures)
    )


def _route_path(call: "Call") -> str:
    """Return the path of `router.route('/x').get(…)`."""
    match = re.search(r"""\.route\(\s*['"]([^'"]+)""", call.node.text[:2_000])
    return match[1] if match else ""


def _handlers(values: tuple[Value, ...]) -> list[Value]:
    found = []
    for value in values:
        if value.closures:
            found.append(value)
        for thing in value.things:
            inner = [item for item in thing.fields.values() if item.closures]
            if thing.kind == "array" or "handler" in thing.fields:
                found += inner
    return found


def _by_schema(call: "Call") -> Cleared:
    """Return what a route's JSON schema proves of its parameters before the handler runs: those that are no text."""
    proven: set[tuple[str, str]] = set()
    for value in call.values:
        proven |= validators.proven(value)
        for options in value.things:
            for schema in options.fields.get("schema", NOTHING).things:
                for part, key in (("params", "params"), ("querystring", "query"), ("query", "query"), ("body", "body")):
                    for name, inner in _properties(schema.fields.get(part, NOTHING)):
                        kinds = {thing.fields.get("type", NOTHING).text() for thing in inner.things}
                        listed = any("enum" in thing.fields for thing in inner.things)
                        if listed or (kinds and kinds <= {"integer", "number", "boolean"}):
                            proven.add((f"{key}.{name}", ALL))
    return frozenset(proven)


def _properties(schema: Value) -> Iterator[tuple[str, Value]]:
    for thing in schema.things:
        for holder in thing.fields.get("properties", NOTHING).things:
            yield from holder.fields.items()


def _run_in_order(run: "Interpreter", handlers: list[Value], schema: Cleared, *, single: bool) -> None:
    """Enter handlers one after another; what one checks before it calls `next` holds for those after it."""
    before, waiting = run.cleared, run.passed_on
    proven: Cleared = run.cleared | schema
    for value in handlers:
        for closure in value.closures:
            run.cleared, run.passed_on = proven, []
            run.call(closure, _given(closure, single=single))
            if run.passed_on:
                proven = common(run.passed_on)
    run.cleared, run.passed_on = before, waiting


def _given(closure: Closure, *, single: bool) -> tuple[Value, ...]:
    if single:
        return (Value(symbol="@context"), NEXT)
    holder = closure.node.get("parameters")
    count = len(holder.children) if holder is not None else 1
    if count == _ERROR_PARAMETERS:
        return (Value(symbol="@error"), REQUEST, RESPONSE, NEXT)
    return (REQUEST, RESPONSE, NEXT)
