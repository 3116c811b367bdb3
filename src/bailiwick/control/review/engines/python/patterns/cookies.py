"""Cookies that any page, script or line can read."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.mending import with_arguments, with_value
from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_SESSIONS = frozenset({
    "session", "sessionid", "sid", "token", "auth", "jwt", "remember", "refresh", "access", "login", "user", "csrf",
    "id", "sso",
})  # fmt: skip
SERVERS = frozenset(
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


WATCHES: tuple[Watch, ...] = (
    calls(cookie, "set_cookie", "set_secure_cookie", "set_signed_cookie"),
    calls(cookie_header_call, "add", "set", "append", "set_header", "add_header", "setdefault"),
    nodes(cookie_header, ast.Assign),
    nodes(morsel, ast.Assign),
)
