"""What a web app says to browsers: cookies, other origins, debug mode, pages that are not escaped."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.folding import UNKNOWN
from bailiwick.control.review.engines.python.patterns.mending import with_arguments, with_value
from bailiwick.control.review.engines.python.patterns.naming import label, labels, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_SESSIONS = frozenset({
    "session", "sessionid", "sid", "token", "auth", "jwt", "remember", "refresh", "access", "login", "user", "csrf",
    "id", "sso",
})  # fmt: skip
_SERVERS = frozenset(
    {"flask.Flask", "quart.Quart", "bottle.Bottle", "sanic.Sanic", "dash.Dash", "aiohttp.web.Application"}
)


def cookie(view: View, call: ast.Call) -> Iterator[Finding]:
    """A cookie that goes over plain HTTP, or that scripts can read although it signs somebody in."""
    if not isinstance(call.func, ast.Attribute) or view.spreads(call):
        return
    name_of = view.argument(call, 0, "key", "name")
    # A jar of a client takes a cookie as one object.
    if name_of is None or len(call.args) + len(call.keywords) == 1 or _expires(view, call):
        return
    names = view.texts(name_of) or [label(name_of)]
    signs_in = any(set(parts(name)) & _SESSIONS - {"csrf"} for name in names)
    csrf = any({"csrf", "xsrf"} & set(parts(name)) for name in names)
    secure = view.argument(call, None, "secure")
    if secure is None:
        more = "" if csrf or view.argument(call, None, "httponly") is not None else ", httponly=True"
        edit = with_arguments(view, call, f"secure=True{more}")
        words = "the cookie is sent over plain HTTP, too: secure is not set"
        yield view.finding("insecure-cookie", call, words, edit=edit)
    elif view.may_be(secure, False, None, 0):
        edit = with_value(view, secure, "True") if isinstance(secure, ast.Constant) else None
        yield view.finding("insecure-cookie", call, "the cookie is sent over plain HTTP, too: secure is off", edit=edit)
    elif not csrf and _readable(view, call, signs_in):
        yield view.finding("insecure-cookie", call, "scripts of the page can read the cookie: httponly is not set")


def _readable(view: View, call: ast.Call, signs_in: bool) -> bool:
    given = view.argument(call, None, "httponly")
    if given is None:
        return signs_in
    return view.may_be(given, False, None, 0)


def _expires(view: View, call: ast.Call) -> bool:
    """Return whether a call takes a cookie away."""
    value = view.argument(call, 1, "value")
    ends = view.may_be(view.argument(call, None, "max_age"), 0) or view.may_be(view.argument(call, None, "expires"), 0)
    return ends and (value is None or view.may_be(value, ""))


def cookie_header(view: View, node: ast.Assign) -> Iterator[Finding]:
    """A cookie that is written as a header."""
    for target in node.targets:
        if isinstance(target, ast.Subscript) and label(target).lower() == "set-cookie":
            yield from _written(view, node, node.value)


def cookie_header_call(view: View, call: ast.Call) -> Iterator[Finding]:
    """A cookie that is added as a header."""
    if len(call.args) > 1 and any(text.lower() == "set-cookie" for text in view.texts(call.args[0])):
        yield from _written(view, call, call.args[1])


def _written(view: View, node: ast.AST, value: ast.expr) -> Iterator[Finding]:
    parts_of = [value]
    if isinstance(value, ast.Name):
        parts_of = [item for item in view.reaching(value) if item is not None]
    fixed = "".join(
        str(part.value) for item in parts_of for part in ast.walk(item) if isinstance(part, ast.Constant)
    ).lower()
    if "=" in fixed or ";" in fixed:
        if not re.search(r";\s*secure", fixed) and "max-age=0" not in fixed:
            yield view.finding("insecure-cookie", node, "the cookie is sent over plain HTTP, too: it has no Secure")
        elif not re.search(r";\s*httponly", fixed) and "csrf" not in fixed and "max-age=0" not in fixed:
            yield view.finding("insecure-cookie", node, "scripts of the page can read the cookie: it has no HttpOnly")


def morsel(view: View, node: ast.Assign) -> Iterator[Finding]:
    """A cookie of the standard library that is never given its flag."""
    for target in node.targets:
        inner = target.value if isinstance(target, ast.Subscript) else None
        if isinstance(inner, ast.Subscript) and label(target) == "secure" and view.is_surely(node.value, False, 0, ""):
            yield view.finding("insecure-cookie", node, "the cookie is sent over plain HTTP, too: secure is off")


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
        return "flask" if view.made_by(target.value) in _SERVERS else ""
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
        server = owner in _SERVERS or label(getattr(call.func, "value", None)) in {
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


def not_escaped(view: View, call: ast.Call) -> Iterator[Finding]:
    """A template engine that escapes nothing."""
    name = view.name(call.func)
    if name in {"jinja2.Environment", "jinja2.environment.Environment", "jinja2.sandbox.SandboxedEnvironment",
                "jinja2.sandbox.ImmutableSandboxedEnvironment", "jinja2.nativetypes.NativeEnvironment"}:  # fmt: skip
        given = view.argument(call, None, "autoescape")
        off = given is None and not view.spreads(call)
        if (off and not _no_html(view, call)) or (given is not None and view.may_be(given, False)):
            edit = with_arguments(view, call, "autoescape=True") if given is None else None
            yield view.finding("autoescape-off", call, "the templates of this environment escape nothing", edit=edit)
    elif name in {"jinja2.Template", "jinja2.environment.Template"}:
        page = any(re.search(r"<\w+[^>]*>", text) for text in view.texts(view.argument(call, 0, "source")))
        given = view.argument(call, None, "autoescape")
        if page and ((given is None and not view.spreads(call)) or (given is not None and view.may_be(given, False))):
            edit = with_arguments(view, call, "autoescape=True") if given is None else None
            yield view.finding("autoescape-off", call, "a template that is made so escapes nothing", edit=edit)
    elif name in {"mako.template.Template", "mako.lookup.TemplateLookup"}:
        filters = view.argument(call, None, "default_filters")
        if filters is None or not any(isinstance(value, tuple) and "h" in value for value in view.values(filters)):
            yield view.finding("autoescape-off", call, "Mako escapes nothing unless default_filters has 'h'")
    elif name.endswith(("tornado.web.Application", "tornado.template.Template", "tornado.template.Loader")):
        given = view.argument(call, None, "autoescape")
        if given is not None and view.may_be(given, None):
            yield view.finding("autoescape-off", call, "the templates escape nothing")
    elif name in {"django.template.Context", "django.template.Engine", "django.template.engine.Engine"}:
        if view.may_be(view.argument(call, None, "autoescape"), False):
            yield view.finding("autoescape-off", call, "the template escapes nothing")


def _no_html(view: View, call: ast.Call) -> bool:
    """Return whether what an environment makes is no page: mail in plain text, code, prompts, SQL."""
    function = view.function(call)
    words = set(parts(function.name)) if function else set()
    for item in view.around(call):
        if isinstance(item, ast.Assign):
            words |= {word for target in item.targets for word in parts(label(target))}
    return bool(
        words & {"prompt", "prompts", "latex", "sql", "text", "txt", "plaintext", "markdown", "config", "code", "yaml"}
    )


def autoescape_set(view: View, node: ast.Assign) -> Iterator[Finding]:
    """Escaping that is switched off later."""
    for target in node.targets:
        if label(target) == "autoescape" and view.is_surely(node.value, False):
            if isinstance(target, ast.Attribute | ast.Subscript):
                yield view.finding("autoescape-off", node, "escaping is switched off")


def unsafe_html(view: View, call: ast.Call) -> Iterator[Finding]:
    """Streamlit's way round escaping, with a value in it."""
    if view.may_be(view.argument(call, None, "unsafe_allow_html"), True) or view.name(call.func).endswith(
        "components.v1.html"
    ):
        body = view.argument(call, 0, "body", "html", "label")
        if body is not None and UNKNOWN in view.values(body) and _has_value(view, body):
            yield view.finding("cross-site-scripting", call, "a value becomes part of the page as HTML")


def _has_value(view: View, body: ast.expr) -> bool:
    """Return whether text has something in it that is neither constant, a number, nor escaped."""
    held = [item for item in view.reaching(body) if item] if isinstance(body, ast.Name) else [body]
    for item in held:
        for part in ast.walk(item):
            if isinstance(part, ast.FormattedValue) and _may_hold_markup(view, part):
                return True
            if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Mod):
                operands = [part.left, part.right] if isinstance(part.op, ast.Add) else [part.right]
                if any(
                    isinstance(one, ast.Name | ast.Subscript | ast.Attribute) and UNKNOWN in view.values(one)
                    for one in operands
                ):
                    return True
            if (
                isinstance(part, ast.Call)
                and view.last(part.func) == "format"
                and UNKNOWN in [v for a in part.args for v in view.values(a)]
            ):
                return True
    return False


def _may_hold_markup(view: View, part: ast.FormattedValue) -> bool:
    spec = part.format_spec
    if isinstance(spec, ast.JoinedStr) and any(
        isinstance(piece, ast.Constant) and str(piece.value)[-1:] in "dfeg%,nx" for piece in spec.values
    ):
        return False
    if isinstance(part.value, ast.Call):
        called = view.name(part.value.func).rpartition(".")[2] or view.last(part.value.func)
        if called in {
            "escape",
            "int",
            "float",
            "len",
            "round",
            "clean",
            "quote",
            "sum",
            "sanitize",
            "strftime",
            "isoformat",
        }:
            return False
    return UNKNOWN in view.values(part.value)


WATCHES: tuple[Watch, ...] = (
    calls(cookie, "set_cookie", "set_secure_cookie", "set_signed_cookie"),
    calls(cookie_header_call, "add", "set", "append", "set_header", "add_header", "setdefault"),
    calls(cors_header_call, "add", "set", "append", "set_header", "add_header", "setdefault"),
    calls(settings_call, "update", "from_mapping"),
    calls(debug, "run", "run_server", "run_simple", "FastAPI", "Starlette", "Application", "DebuggedApplication"),
    calls(cors, "add_middleware", "CORSMiddleware", "CORS", "cross_origin", "cors", "Middleware"),
    calls(not_escaped),
    calls(unsafe_html, "markdown", "write", "html", "caption", "title", "header", "subheader"),
    nodes(setting, ast.Assign, ast.AnnAssign),
    nodes(cookie_header, ast.Assign),
    nodes(cors_header, ast.Assign),
    nodes(morsel, ast.Assign),
    nodes(autoescape_set, ast.Assign),
)
