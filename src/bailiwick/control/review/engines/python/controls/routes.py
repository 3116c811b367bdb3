"""The routes of an app: FastAPI, Flask, Django with REST framework, Starlette, aiohttp, Tornado."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.routes import class_of
from bailiwick.control.review.engines.python.patterns.view import View

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_ROUTERS = frozenset({"route", "api_route", "websocket"})
_METHOD_VIEWS = re.compile(r"(?:View|Resource|HTTPEndpoint|RequestHandler|Handler)$")
_SETS = re.compile(r"(?:ViewSet|ViewSetMixin|ModelViewSet)$")
_TAKING = frozenset({"include_router", "register_blueprint"})
_CLIENTS = re.compile(r"mock|unittest|requests|httpx|responses|respx|TestClient|Session")
_ACTIONS = {
    "list": "GET", "retrieve": "GET", "create": "POST", "update": "PUT", "partial_update": "PATCH", "destroy": "DELETE",
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """A function that answers requests. `given` are the expressions that stand around it: decorators, dependencies."""

    view: View
    function: Function
    path: str
    methods: frozenset[str]
    given: tuple[ast.expr, ...] = ()
    line: ast.AST = field(default_factory=ast.Pass)

    @property
    def words(self) -> set[str]:
        """The words of its path and name."""
        return set(parts(self.path)) | set(parts(self.function.name)) | set(parts(self.owner))

    @property
    def owner(self) -> str:
        """The class that it is a method of, or an empty string."""
        around = class_of(self.view, self.function)
        return around.name if around is not None else ""

    @property
    def changes(self) -> bool:
        """Whether it is asked by a method that is for changes."""
        return bool(self.methods & CHANGING)


def routes(views: list[View]) -> list[Route]:
    """Return the routes of an app."""
    found: list[Route] = []
    for view in views:
        found += [*_decorated(view), *_of_classes(view)]
    # What a decorator says of a function is more than its place in a list.
    for view in views:
        found += _registered(view, views)
    unique: dict[Function, Route] = {}
    for route in found:
        unique.setdefault(route.function, route)
    return list(unique.values())


def _decorated(view: View) -> Iterator[Route]:
    for node in view.nodes:
        if isinstance(node, Function):
            for item in node.decorator_list:
                route = _of_decorator(view, node, item)
                if route is not None:
                    yield route
                    break


def _of_decorator(view: View, function: Function, item: ast.expr) -> Route | None:
    if not (isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute)):
        if isinstance(item, ast.Call) and view.last(item.func) == "api_view":
            methods = _methods(view, item, 0) or frozenset({"GET"})
            return Route(view, function, "", methods, tuple(function.decorator_list), item)
        return None
    verb = item.func.attr
    if verb not in _VERBS | _ROUTERS or _CLIENTS.search(view.made_by(item.func.value)):
        return None
    path = view.texts(view.argument(item, 0, "path", "rule"))
    if not path:
        return None
    methods = frozenset({verb.upper()}) if verb in _VERBS else _methods(view, item, None) or frozenset({"GET"})
    given = [*function.decorator_list, *_defaults(function), *_of_router(view, item.func.value)]
    return Route(view, function, _prefix(view, item.func.value) + path[0], methods, tuple(given), item)


def _defaults(function: Function) -> list[ast.expr]:
    """Return what stands beside a function's parameters: FastAPI's dependencies."""
    given = function.args
    annotations = [item.annotation for item in [*given.posonlyargs, *given.args, *given.kwonlyargs] if item.annotation]
    return [*given.defaults, *(item for item in given.kw_defaults if item is not None), *annotations]


def _methods(view: View, call: ast.Call, position: int | None) -> frozenset[str]:
    given = view.argument(call, position, "methods", "http_method_names")
    if isinstance(given, ast.List | ast.Tuple | ast.Set):
        return frozenset(text.upper() for item in given.elts for text in view.texts(item))
    return frozenset()


def _router_calls(view: View, router: ast.expr) -> list[ast.Call]:
    """Return the calls that made a router, and those that took it into an app."""
    found = [
        value
        for value in (view.reaching(router) if isinstance(router, ast.Name) else [])
        if isinstance(value, ast.Call)
    ]
    if isinstance(router, ast.Name) and not found:
        found = [value for value in view.everywhere(view.tree, router.id) if isinstance(value, ast.Call)]
    own = f"{view.module.name}.{label(router)}"
    for other in view.app.values():
        for node in other.nodes:
            if isinstance(node, ast.Call) and view.last(node.func) in _TAKING and node.args:
                taken = node.args[0]
                same = other is view and label(taken) == label(router)
                if same or view.project.name_of(other.module, taken) == own:
                    found.append(node)
    return found


def _of_router(view: View, router: ast.expr) -> list[ast.expr]:
    found: list[ast.expr] = []
    for call in _router_calls(view, router):
        found += [keyword.value for keyword in call.keywords if keyword.arg == "dependencies"]
    for other in view.app.values():
        for node in other.nodes:
            if isinstance(node, ast.Call) and view.last(node.func) in {"FastAPI", "Starlette"}:
                found += [keyword.value for keyword in node.keywords if keyword.arg == "dependencies"]
    return found


def _prefix(view: View, router: ast.expr) -> str:
    for call in _router_calls(view, router):
        texts = [
            text
            for keyword in call.keywords
            if keyword.arg in {"prefix", "url_prefix"}
            for text in view.texts(keyword.value)
        ]
        if texts:
            return texts[0]
    return ""


def _of_classes(view: View) -> Iterator[Route]:
    for node in view.classes.values():
        names = [view.name(base) or view.last(base) for base in node.bases]
        if not any(_METHOD_VIEWS.search(name) or _SETS.search(name) for name in names):
            continue
        given = tuple(_of_class(node))
        actions = any(_SETS.search(name) for name in names)
        for item in node.body:
            if isinstance(item, Function):
                verb = _ACTIONS.get(item.name, "") if actions else item.name.upper() if item.name in _VERBS else ""
                if verb:
                    yield Route(view, item, "", frozenset({verb}), (*given, *item.decorator_list), item)


def _of_class(node: ast.ClassDef) -> Iterator[ast.expr]:
    yield from node.bases
    yield from node.decorator_list
    for item in node.body:
        if isinstance(item, ast.Assign) and any(
            label(target)
            in {
                "permission_classes",
                "decorators",
                "method_decorators",
                "authentication_classes",
                "permission_required",
            }
            for target in item.targets
        ):
            yield item.value


def _registered(view: View, views: list[View]) -> Iterator[Route]:
    """Yield routes that are named in a list or by a call: Django, Starlette, aiohttp, Flask's add_url_rule."""
    for node in view.nodes:
        if not isinstance(node, ast.Call):
            continue
        last, name = view.last(node.func), view.name(node.func)
        target: ast.expr | None = None
        methods: frozenset[str] = frozenset()
        if last in {"path", "re_path", "url"} and name.startswith(("django.", "path", "re_path", "url")):
            target = view.argument(node, 1, "view")
        elif last == "Route":
            target, methods = view.argument(node, 1, "endpoint"), _methods(view, node, None) or frozenset({"GET"})
        elif last == "add_url_rule":
            target, methods = view.argument(node, 2, "view_func"), _methods(view, node, None) or frozenset({"GET"})
        elif last in {"add_post", "add_put", "add_patch", "add_delete", "add_get"}:
            target, methods = view.argument(node, 1, "handler"), frozenset({last[4:].upper()})
        elif name.startswith("aiohttp.web.") and last in _VERBS:
            target, methods = view.argument(node, 1, "handler"), frozenset({last.upper()})
        given: list[ast.expr] = []
        while isinstance(target, ast.Call) and target.args:
            given.append(target.func)
            target = target.args[0]
        place = _function(view, target, views)
        if place is not None:
            path = "".join(view.texts(node.args[0])[:1]) if node.args else ""
            other, function = place
            asked = methods or _asked(other, function)
            yield Route(other, function, path, asked, (*given, *function.decorator_list), function)


def _function(view: View, target: ast.expr | None, views: list[View]) -> tuple[View, Function] | None:
    """Return the function of the app that an expression names."""
    if target is None:
        return None
    found = view.project.function(view.module, target)
    if found is None:
        return None
    other = next((item for item in views if item.module is found[0]), None)
    return (other, found[1]) if other is not None else None


def _asked(view: View, function: Function) -> frozenset[str]:
    """Return by which methods a Django view lets itself be asked, as its decorators and tests say."""
    for item in function.decorator_list:
        last = view.last(item.func if isinstance(item, ast.Call) else item)
        if last == "require_POST":
            return frozenset({"POST"})
        if last in {"require_GET", "require_safe"}:
            return frozenset({"GET"})
        if last == "require_http_methods" and isinstance(item, ast.Call):
            return _methods(view, item, 0) or frozenset({"GET"})
    found = {"GET"}
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and label(node.left) == "method":
            found |= {text for item in node.comparators for text in view.texts(item)}
        if isinstance(node, ast.Attribute) and node.attr == "POST" and label(node.value) == "request":
            found.add("POST")
    return frozenset(found)
