"""Secrets in lines of a log, and the words by which they are known."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.naming import is_password, is_personal, is_secret, label
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls
from bailiwick.control.review.model import Finding

LOGS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "trace", "success"})
_LOGGERS = frozenset({"log", "logger", "logging", "_log", "_logger", "LOG", "LOGGER"})
_HIDING = re.compile(
    r"(?i)mask|redact|hash|digest|len|bool|type|obfuscat|hide|censor|sha|sanit|isinstance|fingerprint|encrypt"
)


def secret_in_log(view: View, call: ast.Call) -> Iterator[Finding]:
    """A password, token or card number that is written to a log."""
    if not _is_log(view, call):
        return
    for given in [*call.args, *(word.value for word in call.keywords)]:
        name = _sensitive(view, given)
        if name:
            yield view.finding("sensitive-data-logged", call, f"{name} is written to the log")
            return
    for word in call.keywords:
        if word.arg and (is_password(word.arg) or is_secret(word.arg)) and not isinstance(word.value, ast.Constant):
            yield view.finding("sensitive-data-logged", call, f"{word.arg} is written to the log")
            return


def _is_log(view: View, call: ast.Call) -> bool:
    last = view.last(call.func)
    if view.name(call.func) == "print":
        return True
    if last not in LOGS or not isinstance(call.func, ast.Attribute):
        return False
    made = view.made_by(call.func.value)
    return label(call.func.value) in _LOGGERS or "getlogger" in made.lower() or made.startswith(("structlog", "loguru"))


def _sensitive(view: View, node: ast.AST) -> str:
    """Return the name of what is written that should not be, or nothing."""
    if isinstance(node, ast.Call):
        called = view.last(node.func)
        if _HIDING.search(called):
            return ""
        if isinstance(node.func, ast.Attribute) and called in {"get", "pop"} and node.args:
            name = label(node)
            return name if _says(view, name) and label(node.func.value) not in {"errors"} else ""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return ""
    if isinstance(node, ast.Compare | ast.IfExp | ast.Lambda | ast.BoolOp) and not isinstance(node, ast.BoolOp):
        return ""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        whole = view.name(node)
        if whole.endswith("request.headers") or whole.endswith("request.cookies"):
            return "the request's " + label(node)
        return label(node) if _says(view, label(node)) and not label(node).isupper() else ""
    return next((found for child in ast.iter_child_nodes(node) if (found := _sensitive(view, child))), "")


def _says(view: View, name: str) -> bool:
    if name.lower() == "token" and re.search(r"(?i)tokeni[sz]e|lexer|spacy|nltk", view.vocabulary):
        return False
    return is_password(name) or is_secret(name) or is_personal(name)


WATCHES: tuple[Watch, ...] = (calls(secret_in_log, *LOGS, "print"),)
