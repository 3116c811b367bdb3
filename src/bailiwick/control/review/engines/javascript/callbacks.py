"""Functions that an app gives to others: what they are given when they are called."""

import re
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.schemas import checked
from bailiwick.control.review.engines.javascript.values import NOTHING, Thing, Value, joined

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

HEARD = frozenset({"on", "once", "addListener", "subscribe"})
_NO_MESSAGES = frozenset({"connection", "connect", "disconnect", "error", "close", "open", None})
_SOCKETS = ("ws", "socket", "wss", "io", "client", "connection", "conn", "sock")
# Tools that a model calls: what it gives them is what it wrote.
_TOOLS = re.compile(
    r"^(?:ai\.(?:tool|dynamicTool)|@openai/agents\.tool|@langchain/.*(?:[tT]ool|StructuredTool)"
    r"|@modelcontextprotocol/sdk.*\.(?:tool|registerTool)|langchain.*Tool)$"
)
_RUNS = frozenset({"execute", "func", "handler", "run", "call"})
# What functions are given that say where an upload is kept: the request, the file, and whom to tell.
_OF_UPLOADS = (Value(symbol="@request"), Value(symbol="@file"), Value(symbol="@kept"))
_PROCEDURE = re.compile(r"(?i)procedure")


def enter(run: "Interpreter", call: "Call") -> Value:
    """Enter the functions that a call is given; return what they give back."""
    heard = _heard(run, call)
    tool = _of_tool(run, call)
    uploaded = _OF_UPLOADS if call.symbol == "multer.diskStorage" else ()
    answers = [
        run.call(closure, (heard,) if heard != NOTHING else ()) for value in call.values for closure in value.closures
    ]
    for value in call.values:
        for thing in value.things:
            if thing.kind == "object":
                for name, inner in list(thing.fields.items()):
                    given = (tool,) if tool != NOTHING and name in _RUNS else uploaded
                    for closure in inner.closures:
                        run.call(closure, given)
    return joined(answers)


def emitted(run: "Interpreter", call: "Call") -> None:
    """Keep what is given to an event, for those who hear of it."""
    name = call.argument(0).text()
    if call.method == "emit" and name and len(call.values) > 1:
        cell = f"@event:{name}"
        run.cells[cell] = joined([run.cells.get(cell, call.values[1]), call.values[1]])


def _heard(run: "Interpreter", call: "Call") -> Value:  # noqa: PLR0911 - one a kind of event
    """Return what a call's function is given when something happens."""
    name = call.argument(0).text()
    if call.method in HEARD:
        if call.owner.symbol == "@request" and name == "data":
            return run.from_outside("request", "body", call.at, call.scope)
        if name == "entry":
            return run.from_outside("archive", "entry", call.at, call.scope)
        if call.receiver.lower() in _SOCKETS and name not in _NO_MESSAGES:
            return run.from_outside("request", f"message {name}", call.at, call.scope)
        if f"@event:{name}" in run.cells:
            return run.cells[f"@event:{name}"]
    if call.method == "addEventListener" and name == "message":
        return Value(symbol="@message")
    if call.method != "then":
        return _of_tool(run, call)
    for value in call.values:
        if value.symbol.startswith("@resolve:"):
            run.cells[value.symbol] = joined([run.cells.get(value.symbol, call.owner), call.owner])
    return call.owner


def _of_tool(run: "Interpreter", call: "Call") -> Value:
    """Return what a tool of a model, or a procedure of tRPC, is called with, by the schema that is given with it."""
    if _TOOLS.match(call.symbol):
        given = run.from_outside("model", "tool's input", call.at, call.scope)
        return _by_schema(run, call, given, _schemas(call))
    if call.method in {"query", "mutation"} and _PROCEDURE.search(f"{call.owner.symbol} {call.receiver}"):
        given = run.from_outside("request", "input", call.at, call.scope)
        schemas = [thing.fields["schema"] for thing in call.owner.things if thing.kind == "procedure"]
        return Value(things=(Thing(fields={"input": _by_schema(run, call, given, schemas)}),))
    return NOTHING


def _schemas(call: "Call") -> list[Value]:
    found = [value for value in call.values if "bject()" in value.symbol]
    names = ("parameters", "inputSchema", "schema")
    return found + [thing.fields[name] for value in call.values for thing in value.things for name in names
                    if name in thing.fields]  # fmt: skip


def _by_schema(run: "Interpreter", call: "Call", given: Value, schemas: list[Value]) -> Value:
    for schema in schemas:
        if schema.symbol:
            return checked(run, schema, given, call.at, call.scope)
    return given
