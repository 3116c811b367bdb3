"""Which functions answer requests, and which expressions come out of one."""

import ast
import re

from bailiwick.control.review.engines.python.patterns.definitions import parameters
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.view import View

VERBS = frozenset({
    "get", "post", "put", "patch", "delete", "head", "options", "route", "api_route", "websocket", "api_view",
    "action", "view_config", "add_url_rule",
})  # fmt: skip
_HANDLERS = frozenset({"errorhandler", "exception_handler", "app_errorhandler"})
_VIEWS = re.compile(r"(?:View|ViewSet|MethodView|Resource|HTTPEndpoint|APIView|RequestHandler|Handler|Mixin)$")
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "list", "retrieve", "create", "update", "partial_update",
                      "destroy", "dispatch", "form_valid", "do_GET", "do_POST"})  # fmt: skip
_PARTS = frozenset({
    "args", "form", "values", "json", "GET", "POST", "query_params", "path_params", "cookies", "headers", "data",
    "query", "match_info", "files", "FILES", "COOKIES", "META", "get_json", "get_argument", "match_dict",
})  # fmt: skip
_REQUESTS = frozenset(
    {"request", "req", "self.request", "flask.request", "connexion.request", "quart.request", "bottle.request"}
)
_FRAMEWORK_TYPES = re.compile(
    r"(?:Request|WebSocket|Response|BackgroundTasks|Session|HTTPConnection|AsyncSession|Connection)$"
)


def is_route(view: View, function: Function) -> bool:
    """Return whether a function answers requests."""
    return bool(decorators(view, function)) or _is_view_method(view, function) or _takes_request(view, function)


def handles_errors(function: Function) -> bool:
    """Return whether a function answers when something else failed."""
    return any(_last(item) in _HANDLERS for item in function.decorator_list)


def decorators(view: View, function: Function) -> list[ast.Call]:
    """Return the decorators that make a function a route."""
    found = []
    for item in function.decorator_list:
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute | ast.Name) and _last(item) in VERBS:
            owner = item.func.value if isinstance(item.func, ast.Attribute) else None
            made = view.made_by(owner) if owner is not None else ""
            if not made.startswith(("mock", "unittest", "requests", "httpx", "responses", "respx")):
                found.append(item)
    return found


def class_of(view: View, node: ast.AST) -> ast.ClassDef | None:
    """Return the class whose method a function is."""
    parent = view.parents.get(node)
    return parent if isinstance(parent, ast.ClassDef) else None


def _is_view_method(view: View, function: Function) -> bool:
    around = class_of(view, function)
    return (
        around is not None
        and function.name in _METHODS
        and any(_VIEWS.search(view.last(base)) for base in around.bases)
    )


def _takes_request(view: View, function: Function) -> bool:
    """Return whether a function is a plain view: its first parameter is the request."""
    names = list(parameters(function))
    if not names or names[0] != "request" or class_of(view, function) is not None:
        return False
    return any(name.startswith(("django", "aiohttp", "starlette", "rest_framework")) for name in view.imports.values())


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def request_values(view: View, node: ast.AST | None, *, numbers_only: bool = False, depth: int = 0) -> bool:
    """Return whether an expression has a part that whoever sends the request chooses.

    With `numbers_only` a text does not count, only what is made a number, or declared as one.
    """
    if node is None or depth > 5:
        return False
    if isinstance(node, ast.Call):
        name = view.name(node.func)
        if name in {"int", "float", "abs", "round", "max"}:
            return any(request_values(view, item, depth=depth + 1) for item in node.args)
        if name in {"len", "min", "bool"}:
            return False
        if _out_of_request(view, node.func):
            kind = view.argument(node, None, "type")
            return not numbers_only or view.last(kind) in {"int", "float"}
        return False
    if isinstance(node, ast.Subscript | ast.Attribute):
        return not numbers_only and _out_of_request(view, node)
    if isinstance(node, ast.BinOp):
        return any(
            request_values(view, item, numbers_only=numbers_only, depth=depth + 1) for item in (node.left, node.right)
        )
    if isinstance(node, ast.BoolOp):
        return any(request_values(view, item, numbers_only=numbers_only, depth=depth + 1) for item in node.values)
    if isinstance(node, ast.Name):
        for value in view.reaching(node):
            if value is None:
                if _parameter_of_route(view, node, numbers_only):
                    return True
            elif request_values(view, value, numbers_only=numbers_only, depth=depth + 1):
                return True
    return False


def _out_of_request(view: View, node: ast.AST) -> bool:
    """Return whether an expression is a part of a request: `request.args.get`, `request.form[...]`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute) and node.attr in _PARTS:
            if view.name(node.value) in _REQUESTS or view.made_by(node.value).endswith("Request"):
                return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def _parameter_of_route(view: View, node: ast.Name, numbers_only: bool) -> bool:
    function = view.function(node)
    if function is None or not decorators(view, function):
        return False
    argument = parameters(function).get(node.id)
    if argument is None:
        return False
    kind = view.last(argument.annotation)
    if kind in {"int", "float"}:
        return True
    return not numbers_only and not _FRAMEWORK_TYPES.search(kind) and kind not in {"bool", "UUID", "date", "datetime"}
