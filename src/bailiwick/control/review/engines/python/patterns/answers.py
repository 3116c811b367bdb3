"""What answers and logs tell: errors as they are, the environment, passwords, whole rows of people."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.definitions import parameters
from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.routes import handles_errors, is_route
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, nodes
from bailiwick.control.review.model import Finding

_BROAD = frozenset({
    "Exception", "BaseException", "psycopg.Error", "psycopg2.Error", "sqlite3.Error", "SQLAlchemyError",
    "DatabaseError", "OperationalError", "ProgrammingError", "IntegrityError", "ClientError", "BotoCoreError",
})  # fmt: skip
_ANSWERS = frozenset({
    "jsonify", "make_response", "JSONResponse", "HTTPException", "abort", "HTMLResponse", "PlainTextResponse",
    "Response", "HttpResponse", "JsonResponse", "render_template_string", "HttpResponseServerError",
    "json_response", "render_template", "TemplateResponse", "ORJSONResponse", "write", "send_error",
    "HttpResponseBadRequest",
})  # fmt: skip
_TRACES = frozenset({"traceback.format_exc", "traceback.format_exception", "sys.exc_info", "traceback.format_tb",
                     "traceback.format_stack", "cgitb.html"})  # fmt: skip


def error_in_answer(view: View, node: ast.ExceptHandler) -> Iterator[Finding]:
    """An error that is answered as it is, out of a handler that catches anything."""
    if not _is_broad(view, node.type):
        return
    function = view.function(node)
    for statement in (item for body in node.body for item in ast.walk(body)):
        answer = _answer_of(view, statement, function)
        if answer is not None and node.name and _shows(view, answer, node.name):
            yield view.finding("information-exposure", statement, "the error is answered as it is")
            return


def trace_in_answer(view: View, node: ast.Return | ast.Raise | ast.Expr | ast.Assign) -> Iterator[Finding]:
    """A stack trace or the environment in an answer."""
    function = view.function(node)
    answer = _answer_of(view, node, function)
    if answer is None:
        return
    for name in _called(view, answer):
        if name in _TRACES:
            yield view.finding("information-exposure", node, "the stack trace is answered")
            return
    if _whole_environment(view, answer):
        yield view.finding(
            "information-exposure", node, "the app's whole environment or configuration is answered", worse=1
        )


def error_handler(view: View, node: Function) -> Iterator[Finding]:
    """A handler of any error that answers with it."""
    if not handles_errors(node) or not any(_any_error(view, item) for item in node.decorator_list):
        return
    names = [name for name in parameters(node) if name not in {"request", "self", "req"}]
    for item in ast.walk(node):
        answer = _answer_of(view, item, node) if isinstance(item, ast.Return) else None
        if answer is not None and any(_shows(view, answer, name) for name in names):
            yield view.finding("information-exposure", item, "the error is answered as it is")
            return


def _any_error(view: View, decorator: ast.expr) -> bool:
    if not isinstance(decorator, ast.Call) or not decorator.args:
        return False
    return view.last(decorator.args[0]) in {"Exception", "BaseException"} or view.may_be(decorator.args[0], 500)


def _is_broad(view: View, kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(view.name(item) in _BROAD or view.last(item) in _BROAD for item in kinds)


def _answer_of(view: View, node: ast.AST, function: Function | None) -> ast.expr | None:
    """Return what a statement answers somebody, when it does."""
    if isinstance(node, ast.Return) and node.value is not None and function is not None:
        made = isinstance(node.value, ast.Call | ast.Tuple) and any(
            name.rpartition(".")[2] in _ANSWERS for name in _called(view, node.value)
        )
        if made or is_route(view, function) or handles_errors(function):
            return node.value
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return node.exc if view.last(node.exc.func) == "HTTPException" else None
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        last = view.last(node.value.func)
        if last == "abort" or (
            last in {"write", "send_error"} and label(getattr(node.value.func, "value", None)) in {"self", "wfile"}
        ):
            return node.value
    return None


def _called(view: View, node: ast.AST) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Call):
            yield view.name(item.func) or view.last(item.func)
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load):
            for value in view.reaching(item):
                if isinstance(value, ast.Call):
                    yield view.name(value.func)


def _shows(view: View, answer: ast.AST, name: str, depth: int = 0) -> bool:
    """Return whether an answer has the error in it as text; its fields that are made for people do not count."""
    for item in ast.walk(answer):
        if isinstance(item, ast.Name) and item.id == name and isinstance(item.ctx, ast.Load):
            around = view.parents.get(item)
            if isinstance(around, ast.Attribute):
                if around.attr in {"args", "message", "__traceback__", "orig", "__dict__", "pgerror"}:
                    return True
                continue
            if isinstance(around, ast.Call) and view.last(around.func) not in {
                "str",
                "repr",
                "format",
                "format_exception",
                "jsonify",
            }:
                continue
            if isinstance(around, ast.Raise):
                continue
            return True
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load) and item.id != name and depth < 2:
            if any(value is not None and _shows(view, value, name, depth + 1) for value in view.reaching(item)):
                return True
    return False


def _whole_environment(view: View, answer: ast.AST) -> bool:
    for item in ast.walk(answer):
        name = view.name(item) if isinstance(item, ast.Attribute | ast.Name) else ""
        if name == "os.environ" or (
            name.endswith(".config") and view.made_by(getattr(item, "value", None)) == "flask.Flask"
        ):
            around = view.parents.get(item)
            if isinstance(around, ast.Call) and item in around.args:
                return view.name(around.func).rpartition(".")[2] in {
                    "dict",
                    "str",
                    "jsonify",
                    "JSONResponse",
                    "repr",
                    "JsonResponse",
                }
            if isinstance(around, ast.Return | ast.Dict | ast.FormattedValue):
                return True
            if isinstance(around, ast.Attribute) and around.attr in {"copy", "items"}:
                return not isinstance(view.parents.get(view.parents[around]), ast.comprehension)
    return False


_PEOPLE = frozenset({
    "user", "users", "account", "accounts", "customer", "customers", "employee", "employees", "member", "members",
    "patient", "patients", "u", "person", "profile", "admin",
})  # fmt: skip
_HASH_KEYS = re.compile(
    r"(?i)^(?:password|passwd|pwd|password_?hash|hashed_?password|pw_?hash|ssn|mfa_secret|totp_secret)$"
)
_WHOLE_ROWS = re.compile(
    r"(?is)\bselect\s+(?:\w+\.)?\*\s+from\s+[\"`]?(users?|accounts?|customers?|employees?|members?|patients?)\b"
)


def secret_in_answer(view: View, node: ast.Return) -> Iterator[Finding]:
    """A person's password hash or everything about them, in an answer."""
    function = view.function(node)
    if function is None or node.value is None or not (is_route(view, function) or _is_serializer(function)):
        return
    for item in ast.walk(node.value):
        if isinstance(item, ast.Dict):
            for key, value in zip(item.keys, item.values, strict=True):
                if isinstance(key, ast.Constant) and _HASH_KEYS.match(str(key.value)) and _is_field(value):
                    yield view.finding("sensitive-data-exposed", key, f"{key.value!s} is answered")
                    return
        if _everything_of_a_person(view, item) and is_route(view, function) and not _leaves_out(function):
            yield view.finding("sensitive-data-exposed", node, "all that is kept of a person is answered")
            return
    if is_route(view, function):
        yield from _rows(view, node, function)


def _leaves_out(function: Function) -> bool:
    """Return whether a function takes fields out before it answers."""
    return any(
        isinstance(item, ast.Delete)
        or (isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "pop")
        for item in ast.walk(function)
    )  # fmt: skip


def _is_serializer(function: Function) -> bool:
    return function.name in {"to_dict", "as_dict", "serialize", "to_json", "__json__", "json"}


def _is_field(value: ast.expr) -> bool:
    if isinstance(value, ast.Attribute):
        return _HASH_KEYS.match(value.attr) is not None
    return (
        isinstance(value, ast.Subscript)
        and not isinstance(value.slice, ast.Slice)
        and _HASH_KEYS.match(label(value)) is not None
    )


def _everything_of_a_person(view: View, item: ast.AST) -> bool:
    if isinstance(item, ast.Attribute) and item.attr == "__dict__":
        return bool(set(parts(label(item.value))) & _PEOPLE)
    if isinstance(item, ast.Call) and view.last(item.func) == "values" and not item.args and not item.keywords:
        return bool(re.fullmatch(r"(?:\w+\.)*User\.objects(?:\.all|\.filter|\.exclude)?", _chain(item)))
    if (
        isinstance(item, ast.Call)
        and view.name(item.func).rpartition(".")[2] in {"vars", "model_to_dict"}
        and item.args
    ):
        limited = any(word.arg in {"fields", "exclude"} for word in item.keywords)
        return bool(set(parts(label(item.args[0]))) & _PEOPLE) and not limited
    return False


def _chain(call: ast.Call) -> str:
    """Return the names before the last one of `User.objects.filter(...).values()`."""
    inner = call.func.value if isinstance(call.func, ast.Attribute) else call
    return ast.unparse(inner.func if isinstance(inner, ast.Call) else inner)[:200]


def _rows(view: View, node: ast.Return, function: Function) -> Iterator[Finding]:
    """Rows of a table of people with every column, one of which is a password."""
    if (
        view.argument_of_decorators(function, "response_model")
        or _leaves_out(function)
        or (function.returns is not None and _names_model(function))
    ):
        return
    for item in ast.walk(function):
        if (
            isinstance(item, ast.Call)
            and view.last(item.func) in {"execute", "fetch", "fetchrow", "fetch_all", "fetch_one"}
            and item.args
        ):
            for text in view.texts(item.args[0]) or [
                text for part in ast.walk(item.args[0]) if isinstance(part, ast.Constant) for text in view.texts(part)
            ]:
                match = _WHOLE_ROWS.search(text)
                if match and _has_password(view, match[1]) and _returns_rows(view, node, item):
                    yield view.finding(
                        "sensitive-data-exposed",
                        node,
                        f"every column of {match[1]} is answered, the password among them",
                    )
                    return


def _names_model(function: Function) -> bool:
    return any(
        isinstance(item, ast.Name) and item.id[:1].isupper() and item.id not in {"Response", "Any", "JSONResponse"}
        for item in ast.walk(function.returns or function)
    )


def _has_password(view: View, table: str) -> bool:
    schema = re.compile(
        rf"(?is)create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`]?{table}\b[^;]*?\b(?:password|passwd|pwd)"
    )
    return any(schema.search(other.vocabulary) for other in view.app.values())


def _returns_rows(view: View, node: ast.Return, query: ast.Call) -> bool:
    """Return whether what is answered is made of the rows as they are: no single fields are picked."""
    held = [item for item in ast.walk(node.value or node) if isinstance(item, ast.Name)]
    picked = any(isinstance(item, ast.Subscript) and label(item) for item in ast.walk(node.value or node))
    from_query = any(value is not None and query in ast.walk(value) for item in held for value in view.reaching(item))
    return not picked and (from_query or any(_via(view, item, query) for item in held) or query in ast.walk(node))


def _via(view: View, name: ast.Name, query: ast.Call) -> bool:
    """Return whether a name holds what was fetched after the query ran on a cursor."""
    for value in view.reaching(name):
        if isinstance(value, ast.Call) and view.last(value.func) in {"fetchall", "fetchone", "fetchmany"}:
            cursor, asked = getattr(value.func, "value", None), getattr(query.func, "value", None)
            if label(cursor) == label(asked):
                return True
    return False


def all_fields(view: View, node: ast.ClassDef) -> Iterator[Finding]:
    """A serializer of a person's model that takes every field."""
    if node.name != "Meta":
        return
    given = {label(target): item.value for item in node.body if isinstance(item, ast.Assign) for target in item.targets}
    if view.may_be(given.get("fields"), "__all__") and set(parts(label(given.get("model")))) & {"user", "account"}:
        around = view.parents.get(node)
        base = {view.last(base) for base in around.bases} if isinstance(around, ast.ClassDef) else set()
        if any("Serializer" in name for name in base):
            yield view.finding(
                "sensitive-data-exposed", node, "every field of the model is answered, the password among them"
            )


WATCHES: tuple[Watch, ...] = (
    nodes(error_in_answer, ast.ExceptHandler),
    nodes(trace_in_answer, ast.Return, ast.Raise, ast.Expr),
    nodes(error_handler, ast.FunctionDef, ast.AsyncFunctionDef),
    nodes(secret_in_answer, ast.Return),
    nodes(all_fields, ast.ClassDef),
)
