"""Calls that are faults by themselves: by their constant arguments and options, whatever flows into them."""

import re
from typing import TYPE_CHECKING, Any

from bailiwick.control.review.engines.javascript.models import Check
from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, Value
from bailiwick.control.review.engines.javascript.words import text_of

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_CHILDREN = frozenset({"child_process.exec", "child_process.execSync", "child_process.spawn", "child_process.spawnSync",
                       "child_process.execFile", "child_process.execFileSync", "child_process.fork"})  # fmt: skip
_DYNAMIC = frozenset({"eval", "Function", "vm.runInContext", "vm.runInNewContext", "vm.runInThisContext", "vm.Script"})
_NATIVE = frozenset({"ffi-napi", "ffi", "koffi", "ref-napi", "node-ffi", "bindings", "node-gyp-build"})
_NOTED = frozenset({"express", "express-session", "cookie-session"})
_SPAWNING = frozenset({"execa", "shelljs", "cross-spawn", "zx", "cluster"})
_SECRETS = re.compile(r"(?i)(?:token|secret|password|passwd|apikey|api_key|signature|hmac|digest|hash|otp|csrf)")


def check_call(run: "Interpreter", call: "Call") -> None:
    """Report a call that is a fault by itself."""
    for check in run.models.checks.find(call.symbol):
        if all(_holds(run, call, condition) for condition in check.when):
            softer = check.softer and re.search(check.softer, _around(run, call))
            run.report(check.rule, call.at, call.scope, _said(check, call), worse=-1 if softer else 0)
    _check_capability(run, call)
    if call.symbol in _NOTED:
        run.facts.calls.append((call.symbol, call.scope.frame.path, call.at))


def _said(check: Check, call: "Call") -> str:
    return f"{call.symbol.replace('@', '').replace('()', '')} {check.words}"


def _check_capability(run: "Interpreter", call: "Call") -> None:
    name = call.symbol
    if name in _CHILDREN or ("()" not in name and name.split(".", maxsplit=1)[0] in _SPAWNING):
        if ("command-injection", call.scope.frame.path, call.at.line) not in run.found:
            run.report("process-spawning", call.at, call.scope, f"{name} starts another program")
    elif name in _DYNAMIC and call.values:
        last = call.argument(len(call.values) - 1 if name == "Function" else 0)
        # `new Function("return this")` and the like say nothing that is made at run time.
        if not last.known and ("code-injection", call.scope.frame.path, call.at.line) not in run.found:
            run.report("dynamic-code", call.at, call.scope, f"{name} runs code that is made at run time")
    elif name in {"process.dlopen", "process.binding"}:
        run.report("native-loading", call.at, call.scope, f"{name} loads native code")


def check_load(run: "Interpreter", name: str, node: Node, scope: Scope) -> None:
    """Report a package, or file, that goes round what can be reviewed."""
    if name in _NATIVE or name.endswith(".node"):
        run.report("native-loading", node, scope, f"{name} calls native code")


def _holds(run: "Interpreter", call: "Call", condition: dict[str, Any]) -> bool:
    """Return whether a condition of the pack holds: about an argument, or an option in it, by its constant value."""
    place = condition.get("argument", 0)
    if "count_below" in condition:
        return len(call.values) < int(condition["count_below"])
    value = call.argument(place)
    if "unless_file" in condition:
        return not re.search(condition["unless_file"], run.code(call.scope.frame.path))
    if "unless" in condition:
        return not re.search(condition["unless"], _told(run, call, place))
    if "source" in condition:
        return bool(re.search(condition["source"], _told(run, call, place)))
    for name in condition.get("option", "").split(".") if "option" in condition else ():
        value = _option(value, name)
    return _matches(value, condition)


def _told(run: "Interpreter", call: "Call", place: int) -> str:
    """Return an argument as it is written, or for -1 the words on the call's line without comments."""
    if place >= 0:
        return call.nodes[place].text[:400] if place < len(call.nodes) else ""
    around = call.scope.frame.node or run.module_of(call.scope.frame.path).source.root
    return " ".join(inner.text for inner in around.walk() if inner.line == call.node.line and not inner.children)


def _around(run: "Interpreter", call: "Call") -> str:
    """Return the words of the function around a call, without comments."""
    around = call.scope.frame.node
    return text_of(around) if around is not None else _told(run, call, -1)


def _option(value: Value, name: str) -> Value:
    """Return an option of an object that is known whole; anything at all when it is not."""
    for thing in value.things:
        if name in thing.fields:
            return thing.fields[name]
        if thing.rest is None:
            return _MISSING
    return _MISSING if value == NOTHING or value is _MISSING or value.known else NOTHING


_MISSING = Value(symbol="@missing")


def _matches(value: Value, condition: dict[str, Any]) -> bool:
    if "missing" in condition:
        return (value == _MISSING) == bool(condition["missing"])
    if "is" in condition:
        wanted = condition["is"]
        return (value == _MISSING and "missing" in wanted) or (value.known and value.const in wanted)
    if "matches" in condition:
        text = value.text()
        inside = [inner.text() for thing in value.things for inner in thing.fields.values()]
        return any(re.search(condition["matches"], one) for one in [text, *inside] if one is not None)
    if "below" in condition:
        return (
            isinstance(value.const, int | float)
            and not isinstance(value.const, bool)
            and value.const < condition["below"]
        )
    if "constant" in condition:
        known = value.known and isinstance(value.const, str) and bool(value.const)
        return known == bool(condition["constant"])
    return False
