"""Routes that change or show what only some may, and ask nobody whether they may."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.controls.evidence import Evidence
from bailiwick.control.review.engines.python.controls.owners import takes_part
from bailiwick.control.review.engines.python.controls.routes import Route
from bailiwick.control.review.engines.python.patterns.naming import label, labels, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.model import Finding

_ADMIN = frozenset({"admin", "admins", "administrator", "superuser", "impersonate", "sudo", "backoffice"})
_GRAVE = frozenset({
    "delete", "remove", "destroy", "purge", "refund", "refunds", "payout", "payouts", "transfer", "role", "roles",
    "promote", "demote", "permission", "permissions", "grant", "revoke", "ban", "unban", "suspend", "disable",
    "approve", "reset", "wipe", "truncate", "shutdown", "restore", "salary", "payroll",
})  # fmt: skip
_OTHERS = frozenset({
    "user", "users", "account", "accounts", "member", "members", "employee", "employees", "payment", "payments",
    "invoice",
})  # fmt: skip
# Routes that are for everybody, or that prove by themselves who asks.
_OPEN = frozenset({
    "login", "signin", "logout", "signout", "register", "signup", "token", "webhook", "webhooks", "hook", "hooks",
    "callback", "health", "healthz", "ready", "live", "ping", "forgot", "verify", "confirm", "contact", "subscribe",
    "unsubscribe", "search", "oauth", "auth", "password", "session", "sso", "static", "favicon", "metrics",
})  # fmt: skip


def check(found: list[tuple[Route, Evidence]], views: list[View], before: Evidence) -> Iterator[Finding]:
    """Yield a finding for each route that asks nobody whether they may, as far as that is sure."""
    open_sets = [] if before.asks_who else [item for view in views for item in _open_sets(view)]
    yield from (finding for _, finding in open_sets)
    told = {name for name, _ in open_sets}
    others_ask = any(asked.asks_may for _, asked in found)
    for route, asked in found:
        words = route.words
        if asked.asks_may or _says_open(route) or route.owner in told:
            continue
        if words & _ADMIN:
            who = "whoever is signed in" if asked.asks_who else "anybody who can reach the app"
            yield _finding(route, f"{_shown(route)} is for administrators by its name, and {who} can ask it")
        elif asked.asks_who:
            if _about_others(route):
                yield _finding(
                    route, f"{_shown(route)} changes what others are or may, and whoever is signed in can ask it"
                )
        elif words & _OPEN:
            continue
        elif words & _GRAVE and (route.changes or words & {"delete", "remove", "destroy", "purge", "wipe"}):
            yield _finding(route, f"{_shown(route)} asks neither who it is nor whether they may")
        elif "DELETE" in route.methods and not words & {
            "cart",
            "draft",
            "filter",
            "basket",
            "todo",
            "todos",
            "note",
            "notes",
        }:
            yield _finding(route, f"{_shown(route)} deletes, and asks neither who it is nor whether they may")
        elif route.changes and others_ask:
            yield _finding(route, f"other routes ask who may, and {_shown(route)} does not", worse=-2)


def _open_sets(view: View) -> Iterator[tuple[str, Finding]]:
    """Yield REST framework's sets of views that let everybody change everything, by name with a finding."""
    for node in view.classes.values():
        if not any(view.last(base) == "ModelViewSet" for base in node.bases):
            continue
        own = {
            label(target): item.value for item in node.body if isinstance(item, ast.Assign) for target in item.targets
        }
        methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        given = own.get("permission_classes")
        named = {view.last(item) for item in ast.walk(given)} - {"", "AllowAny"} if given is not None else set()
        mixed = any("Permission" in view.last(base) or "Auth" in view.last(base) for base in node.bases)
        if named or mixed or methods & {"get_permissions", "check_permissions", "initial"}:
            continue
        words = set(parts(node.name)) | {word for name in labels(own.get("queryset")) for word in parts(name)}
        worse = 0 if words & (_GRAVE | _OTHERS) else -2
        words_for_it = f"{node.name} lets everybody change everything"
        yield node.name, view.finding("missing-authorization", node, words_for_it, worse)


def _about_others(route: Route) -> bool:
    """Return whether a route changes another person's account or rights, by a number in its path."""
    if not route.changes or not re.search(r"[<{]", route.path):
        return False
    words = route.words
    rights = words & {"role", "roles", "permission", "permissions", "promote", "demote", "impersonate"}
    people = words & _OTHERS
    return bool(rights or (people and "DELETE" in route.methods)) and not takes_part(route)


def _says_open(route: Route) -> bool:
    """Return whether a route is marked as open to all on purpose, for more than reading."""
    return any(
        isinstance(item, ast.Name | ast.Attribute) and route.view.last(item) in {"login_not_required", "public"}
        for given in route.given
        for item in ast.walk(given)
    )


def _shown(route: Route) -> str:
    name = f"{route.owner}.{route.function.name}" if route.owner else route.function.name
    return f"{'/'.join(sorted(route.methods))} {route.path}" if route.path else name


def _finding(route: Route, message: str, worse: int = 0) -> Finding:
    return route.view.finding("missing-authorization", route.line, message, worse)
