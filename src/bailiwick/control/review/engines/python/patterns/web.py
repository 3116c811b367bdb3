"""What a web app is set to: the cookies of its sessions, debug mode, checks against forged requests."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.cookies import (
    SERVERS,
)
from bailiwick.control.review.engines.python.patterns.mending import with_value
from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_COOKIE_SETTINGS = {
    "SESSION_COOKIE_SECURE": "the session's cookie is sent over plain HTTP, too",
    "SESSION_COOKIE_HTTPONLY": "scripts of the page can read the session's cookie",
    "REMEMBER_COOKIE_SECURE": "the cookie that remembers somebody is sent over plain HTTP, too",
    "REMEMBER_COOKIE_HTTPONLY": "scripts of the page can read the cookie that remembers somebody",
    "CSRF_COOKIE_SECURE": "the cookie against forged requests is sent over plain HTTP, too",
    "JWT_COOKIE_SECURE": "the token's cookie is sent over plain HTTP, too",
}
_OTHER_SETTINGS: dict[str, tuple[str, object, str]] = {
    "WTF_CSRF_ENABLED": ("missing-csrf-protection", False, "the check of forms against forged requests is off"),
    "WTF_CSRF_CHECK_DEFAULT": ("missing-csrf-protection", False, "the check of forms against forged requests is off"),
    "JWT_COOKIE_CSRF_PROTECT": ("missing-csrf-protection", False, "the check against forged requests is off"),
    "CORS_ALLOW_ALL_ORIGINS": ("permissive-cors", True, "any site may read the answers"),
    "CORS_ORIGIN_ALLOW_ALL": ("permissive-cors", True, "any site may read the answers"),
    "DEBUG_PROPAGATE_EXCEPTIONS": ("debug-mode", True, "errors are shown whole"),
}
_IN_TESTS = re.compile(r"(?:^|/)(?:tests?|conftest|testing|local|dev|development)(?:[_/.]|\.py$)")


def setting(view: View, node: ast.Assign | ast.AnnAssign) -> Iterator[Finding]:
    """A setting of Flask or Django, as a constant, an entry of `app.config`, or a field of a class."""
    if node.value is None:
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from _set(view, node, label(target), node.value, _kind_of(view, target, node))


def settings_call(view: View, call: ast.Call) -> Iterator[Finding]:
    """Settings that are given together: `app.config.update(...)`."""
    if view.last(call.func) == "update" and label(getattr(call.func, "value", None)) == "config":
        for keyword in call.keywords:
            if keyword.arg:
                yield from _set(view, keyword.value, keyword.arg, keyword.value, "flask")
        for item in call.args:
            if isinstance(item, ast.Dict):
                for key, value in zip(item.keys, item.values, strict=True):
                    if isinstance(key, ast.Constant):
                        yield from _set(view, value, str(key.value), value, "flask")
    if view.last(call.func) == "from_mapping" and label(getattr(call.func, "value", None)) == "config":
        for keyword in call.keywords:
            if keyword.arg:
                yield from _set(view, keyword.value, keyword.arg, keyword.value, "flask")


def _kind_of(view: View, target: ast.expr, node: ast.AST) -> str:
    """Say what a setting belongs to: flask, django, a class of settings; or nothing for any other assignment."""
    if isinstance(target, ast.Subscript) and label(target.value) == "config":
        return "flask"
    if isinstance(target, ast.Name) and target.id.isupper():
        if isinstance(view.parents.get(node), ast.ClassDef):
            return "class"
        return "django" if view.configures_django else "module"
    if isinstance(target, ast.Attribute) and target.attr in {"debug", "DEBUG"}:
        return "flask" if view.made_by(target.value) in SERVERS else ""
    return ""


def _set(view: View, node: ast.AST, name: str, value: ast.expr, kind: str) -> Iterator[Finding]:
    if not kind or _IN_TESTS.search(view.path.lower()) or _test_class(view, node):
        return
    if name in _COOKIE_SETTINGS and view.is_surely(value, False):
        edit = with_value(view, value, "True") if isinstance(value, ast.Constant) else None
        yield view.finding("insecure-cookie", node, f"{_COOKIE_SETTINGS[name]}: {name} is off", edit=edit)
    elif name in _OTHER_SETTINGS and view.is_surely(value, _OTHER_SETTINGS[name][1]):
        rule_id, _, words = _OTHER_SETTINGS[name]
        yield view.finding(rule_id, node, f"{words}: {name}")
    elif (name in {"DEBUG", "debug"} and kind in {"flask", "django"} and view.may_be(value, True)) or (
        name == "DEBUG" and kind == "class" and view.is_surely(value, True) and _production(view, node)
    ):
        edit = with_value(view, value, "False") if isinstance(value, ast.Constant) else None
        yield view.finding("debug-mode", node, "debug mode is on", edit=edit)


def _class_name(view: View, node: ast.AST) -> str:
    return next((item.name for item in view.around(node) if isinstance(item, ast.ClassDef)), "")


def _test_class(view: View, node: ast.AST) -> bool:
    words = set(parts(_class_name(view, node)))
    return bool(words & {"test", "testing", "tests", "dev", "development", "local", "debug"})


def _production(view: View, node: ast.AST) -> bool:
    words = set(parts(_class_name(view, node)))
    return bool(words & {"config", "settings", "production", "prod", "base", "default"}) and "Flask" in "".join(
        other.vocabulary for other in view.app.values()
    )


def debug(view: View, call: ast.Call) -> Iterator[Finding]:
    """A server that is started with its debugger, or that reloads code."""
    name, last = view.name(call.func), view.last(call.func)
    if last in {"run", "run_server", "run_simple"}:
        owner = view.made_by(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        server = owner in SERVERS or label(getattr(call.func, "value", None)) in {
            "app",
            "application",
            "server",
            "bottle",
        }
        given = view.argument(call, None, "debug", "use_debugger", "use_evalex")
        if (server or last != "run") and view.may_be(given, True):
            edit = with_value(view, given, "False") if isinstance(given, ast.Constant) else None
            words = "the server's debugger runs code that is typed into a page"
            yield view.finding("debug-mode", call, words, edit=edit)
        if (
            name == "uvicorn.run"
            and view.may_be(view.argument(call, None, "reload", "debug"), True)
            and not _only_at_desk(view, call)
        ):
            yield view.finding("debug-mode", call, "the server watches files and reloads code", worse=-2)
    elif name.rpartition(".")[2] in {"FastAPI", "Starlette", "DebuggedApplication", "Application"}:
        if name.endswith(("fastapi.FastAPI", "starlette.applications.Starlette", "tornado.web.Application")):
            if view.may_be(view.argument(call, None, "debug"), True):
                yield view.finding("debug-mode", call, "errors show code and values")
        elif name.startswith("werkzeug.") and name.endswith("DebuggedApplication"):
            yield view.finding("debug-mode", call, "the server's debugger runs code that is typed into a page")


def _only_at_desk(view: View, node: ast.AST) -> bool:
    """Return whether code runs only when somebody starts the file by hand."""
    return any(
        isinstance(item, ast.If) and isinstance(item.test, ast.Compare) and label(item.test.left) == "__name__"
        for item in view.around(node)
    )


WATCHES: tuple[Watch, ...] = (
    calls(settings_call, "update", "from_mapping"),
    calls(debug, "run", "run_server", "run_simple", "FastAPI", "Starlette", "Application", "DebuggedApplication"),
    nodes(setting, ast.Assign, ast.AnnAssign),
)
