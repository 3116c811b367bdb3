"""Calls that do harm by more than one of their arguments: what a program is told, what a message says, what is sent."""

import re
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.objects import member
from bailiwick.control.review.engines.javascript.sinks import USUAL_KINDS, check_link, relevant
from bailiwick.control.review.engines.javascript.values import NOTHING, Value, deep_taints, inner_values

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_ANSWERS = frozenset({"Response", "next/server.NextResponse"})
_TELLS = frozenset(
    {"@response.json", "@response.send", "@context.json", "Response.json", "next/server.NextResponse.json"}
)
_SENDS = frozenset({"@response.sendFile", "@response.sendfile", "@response.download", "koa-send"})
_STARTS = frozenset(
    {f"child_process.{name}" for name in ("spawn", "spawnSync", "execFile", "execFileSync")}
    | {"execa", "execa.execa", "cross-spawn", "cross-spawn.sync"}
)
_INTERPRETERS = re.compile(r"^(?:(?:ba|z|da|k|a)?sh|cmd|powershell|pwsh|python[\d.]*|node|perl|ruby|php|deno|bun)$")
_RUN_TEXT = frozenset({"-c", "/c", "/k", "-e", "-r", "-lc", "-ec", "-command", "--eval", "-p", "eval"})
_SEARCHES = frozenset(
    {"find", "findOne", "countDocuments", "aggregate", "findOneAndUpdate", "updateMany", "deleteMany", "distinct"}
)
_DEEPEST_QUERY = 4


def check_call(run: "Interpreter", call: "Call") -> None:
    """Report what depends on more than one argument: an answer's type, a message's role, an attribute's name."""
    if call.symbol in _ANSWERS and call.new and "text/html" in _option_text(call, "headers", "content-type"):
        sink = run.models.sinks.first("@response.html")
        run.report_flow(sink.rule, call.at, call.scope, relevant(run, sink, call.argument(0)), sink.words)
    if call.method == "setAttribute":
        _check_attribute(run, call)
    _check_called_name(run, call)
    if call.symbol in _TELLS:
        _check_environment(run, call)
    if call.symbol in _SENDS:
        _check_root(run, call)
    if call.symbol in _STARTS:
        _check_program(run, call)
    if call.method in _SEARCHES:
        _check_patterns(run, call)
    for value in call.values:
        for thing in value.things:
            if "dangerouslySetInnerHTML" in thing.fields and call.method == "createElement":
                html = member(run, thing.fields["dangerouslySetInnerHTML"], "__html", call.node, call.scope)
                sink = run.models.assigned["innerHTML"]
                run.report_flow(sink.rule, call.at, call.scope, relevant(run, sink, html), sink.words)
            if "messages" in thing.fields:
                _check_messages(run, call, thing.fields["messages"])


def _check_called_name(run: "Interpreter", call: "Call") -> None:
    """`global[name](…)` calls whatever the language has under a name."""
    function = call.node.get("function")
    owner = function.get("object") if function is not None and function.kind == "subscript_expression" else None
    if function is not None and owner is not None and owner.text in {"global", "globalThis", "window", "self"}:
        taints = frozenset(t for t in run.last(function.get("index"), call.scope).taints if t.kind in USUAL_KINDS)
        run.report_flow("code-injection", call.at, call.scope, taints, "says which function is called")


def _check_environment(run: "Interpreter", call: "Call") -> None:
    """The whole environment in an answer has every secret of the app in it."""
    given = [call.argument(0), *(inner for thing in call.argument(0).things for inner in inner_values(thing))]
    if any(value.symbol == "process.env" for value in given):
        run.report("information-exposure", call.at, call.scope, "the app's environment is answered to whoever asks")


def _check_root(run: "Interpreter", call: "Call") -> None:
    """A file is sent from below a root; who says what the root is, says which file."""
    for value in call.values:
        for thing in value.things:
            taints = frozenset(t for t in deep_taints(thing.fields.get("root", NOTHING)) if t.kind in USUAL_KINDS)
            run.report_flow("path-traversal", call.at, call.scope, taints, "says below which folder files are sent")


def _check_program(run: "Interpreter", call: "Call") -> None:
    """`spawn('sh', ['-c', text])` runs a command, whatever its name says; what follows the text is arguments."""
    program = (call.argument(0).text() or "").replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    if not _INTERPRETERS.match(program):
        return
    for thing in call.argument(1).things:
        given = list(thing.fields.values())
        flags = [place for place, value in enumerate(given) if (value.text() or "").lower() in _RUN_TEXT]
        codes = [given[place + 1] for place in flags if place + 1 < len(given)] + ([thing.rest] if thing.rest else [])
        for code in codes if flags else ():
            taints = frozenset(t for t in deep_taints(code) if t.kind in USUAL_KINDS)
            run.report_flow("command-injection", call.at, call.scope, taints, f"is run by {program} as a command")


def _check_patterns(run: "Interpreter", call: "Call") -> None:
    """MongoDB's `$regex` is a pattern like any other."""
    waiting = [(thing, 0) for value in call.values for thing in value.things]
    while waiting:
        thing, depth = waiting.pop()
        taints = frozenset(t for t in thing.fields.get("$regex", NOTHING).taints if t.kind == "request")
        run.report_flow("regular-expression-injection", call.at, call.scope, taints, "becomes part of a pattern")
        if depth < _DEEPEST_QUERY:
            waiting += [(inner, depth + 1) for value in inner_values(thing) for inner in value.things]


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
