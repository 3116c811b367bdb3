"""Calls that are faults by themselves: by their constant arguments and options, whatever flows into them."""

import math
import re
from dataclasses import replace
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
_DECIDING = frozenset({"if_statement", "ternary_expression", "binary_expression", "switch_statement"})
_NOTED = frozenset({"express", "express-session", "cookie-session"})
_SPAWNING = frozenset({"execa", "shelljs", "cross-spawn", "zx", "cluster"})
_GATHERS = re.compile(r"\+=|\.push\(|\.concat\(")
_COUNTS = re.compile(r"(?i)\b(?:length|byte_?length|size|destroy)\b")
_LIMITS = re.compile(r"(?i)\b(?:limit\w*|max\w*|content-length)\b")
_SECRETS = re.compile(r"(?i)(?:token|secret|password|passwd|apikey|api_key|signature|hmac|digest|hash|otp|csrf)")


def check_call(run: "Interpreter", call: "Call") -> None:
    """Report a call that is a fault by itself."""
    call = _plugged_in(call)
    for check in run.models.checks.find(call.symbol):
        if all(_holds(run, call, condition) for condition in check.when):
            softer = check.softer and re.search(check.softer, _around(run, call))
            run.report(check.rule, call.at, call.scope, _said(check, call), worse=-1 if softer else 0)
    _check_capability(run, call)
    _check_gathered(run, call)
    if call.symbol in _NOTED:
        run.facts.calls.append((call.symbol, call.scope.frame.path, call.at))


def _plugged_in(call: "Call") -> "Call":
    """Return `app.register(plugin, options)`, as Fastify has it, as the call of the plugin with its options."""
    if call.method != "register" or not call.values or not call.values[0].symbol:
        return call
    return replace(call, symbol=call.values[0].symbol, method="", values=call.values[1:], nodes=call.nodes[1:])


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


def _check_gathered(run: "Interpreter", call: "Call") -> None:
    """A body that is gathered piece by piece, and nobody counts."""
    if call.owner.symbol != "@request" or call.method not in {"on", "addListener"} or call.argument(0).text() != "data":
        return
    around = call.scope.frame.node
    if around is not None and run.about(around, _has_limit):
        return
    for closure in call.argument(1).closures:
        if _GATHERS.search(closure.node.text[:2_000]) and not _COUNTS.search(text_of(closure.node)):
            run.report("unbounded-input", call.at, call.scope, "a body of any size is gathered in memory")


def _has_limit(function: Node) -> bool:
    return bool(_LIMITS.search(text_of(function)))


def check_load(run: "Interpreter", name: str, node: Node, scope: Scope) -> None:
    """Report a package, or file, that goes round what can be reviewed."""
    if name in _NATIVE or name.endswith(".node"):
        run.report("native-loading", node, scope, f"{name} calls native code")


def _holds(run: "Interpreter", call: "Call", condition: dict[str, Any]) -> bool:
    """Return whether a condition of the pack holds: about an argument, or an option in it, by its constant value."""
    around = _holds_around(run, call, condition)
    if around is not None:
        return around
    value = call.argument(condition.get("argument", 0))
    for name in condition.get("option", "").split(".") if "option" in condition else ():
        value = _option(value, name)
    if condition.get("lets_all"):
        return bool(value.closures) and all(_lets_all(closure.node) for closure in value.closures)
    return _matches(value, condition)


def _holds_around(  # noqa: PLR0911 - one a form
    run: "Interpreter", call: "Call", condition: dict[str, Any]
) -> bool | None:
    """Return whether a condition holds that is about the call's words, its file or a package; None for any other."""
    place = condition.get("argument", 0)
    match condition:
        case {"count_below": int(count)}:
            return len(call.values) < count
        case {"package": str(name), "before": int(major)}:
            return run.majors.get(name, major) < major
        case {"unless_option": name}:
            return all(name not in thing.fields for one in call.values for thing in one.things)
        case {"unless_file": pattern}:
            return not re.search(pattern, run.code(call.scope.frame.path))
        case {"unless": pattern}:
            return not re.search(pattern, _told(run, call, place))
        case {"source": pattern}:
            return bool(re.search(pattern, _told(run, call, place)))
        case _:
            return None


def _lets_all(node: Node) -> bool:
    """Return whether a function says yes to its callback, whatever it is asked."""
    inner = list(node.walk())
    if any(one.kind in _DECIDING for one in inner):
        return False
    calls = [one.get("arguments") for one in inner if one.kind == "call_expression"]
    return any(given is not None and given.children and given.children[-1].kind == "true" for given in calls)


def _told(run: "Interpreter", call: "Call", place: int) -> str:
    """Return an argument as it is written, or for -1 the words on the call's line without comments."""
    if place >= 0:
        return call.nodes[place].text[:400] if place < len(call.nodes) else ""
    around = call.scope.frame.node or run.module_of(call.scope.frame.path).source.root
    return run.about(around, _by_line).get(call.node.line, "")


def _by_line(function: Node) -> dict[int, str]:
    """Return the words of each line of a function without comments."""
    lines: dict[int, list[str]] = {}
    for inner in function.walk():
        if not inner.children:
            lines.setdefault(inner.line, []).append(inner.text)
    return {number: " ".join(words) for number, words in lines.items()}


def _around(run: "Interpreter", call: "Call") -> str:
    """Return the words of the function around a call, without comments."""
    around = call.scope.frame.node
    return run.about(around, text_of) if around is not None else _told(run, call, -1)


def _option(value: Value, name: str) -> Value:
    """Return an option of an object that is known whole; anything at all when it is not."""
    for thing in value.things:
        if name in thing.fields:
            return thing.fields[name]
        if thing.rest is None:
            return _MISSING
    return _MISSING if value == NOTHING or value is _MISSING or value.known else NOTHING


_MISSING = Value(symbol="@missing")


def _matches(value: Value, condition: dict[str, Any]) -> bool:  # noqa: PLR0911 - one a form
    if "empty" in condition:
        return value.known and not value.const and value is not _MISSING
    if "missing" in condition:
        return (value == _MISSING) == bool(condition["missing"])
    if "is" in condition:
        wanted = condition["is"]
        return (value == _MISSING and "missing" in wanted) or (value.known and value.const in wanted)
    if "matches" in condition:
        text = value.text()
        inside = [inner.text() for thing in value.things for inner in thing.fields.values()]
        return any(re.search(condition["matches"], one) for one in [text, *inside] if one is not None)
    if "text" in condition:
        return bool(re.search(condition["text"], value.text() or ""))
    if "below" in condition or "above" in condition:
        number = value.const if isinstance(value.const, int | float) and not isinstance(value.const, bool) else None
        return number is not None and condition.get("above", -math.inf) < number < condition.get("below", math.inf)
    if "constant" in condition:
        known = value.known and isinstance(value.const, str) and bool(value.const)
        return known == bool(condition["constant"])
    return False
