"""Which other sites may read what an app answers."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.naming import label, labels
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding


def cors(view: View, call: ast.Call) -> Iterator[Finding]:
    """Answers that any site may read in a person's name."""
    name = view.name(call.func)
    if (
        view.last(call.func) == "add_middleware" and call.args and view.name(call.args[0]).endswith("CORSMiddleware")
    ) or (name.endswith("CORSMiddleware") and view.argument(call, None, "allow_origins")):
        yield from _starlette_cors(view, call)
    elif name in {"starlette.middleware.Middleware", "fastapi.middleware.Middleware"} and call.args:
        if view.name(call.args[0]).endswith("CORSMiddleware"):
            yield from _starlette_cors(view, call)
    elif name in {"flask_cors.CORS", "flask_cors.cross_origin", "quart_cors.cors"}:
        credentials = view.may_be(view.argument(call, None, "supports_credentials", "allow_credentials"), True)
        origins = view.argument(call, None, "origins", "allow_origin", "resources")
        anybody = origins is None or _any_origin(view, origins)
        if anybody and (credentials or _explicit_star(view, origins)):
            with_them = ", with cookies" if credentials else ""
            yield view.finding(
                "permissive-cors", call, f"any site may read the answers{with_them}", worse=int(credentials)
            )


def _explicit_star(view: View, origins: ast.expr | None) -> bool:
    return origins is not None and _any_origin(view, origins)


def _starlette_cors(view: View, call: ast.Call) -> Iterator[Finding]:
    origins = view.argument(call, None, "allow_origins")
    pattern = view.texts(view.argument(call, None, "allow_origin_regex"))
    anybody = (origins is not None and _any_origin(view, origins)) or any(_any_pattern(text) for text in pattern)
    if anybody:
        credentials = view.may_be(view.argument(call, None, "allow_credentials"), True)
        with_them = ", with cookies" if credentials else ""
        yield view.finding("permissive-cors", call, f"any site may read the answers{with_them}", worse=int(credentials))


def _any_pattern(pattern: str) -> bool:
    return bool(re.fullmatch(r"\^?(?:https\??|https\?|\(\?:?https\??\))?(?::?//|:\\/\\/)?\(?\.[*+]\)?\$?", pattern))


def _any_origin(view: View, node: ast.expr) -> bool:
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and item.value == "*":
            return True
    return any(value == "*" or (isinstance(value, tuple) and "*" in value) for value in view.values(node))


def cors_header(view: View, node: ast.Assign) -> Iterator[Finding]:
    """The header that lets other origins read, with `*` or with whatever origin asks."""
    for target in node.targets:
        if isinstance(target, ast.Subscript) and label(target).lower() == "access-control-allow-origin":
            if not _guarded(view, node):
                yield from _allowed(view, node, node.value)


def cors_header_call(view: View, call: ast.Call) -> Iterator[Finding]:
    """The same by a call: `headers.add`, `set_header`, `setdefault`."""
    if len(call.args) > 1 and any(text.lower() == "access-control-allow-origin" for text in view.texts(call.args[0])):
        if not _guarded(view, call):
            yield from _allowed(view, call, call.args[1])


def _allowed(view: View, node: ast.AST, value: ast.expr) -> Iterator[Finding]:
    held = [value] + ([item for item in view.reaching(value) if item] if isinstance(value, ast.Name) else [])
    if view.may_be(value, "*"):
        credentials = "allow-credentials" in view.vocabulary.lower()
        yield view.finding("permissive-cors", node, "any site may read the answers", worse=int(credentials))
    elif any(_origin_of_request(item) for item in held):
        yield view.finding("permissive-cors", node, "whatever origin asks may read the answers", worse=1)


def _origin_of_request(node: ast.expr) -> bool:
    return any(
        label(item).lower() in {"origin", "http_origin", "referer"} and isinstance(item, ast.Call | ast.Subscript)
        for item in ast.walk(node)
    )


def _guarded(view: View, node: ast.AST) -> bool:
    """Return whether the function around asks whether the origin is one of some, or has a form."""
    function = view.function(node)
    for item in ast.walk(function or view.tree):
        if isinstance(item, ast.If | ast.IfExp) and any("origin" in name.lower() for name in labels(item.test)):
            tests = [test for part in ast.walk(item.test) if isinstance(part, ast.Compare) for test in part.ops]
            asked = any(
                isinstance(part, ast.Call) and view.last(part.func) not in {"get"} for part in ast.walk(item.test)
            )
            if asked or any(isinstance(test, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for test in tests):
                return True
    return False


WATCHES: tuple[Watch, ...] = (
    calls(cors_header_call, "add", "set", "append", "set_header", "add_header", "setdefault"),
    calls(cors, "add_middleware", "CORSMiddleware", "CORS", "cross_origin", "cors", "Middleware"),
    nodes(cors_header, ast.Assign),
)
