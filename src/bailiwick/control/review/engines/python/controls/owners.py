"""Objects that are fetched by the number in the request alone, where the app knows whose they are."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.controls.evidence import Evidence, people, says_who
from bailiwick.control.review.engines.python.controls.routes import Route
from bailiwick.control.review.engines.python.patterns.definitions import parameters
from bailiwick.control.review.engines.python.patterns.naming import label
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.routes import request_values
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.model import Finding

_OWNERS = re.compile(
    r"(?i)^(?:user|owner|author|account|tenant|org|organi[sz]ation|member|creator|employee|customer|patient)(?:_?id)?$|^(?:created_by|owned_by|uploaded_by|belongs_to|assigned_to)$"
)
_BY_ID = re.compile(
    r"(?is)\b(?:from|update|delete\s+from)\s+[\"`]?(\w+)[\"`]?\b.*?\bwhere\s+(?:\w+\.)?(?:id|uuid|\w+_id|pk)\s*=\s*(?:%s|\?|:\w+|%\(\w+\)s|\$\d+)\s*(.*)$"
)
_TABLE = re.compile(r"(?is)create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`]?(\w+)[\"`]?\s*\((.*?)\)\s*(?:;|\0|$)")
_PEOPLE = frozenset({"user", "users", "account", "accounts", "member", "members", "session", "sessions"})


def check(found: list[tuple[Route, Evidence]], views: list[View]) -> Iterator[Finding]:
    """Yield a finding for each fetch by number alone of what belongs to somebody, in an app that knows who asks."""
    owned = _owned(views)
    if not owned or not any(asked.asks_who for _, asked in found):
        return
    for route, asked in found:
        # What asks whether they may, by role or otherwise, is taken to know what it does.
        if asked.asks_may or route.words & {"admin", "public", "share", "shared"} or takes_part(route):
            continue
        for node, table in _fetches(route.view, route.function):
            if table.lower() in owned and _by_request(route, node):
                words = f"{table} is fetched by its number alone, and whose it is ({owned[table.lower()]}) is not asked"
                yield route.view.finding("object-without-owner-check", node, words)
                break


def _owned(views: list[View]) -> dict[str, str]:
    """Return the tables and models that have a column for whose a row is, in lower case, with the column."""
    found: dict[str, str] = {}
    for view in views:
        for name, node in view.classes.items():
            columns = [field for owner, field in view.fields if owner == name]
            columns += [label(item.target) for item in node.body if isinstance(item, ast.AnnAssign)]
            kept = (
                any(re.search(r"Model$|Base$|Document$", view.last(base)) for base in node.bases)
                or "__tablename__" in columns
            )
            kept = kept or any(word.arg == "table" for word in node.keywords)
            column = next((item for item in columns if _OWNERS.match(item)), "")
            if kept and column and not re.search(r"(?i)create|update|read|schema|response|request", name):
                found[name.lower()] = column
        for match in _TABLE.finditer(view.vocabulary):
            names = re.findall(r"(?m)(?:^|,|\()\s*[\"`]?(\w+)[\"`]?\s+\w+", match[2])
            column = next((item for item in names if _OWNERS.match(item)), "")
            if column:
                found[match[1].lower()] = column
        for match in re.finditer(
            r"(?is)\bfrom\s+(\w+)\s+where\s+(?:\w+\s*=\s*\S+\s+and\s+)?(\w+)\s*=", view.vocabulary
        ):
            if _OWNERS.match(match[2]):
                found.setdefault(match[1].lower(), match[2])
    return {name: column for name, column in found.items() if name not in _PEOPLE}


def takes_part(route: Route) -> bool:
    """Return whether the person who asks takes part in a query, a comparison or a check of this route."""
    names = people(route.view, route.function)

    def is_person(node: ast.AST) -> bool:
        return any(says_who(item) or (isinstance(item, ast.Name) and item.id in names) for item in ast.walk(node))

    for node in ast.walk(route.function):
        if isinstance(node, ast.Compare) and is_person(node):
            return not _only_presence(node) or _also_elsewhere(route, node, is_person)
        if isinstance(node, ast.Call) and any(
            is_person(item) for item in [*node.args, *(word.value for word in node.keywords)]
        ):
            if route.view.last(node.func) not in {
                "info",
                "debug",
                "warning",
                "render_template",
                "TemplateResponse",
                "render",
                "jsonify",
                "print",
                "Depends",
            }:
                return True
    return False


def _only_presence(node: ast.Compare) -> bool:
    return isinstance(node.ops[0], ast.Is | ast.IsNot)


def _also_elsewhere(route: Route, known: ast.Compare, is_person: object) -> bool:
    return any(
        isinstance(node, ast.Compare)
        and node is not known
        and not _only_presence(node)
        and callable(is_person)
        and is_person(node)
        for node in ast.walk(route.function)
    )


def _fetches(view: View, function: Function) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls that fetch one row by its number and nothing else, with its table or model."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        last = view.last(node.func)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if last in {"execute", "fetchrow", "fetch_one", "fetchone"} and node.args:
            inner = node.args[0].args[0] if isinstance(node.args[0], ast.Call) and node.args[0].args else node.args[0]
            for text in view.texts(inner):
                match = _BY_ID.search(text)
                if match and not re.search(r"(?i)\band\b|\bin\s*\(", match[2]):
                    yield node, match[1]
        elif last in {"get", "get_or_404", "get_object_or_404", "first_or_404", "one_or_404"}:
            model = _model(view, node, owner)
            if model:
                yield node, model
        elif last in {"filter_by", "where", "filter"} and owner is not None:
            model = _filtered(view, node, owner)
            if model:
                yield node, model


def _model(view: View, call: ast.Call, owner: ast.expr | None) -> str:
    """Return the model of `Model.query.get(id)`, `session.get(Model, id)`, `get_object_or_404(Model, pk=id)`."""
    if owner is not None and label(owner) in {"query", "objects"} and isinstance(owner, ast.Attribute):
        keys = {word.arg for word in call.keywords}
        return label(owner.value) if keys <= {"id", "pk", "uuid"} and (keys or len(call.args) == 1) else ""
    if label(owner) in {"session", "db", "s"} or view.last(call.func) == "get_object_or_404":
        keys = {word.arg for word in call.keywords} - {"options", "with_for_update"}
        if (
            call.args
            and isinstance(call.args[0], ast.Name)
            and call.args[0].id[:1].isupper()
            and keys <= {"id", "pk", "uuid"}
        ):
            return call.args[0].id
    return ""


def _filtered(view: View, call: ast.Call, owner: ast.expr) -> str:
    """Return the model of `query.filter_by(id=id)` or `select(Model).where(Model.id == id)` with one condition only."""
    around = view.parents.get(call)
    chained = isinstance(around, ast.Attribute) and around.attr in {"filter", "filter_by", "where"}
    inner = owner.func if isinstance(owner, ast.Call) else owner
    if chained or (isinstance(inner, ast.Attribute) and inner.attr in {"filter", "filter_by", "where"}):
        return ""
    if len(call.keywords) == 1 and not call.args and call.keywords[0].arg in {"id", "pk"}:
        if isinstance(owner, ast.Attribute) and owner.attr in {"query", "objects"}:
            return label(owner.value)
        return label(owner.args[0]) if isinstance(owner, ast.Call) and owner.args else ""
    if len(call.args) == 1 and isinstance(call.args[0], ast.Compare) and isinstance(call.args[0].ops[0], ast.Eq):
        left = call.args[0].left
        if isinstance(left, ast.Attribute) and left.attr in {"id", "uuid"}:
            return label(left.value)
    return ""


def _by_request(route: Route, call: ast.Call) -> bool:
    """Return whether the number in a fetch comes out of the request: a part of the path, or a parameter."""
    given = set(parameters(route.function)) - {"self", "request", "db", "session"} - people(route.view, route.function)
    for item in ast.walk(call):
        if isinstance(item, ast.Name) and item.id in given:
            return True
        if (
            isinstance(item, ast.Name | ast.Subscript | ast.Call | ast.Attribute)
            and item is not call
            and request_values(route.view, item)
        ):
            return True
    return False
