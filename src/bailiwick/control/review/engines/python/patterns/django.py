"""Django's settings and views."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.naming import label
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_OFF: dict[str, tuple[str, str]] = {
    "SECURE_SSL_REDIRECT": ("clear-text-transport", "requests over plain HTTP are answered"),
    "SECURE_CONTENT_TYPE_NOSNIFF": (
        "cross-site-scripting",
        "browsers guess what a file is, so an upload can become a page",
    ),
}
_VERIFIES = re.compile(
    r"(?i)signature|hmac|construct_event|compare_digest|webhook_secret|authorization|api[-_]?key|verify|token"
)


def setting(view: View, node: ast.Assign) -> Iterator[Finding]:
    """A setting that takes a protection away."""
    if not view.configures_django or re.search(r"(?:^|/|_)(?:tests?|local|dev)(?:\.py|_|/)", view.path):
        return
    for name in (label(target) for target in node.targets if isinstance(target, ast.Name)):
        values = view.values(node.value)
        if name == "ALLOWED_HOSTS" and any(isinstance(value, tuple) and "*" in value for value in values):
            yield view.finding("any-host-accepted", node, "requests for any host name are answered")
        elif name == "MIDDLEWARE":
            yield from _middleware(view, node)
        elif name in _OFF and view.is_surely(node.value, False):
            rule_id, words = _OFF[name]
            yield view.finding(rule_id, node, f"{words}: {name} is off", worse=-2)
        elif name == "X_FRAME_OPTIONS" and any(
            isinstance(value, str) and value.upper() not in {"DENY", "SAMEORIGIN"} for value in values
        ):
            yield view.finding("clickjacking", node, "other sites may put pages of this one into a frame")
        elif name == "SESSION_SERIALIZER" and any("Pickle" in str(value) for value in values):
            yield view.finding("unsafe-deserialisation", node, "sessions are pickles: who can write one runs code")


def _middleware(view: View, node: ast.Assign) -> Iterator[Finding]:
    for value in view.values(node.value):
        if isinstance(value, tuple) and any("SessionMiddleware" in str(item) for item in value):
            names = " ".join(str(item) for item in value)
            if "CsrfViewMiddleware" not in names and "csrf" not in names.lower():
                yield view.finding("missing-csrf-protection", node, "CsrfViewMiddleware is not among the middleware")
            if "XFrameOptionsMiddleware" not in names and "csp" not in names.lower():
                yield view.finding("clickjacking", node, "XFrameOptionsMiddleware is not among the middleware")


def exempt(view: View, node: Function | ast.ClassDef) -> Iterator[Finding]:
    """A view that is left out of the check against forged requests, and checks nothing in its place."""
    for decorator in node.decorator_list:
        inner = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else decorator
        if view.last(inner) == "csrf_exempt" or (
            isinstance(decorator, ast.Call) and view.last(decorator.func) == "csrf_exempt"
        ):
            text = ast.get_source_segment(view.text, node) or ""
            bearer = any(view.last(getattr(item, "func", item)) == "api_view" for item in node.decorator_list)
            if not _VERIFIES.search(text) and not bearer:
                yield view.finding(
                    "missing-csrf-protection", decorator, "this view is left out of the check against forged requests"
                )


def exempt_call(view: View, call: ast.Call) -> Iterator[Finding]:
    """`csrf_exempt(view)` in a list of routes, `csrf.exempt(...)` of Flask."""
    if (
        view.name(call.func).endswith("csrf.csrf_exempt")
        and call.args
        and isinstance(call.args[0], ast.Name | ast.Attribute | ast.Call)
    ):
        yield view.finding(
            "missing-csrf-protection", call, "this view is left out of the check against forged requests"
        )


def raw_sql(view: View, call: ast.Call) -> Iterator[Finding]:
    """`extra()` and `raw()` with a query that is put together."""
    last = view.last(call.func)
    if not isinstance(call.func, ast.Attribute) or (last == "raw" and label(call.func.value) != "objects"):
        return
    if last == "extra" and label(call.func.value) in {"logger", "log", "self"}:
        return
    given = (
        [view.argument(call, 0, "raw_query")]
        if last == "raw"
        else [view.argument(call, None, name) for name in ("where", "select", "tables", "order_by")]
    )
    for node in given:
        if node is not None and _put_together(view, node):
            yield view.finding("sql-injection", call, f"{last}() runs a query that is put together from values")
            return


def _put_together(view: View, node: ast.expr, depth: int = 0) -> bool:
    for item in ast.walk(node):
        if isinstance(item, ast.JoinedStr) and any(
            isinstance(part, ast.FormattedValue) and UNKNOWN in view.values(part.value) for part in item.values
        ):
            return True
        if isinstance(item, ast.BinOp) and isinstance(item.op, ast.Add | ast.Mod) and UNKNOWN in view.values(item):
            return True
        if isinstance(item, ast.Call) and view.last(item.func) == "format" and UNKNOWN in view.values(item):
            return True
        if (
            isinstance(item, ast.Name)
            and depth < 3
            and any(value is not None and _put_together(view, value, depth + 1) for value in view.reaching(item))
        ):
            return True
    return False


WATCHES: tuple[Watch, ...] = (
    calls(exempt_call, "csrf_exempt"),
    calls(raw_sql, "extra", "raw"),
    nodes(setting, ast.Assign),
    nodes(exempt, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)
