"""What speaks for a check: that a route asks who it is, and whether they may."""

import ast
import re
from dataclasses import dataclass

from bailiwick.control.review.engines.python.controls.routes import Route
from bailiwick.control.review.engines.python.patterns.definitions import parameters
from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.view import View

_MAY = frozenset({
    "permission", "permissions", "permitted", "role", "roles", "admin", "authorize", "authorise", "authorized",
    "authorised", "authorization", "superuser", "staff", "scope", "scopes", "policy", "acl", "privilege", "forbidden",
    "allowed", "owner", "can", "may", "entitled",
})  # fmt: skip
_WHO = frozenset({
    "login", "auth", "authenticated", "authenticate", "authentication", "current", "identity", "jwt", "token",
    "bearer", "session", "user", "logged", "signed", "api_key", "oauth2", "verify", "guard", "protected", "principal",
    "credentials", "person", "member", "me",
})  # fmt: skip
_ASKING = frozenset({
    "required", "require", "requires", "depends", "get", "login", "authenticated", "jwt", "oauth2", "current", "verify",
    "user", "auth", "token", "guard", "protected", "active",
})  # fmt: skip
_DENYING = frozenset({
    "HttpResponseForbidden", "HTTPForbidden", "check_object_permissions", "has_perm", "has_perms", "enforce",
})  # fmt: skip
_ANSWERING = frozenset({
    "abort", "HTTPException", "JSONResponse", "Response", "HttpResponse", "JsonResponse", "send_error", "HTTPError",
    "PlainTextResponse", "make_response", "set_status",
})  # fmt: skip
_OPEN = frozenset({"AllowAny", "IsAuthenticatedOrReadOnly", "login_not_required", "public", "anonymous"})
# Names that say that something follows, not what.
_NO_WORDS = frozenset(
    {"session", "Session", "permission_classes", "authentication_classes", "permissions", "decorators"}
)
_DEEPEST = 3


@dataclass(frozen=True)
class Evidence:
    """What is known of a route: whether it asks who, and whether it asks if they may."""

    asks_who: bool
    asks_may: bool


def evidence(route: Route, everywhere: Evidence) -> Evidence:
    """Return what a route asks itself, in what stands around it, and in what runs before every route."""
    who, may = everywhere.asks_who, everywhere.asks_may
    for given in route.given:
        one, other = _of_expression(route.view, given)
        who, may = who or one, may or other
    one, other = _of_function(route.view, route.function, 0, set())
    return Evidence(who or one or may or other, may or other)


def before_every_route(views: list[View]) -> Evidence:
    """Return what middleware, hooks and default permissions ask before every route of an app."""
    who = may = False
    for view in views:
        for node in view.nodes:
            if isinstance(node, Function) and _runs_before(view, node):
                one, other = _of_function(view, node, 0, set())
                who, may = who or one, may or other
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "DEFAULT_PERMISSION_CLASSES":
                        names = {
                            text.rpartition(".")[2]
                            for item in ast.walk(value)
                            for text in view.texts(item)
                            if isinstance(item, ast.Constant)
                        }
                        who = who or bool(names - _OPEN)
                        may = may or bool(names - _OPEN - {"IsAuthenticated"})
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and "LoginRequiredMiddleware" in node.value
            ):
                who = True
    return Evidence(who or may, may)


def _runs_before(view: View, function: Function) -> bool:
    for item in function.decorator_list:
        last = view.last(item.func if isinstance(item, ast.Call) else item)
        if last in {"before_request", "before_app_request", "middleware"}:
            return True
    around = view.parents.get(function)
    if isinstance(around, ast.ClassDef) and function.name in {
        "dispatch",
        "__call__",
        "process_request",
        "process_view",
        "prepare",
    }:
        return (
            any("Middleware" in view.last(base) or "Handler" in view.last(base) for base in around.bases)
            or "Middleware" in around.name
        )
    return False


def _of_expression(view: View, node: ast.expr) -> tuple[bool, bool]:
    """Return what a decorator or dependency asks, by its name and by what a function of the app behind it does."""
    who = may = False
    for item in ast.walk(node):
        name = item.attr if isinstance(item, ast.Attribute) else item.id if isinstance(item, ast.Name) else ""
        if not name or name in _OPEN or name in _NO_WORDS:
            continue
        words = set(parts(name))
        demands = words & {"require", "requires", "required", "ensure", "only", "must"}
        if words & _MAY or (demands and not words & {"login", "jwt", "auth", "token", "user", "session", "signed"}):
            may = True
        if words & _WHO and words & _ASKING:
            who = True
        if isinstance(item, ast.Name | ast.Attribute):
            found = view.project.function(view.module, item)
            other = next((one for one in view.app.values() if found and one.module is found[0]), None)
            if (
                found is not None
                and other is not None
                and isinstance(view.parents.get(item), ast.Call | ast.keyword | Function)
            ):
                one, two = _of_function(other, found[1], 1, set())
                who, may = who or one, may or two
    return who, may


def _of_function(view: View, function: Function, depth: int, seen: set[Function]) -> tuple[bool, bool]:
    """Return what a function asks: whose request it is, and whether it refuses on that account."""
    if depth > _DEEPEST or function in seen:
        return False, False
    seen.add(function)
    who = may = False
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            for one, two in (_refuses(view, node), _called(view, node, depth, seen)):
                who, may = who or one, may or two
        elif isinstance(node, ast.Raise) and node.exc is not None:
            may = may or bool(
                {"permission", "forbidden", "unauthorized", "denied"}
                & {word for name in _labels(node.exc) for word in parts(name)}
            )
        elif isinstance(node, ast.Attribute | ast.Name | ast.Subscript):
            who = who or says_who(node)
        elif isinstance(node, ast.Compare):
            words = {word for part in ast.walk(node) for word in parts(label(part))}
            may = may or bool(
                words & {"role", "roles", "admin", "superuser", "staff", "permissions", "owner", "scopes"}
            )
        elif isinstance(node, ast.If):
            words = {word for part in ast.walk(node.test) for word in parts(label(part))}
            may = may or bool(words & {"admin", "superuser", "staff", "permission", "permitted", "authorized", "can"})
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
            may = may or view.may_be(node.value.elts[1], 403)
            who = who or view.may_be(node.value.elts[1], 401)
    return who, may


def _refuses(view: View, call: ast.Call) -> tuple[bool, bool]:
    """Return whether a call answers that it must be known who asks (401), and that they may not (403)."""
    last = view.last(call.func)
    if last in _DENYING:
        return True, True
    if last == "HTTPUnauthorized":
        return True, False
    if last not in _ANSWERING:
        return False, False
    given = [*call.args, *(word.value for word in call.keywords if word.arg in {"status_code", "status", "code"})]
    denied = any(view.may_be(item, 403) or "_403_" in label(item) for item in given)
    return denied or any(view.may_be(item, 401) or "_401_" in label(item) for item in given), denied


def _called(view: View, call: ast.Call, depth: int, seen: set[Function]) -> tuple[bool, bool]:
    last = view.last(call.func)
    words = set(parts(last))
    if words & {"require", "check", "ensure", "assert", "verify", "enforce"} and words & (
        _MAY | {"access", "user", "auth"}
    ):
        return True, True
    if last in {"x_bailiwick_user"}:
        return True, False
    found = view.project.function(view.module, call.func)
    other = next((one for one in view.app.values() if found and one.module is found[0]), None)
    if found is not None and other is not None:
        return _of_function(other, found[1], depth + 1, seen)
    return any(text.lower().startswith("x-bailiwick-") for item in call.args[:1] for text in view.texts(item)), False


def says_who(node: ast.AST) -> bool:
    """Return whether an expression stands for the person who asks."""
    match node:
        case ast.Name(id=name):
            return name in {"current_user", "current_identity", "logged_in_user", "authenticated_user"}
        case ast.Attribute(attr="user" | "current_user" | "identity", value=inner):
            return label(inner) in {"request", "g", "self", "context", "state", "info"}
        case ast.Subscript(value=inner, slice=ast.Constant(value=str() as key)):
            if label(inner) == "session":
                return bool(re.search(r"user|account|login|uid|email|member", key.lower()))
            return label(inner) == "headers" and key.lower().startswith("x-bailiwick-")
        case ast.Call(func=ast.Attribute(attr="get", value=inner), args=[ast.Constant(value=str() as key), *_]):
            if label(inner) == "session":
                return bool(re.search(r"user|account|login|uid|email|member", key.lower()))
            return label(inner) == "headers" and key.lower().startswith("x-bailiwick-")
        case ast.Call(func=ast.Name(id=name)):
            return name in {"get_jwt_identity", "get_current_user", "current_identity"}
    return False


def people(view: View, function: Function) -> set[str]:
    """Return the names that hold the person who asks, in a function: parameters that a dependency fills, variables."""
    found = set()
    for name, item in parameters(function).items():
        spoken = ast.dump(item.annotation) if item.annotation is not None else ""
        if re.search(r"current_user|get_user|CurrentUser|require_user|authenticated|get_person|current_person", spoken):
            found.add(name)
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    pairs = [
        *zip(plain[len(plain) - len(given.defaults) :], given.defaults, strict=True),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    for item, default in pairs:
        if isinstance(default, ast.Call) and view.last(default.func) in {"Depends", "Security"}:
            if {"user", "person", "principal", "account", "identity", "member"} & set(parts(item.arg)):
                found.add(item.arg)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(says_who(part) for part in ast.walk(node.value)):
            found |= {label(target) for target in node.targets}
    return found


def _labels(node: ast.AST) -> set[str]:
    return {label(item) for item in ast.walk(node)}
