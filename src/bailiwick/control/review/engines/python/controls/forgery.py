"""Requests that another site can make a person's browser send: forms without a token, links that change data."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.controls.evidence import Evidence
from bailiwick.control.review.engines.python.controls.routes import CHANGING, Route
from bailiwick.control.review.engines.python.patterns.naming import label
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.model import Finding

_PROTECTED = re.compile(
    r"(?i)csrf|xsrf|SeaSurf|validate_on_submit|FlaskForm|ModelForm|SESSION_COOKIE_SAMESITE|same_site='(?:strict|lax)'"
    r"|(?:^|\0)origin(?:\0|$)|sec-fetch-site"
)
_CHANGES = re.compile(r"(?is)^\s*(?:delete\s+from|drop\s+table|truncate|update\s+\w+\s+set|insert\s+into)\s")
_COUNTING = re.compile(
    r"(?i)\b(?:visits?|views?|hits|last_seen|last_login|last_access\w*|clicks|counter|logs?|audit\w*|events?|downloads?|count|sessions?|cache\w*|history)\b"
)
_DOING = frozenset({
    "delete", "remove", "approve", "reject", "cancel", "toggle", "activate", "deactivate", "disable", "enable",
    "update", "create", "add", "transfer", "refund", "promote", "reset", "purge", "archive", "pay", "vote",
})  # fmt: skip
_LINKED = frozenset(
    {
        "confirm",
        "verify",
        "unsubscribe",
        "callback",
        "token",
        "logout",
        "login",
        "oauth",
        "activation",
        "register",
        "signup",
        "forgot",
    }
)


def check(found: list[tuple[Route, Evidence]], views: list[View]) -> Iterator[Finding]:
    """Yield a finding for each route that another site could have a signed-in person's browser ask."""
    protected = any(_PROTECTED.search(view.vocabulary) for view in views)
    cookies = _signs_in_by_cookie(views)
    for route, _ in found:
        if route.methods <= {"GET", "HEAD"} and not route.owner:
            what = _change(route)
            if what is not None and not route.words & _LINKED:
                yield route.view.finding(
                    "missing-csrf-protection",
                    what,
                    f"GET {route.path or route.function.name} changes data, so a link or picture does",
                )
        elif (
            cookies and not protected and route.methods & CHANGING and _reads_form(route) and not route.words & _LINKED
        ):
            shown = route.path or route.function.name
            yield route.view.finding(
                "missing-csrf-protection",
                route.line,
                f"{shown} takes a form with a session's cookie, and checks neither a token nor the origin",
            )


def _signs_in_by_cookie(views: list[View]) -> bool:
    """Return whether an app keeps in Flask's session who is signed in; others' cookies stay with their site."""
    for view in views:
        if "flask" not in view.vocabulary.lower() and "quart" not in view.vocabulary.lower():
            continue
        if "flask_login" in view.vocabulary or "login_user" in view.vocabulary:
            return True
        for node in view.nodes:
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and label(node.value) == "session":
                if view.name(node.value).endswith("session") and re.search(
                    r"user|account|login|uid|admin|email", label(node).lower()
                ):
                    return True
    return False


def _reads_form(route: Route) -> bool:
    for node in ast.walk(route.function):
        if isinstance(node, ast.Attribute) and node.attr in {"form", "values"} and label(node.value) == "request":
            return True
    return not any(
        isinstance(node, ast.Attribute) and node.attr in {"json", "get_json", "data"}
        for node in ast.walk(route.function)
    )


def _change(route: Route) -> ast.AST | None:
    """Return where a route that is asked by links changes data."""
    view = route.view
    for node in ast.walk(route.function):
        if not isinstance(node, ast.Call):
            continue
        last = view.last(node.func)
        if last in {"execute", "executemany", "exec_driver_sql"} and node.args:
            inner = node.args[0]
            if isinstance(inner, ast.Call) and inner.args:
                inner = inner.args[0]
            texts = (
                view.texts(inner) or [str(part.value) for part in ast.walk(inner) if isinstance(part, ast.Constant)][:1]
            )
            if any(_CHANGES.match(text) and not _COUNTING.search(text) for text in texts):
                return node
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if (
            last == "delete"
            and owner is not None
            and not node.keywords
            and route.words & {"delete", "remove", "purge", "destroy"}
        ):
            if (
                label(owner) not in {"cache", "client", "requests", "httpx", "redis", "session_store", "response"}
                or node.args
            ):
                return node
        if (
            last in {"commit", "save"}
            and route.words & _DOING
            and owner is not None
            and label(owner) in {"session", "db", "conn", "connection", *_saved(route)}
        ):
            return node
    return None


def _saved(route: Route) -> set[str]:
    return {
        label(target) for node in ast.walk(route.function) if isinstance(node, ast.Assign) for target in node.targets
    }
