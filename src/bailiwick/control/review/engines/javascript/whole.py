"""What shows only in the whole of an app: what no route checks, what no server sets; and files that tools wrote."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.binding import is_handler, is_server_action
from bailiwick.control.review.engines.javascript.facts import Route
from bailiwick.control.review.engines.javascript.scans import scan
from bailiwick.control.review.engines.javascript.scopes import Frame, Scope
from bailiwick.control.review.engines.javascript.syntax import Node, Source
from bailiwick.control.review.engines.javascript.words import code_of, names_of, text_of

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_LONG_LINE = 300
_MOST_LOOKED_AT = 1_000_000
_STATEMENTS = re.compile(rb"function\b|=>|return\b|var |[;}]")
_TEXTS = re.compile(rb"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_TEMPLATES = re.compile(rb"`(?:[^`\\]|\\.)*`", re.DOTALL)
_LEAST_STATEMENTS = 40
_WHO = re.compile(
    r"(?i)auth|admin(?!/)|\brole|permission|require(?!\()|ensure|guard|protect|verif|session|current_?user|(?:req|request|ctx|context|res)(?:.state|.locals|.auth)?.user\b|"
    r"jwt|passport|\bacl\b|signed_?in|logged_?in|is_?owner|(?-i:can[A-Z])|x-bailiwick|x-forwarded-user|remote-user|clerk|kinde"
)
_SENSITIVE = re.compile(r"(?i)(?:^|/)admin(?:/|$)|/(?:users|accounts|roles|permissions|settings)/[:\[][^/]*$")
_DELETES = re.compile(r"(?:delete|remove|destroy|purge|ban|promote|grant)(?:[A-Z_]|$)")
_SERVES_PAGES = re.compile(
    r"(?i)\bres(?:ponse)?\s+render\b|view engine|\bstatic\b|sendFile\s+.{0,80}\.html?\b|<(?:!doctype|html)\b"
)
_PROTECTS = re.compile(
    r"(?i)helmet|x-frame-options|content-security-policy|x-content-type-options|strict-transport-security|lusca"
)
_CHANGES = re.compile(r"(?i)\b(?:delete\w*|destroy\w*|remove\w*|update\w*|query|execute|sql|exec|run)\b")
_SIGNS_IN = re.compile(r"(?i)/(?:log-?in|sign-?in|auth|token|otp|reset|forgot|password)(?:/|$|-)")
_OWNERS = (
    r"(?:user_?id|owner_?id|owner|author_?id|created_?by|account_?id|tenant_?id|customer_?id|user_?email|uploaded_?by)"
)
_OWNED = re.compile(rf"(?i)\b{_OWNERS}\b")
_LIMITED = re.compile(r"(?i)admin|role|permission|(?-i:can[A-Z]\w*)|is_?owner|authori[sz]e")
_BY_NUMBER = re.compile(
    r"^(?:findById|findByPk|findUnique|findUniqueOrThrow|findOne|findFirst|findByIdAndUpdate|findByIdAndDelete|findOneAndUpdate|"
    r"findOneAndDelete|findByIdAndRemove|deleteOne|updateOne|update|delete|destroy|query|execute|get|run|all)$"
)
_WHERE_ID = re.compile(
    r"(?is)\b(?:from|update|into)\s+[\"`]?(\w+).*\bwhere\s+(?:\w+\.)?id\s*=\s*(?:\?|\$\d|:id|@id)\s*['\"`;)]?\s*$"
)
_PAGES_API = re.compile(r"(?:^|/)pages/api/.*\.[jt]sx?$")
_NEXT_HANDLER = re.compile(r"(?:^|/)app/(.*/)?route\.[jt]sx?$")


def is_minified(content: bytes) -> bool:
    """Return whether a tool wrote a file that takes out what people read: long lines, dense with statements."""
    if len(max(content.split(b"\n"), key=len, default=b"")) < _LONG_LINE:
        return False
    plain = _TEXTS.sub(b"''", _TEMPLATES.sub(b"``", content[:_MOST_LOOKED_AT]))
    dense = [line for line in plain.split(b"\n") if len(line) >= _LONG_LINE and line.count(b" ") * 8 < len(line)]
    packed = sum(map(len, dense))
    statements = sum(len(_STATEMENTS.findall(line)) for line in dense)
    return statements >= _LEAST_STATEMENTS and packed * 2 > len(plain)


def check_app(run: "Interpreter", sources: Mapping[str, Source]) -> None:
    """Report what shows in the text of each file, and only in the whole of them."""
    for source in sources.values():
        scope = Scope(Frame(source.path))
        for seen in scan(source):
            run.report(seen.rule, seen.node, scope, seen.words, worse=seen.worse)
    text = {path: code_of(source) for path, source in sources.items()}
    _missing_authorization(run, text)
    _missing_limits(run, text)
    _missing_protection(run, text)
    _other_peoples_objects(run, sources)


def _handler_text(route: "Route") -> str:
    return " ".join(names_of(closure.node) for value in route.handlers for closure in value.closures)


def _missing_authorization(run: "Interpreter", text: Mapping[str, str]) -> None:
    """Report routes that administer, or delete, and ask nobody who they are."""
    guards = [route for route in run.facts.routes if route.method == "use" and _guards(route)]
    for route in run.facts.routes:
        if not _is_sensitive(route.method, route.path) or _guards(route) or _WHO.search(_handler_text(route)):
            continue
        if any(_covers(guard, route) for guard in guards):
            continue
        message = f"{route.method.upper()} {route.path} asks nobody who they are"
        run.report("missing-authorization", route.node, Scope(Frame(route.file)), message)
    _unasked_actions(run)
    if any(re.search(r"(?:^|/)(?:middleware|proxy)\.[jt]s$", path) for path in text):
        return
    for path, method, node in _next_handlers(run):
        if _is_sensitive(method.lower(), "/" + path) and not _WHO.search(names_of(node)):
            message = f"{method} of {path} asks nobody who they are"
            run.report("missing-authorization", node, Scope(Frame(path)), message)


def _unasked_actions(run: "Interpreter") -> None:
    """Report functions that any browser may call (`use server`), that delete, and ask nobody who they are."""
    for path, name, node in run.exported_functions():
        if not is_server_action(node, run.module_of(path).source.root) or not _DELETES.match(name):
            continue
        words = names_of(node)
        if _CHANGES.search(words) and not _WHO.search(words.replace(name, "")):
            message = f"{name} can be called from any browser, and asks nobody who they are"
            run.report("missing-authorization", node, Scope(Frame(path)), message)


def _next_handlers(run: "Interpreter") -> Iterator[tuple[str, str, Node]]:
    """Yield the handlers of Next.js, as (path, method, node); one of `pages/api` takes every method."""
    for path, name, node in run.exported_functions():
        if _PAGES_API.search(path) and name == "default":
            yield path, "DELETE" if re.search(r"['\"]DELETE['\"]", text_of(node)) else "GET", node
        if _NEXT_HANDLER.search(path) and name in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            yield path, name, node


def _is_sensitive(method: str, path: str) -> bool:
    if method in {"use", "route", "options", "head"}:
        return False
    if method in {"delete", "del"}:
        return True
    plain = re.sub(r"(?:/route|/index)?\.[jt]sx?$", "", path)
    return bool(_SENSITIVE.search(plain)) and (method != "get" or "admin" in plain.lower())


def _guards(route: "Route") -> bool:
    """Return whether what stands between a route's path and its handler, by name, asks who it is."""
    between = route.names[1:] if route.path else route.names
    last = between[-1:] if route.method != "use" else ()
    named = [name for name in between if name and name not in last]
    if any(_WHO.search(name) for name in named):
        return True
    inner = list(route.handlers[:-1]) if route.method != "use" else list(route.handlers)
    return any(_WHO.search(names_of(closure.node)) for value in inner for closure in value.closures)


def _covers(guard: "Route", route: "Route") -> bool:
    if guard.file != route.file:
        return True  # mounted somewhere else: whether it stands above is not told by its path
    begins = not guard.path or guard.path == "/" or route.path.startswith(guard.path.rstrip("*"))
    return begins and guard.node.start <= route.node.start


def _missing_limits(run: "Interpreter", text: Mapping[str, str]) -> None:
    if any(re.search(r"(?i)rate-?limit|ratelimit|throttl|slow-?down|bottleneck", words) for words in text.values()):
        return
    for route in run.facts.routes:
        if route.method == "post" and _SIGNS_IN.search(route.path):
            message = f"{route.path} can be tried without end"
            run.report("missing-rate-limit", route.node, Scope(Frame(route.file)), message)


def _missing_protection(run: "Interpreter", text: Mapping[str, str]) -> None:
    whole = "\n".join(text.values())
    changes = any(route.method in {"post", "put", "patch", "delete"} for route in run.facts.routes)
    forms = re.search(r"urlencoded|view engine|multer", whole) is not None
    csrf = re.search(r"(?i)csrf|xsrf|lusca|sameSite\s+['\"]?(?:strict|lax)|sec-fetch-site|headers\s+origin", whole)
    for name, path, node in run.facts.calls:
        scope = Scope(Frame(path))
        if name in {"express-session", "cookie-session"} and changes and forms and csrf is None:
            run.report("missing-csrf-protection", node, scope, "forms are taken by a session's cookie alone")
    _missing_headers(run, whole)


def _missing_headers(run: "Interpreter", whole: str) -> None:
    """Say once that an app that serves pages sets none of the headers by which browsers protect people."""
    if not _SERVES_PAGES.search(whole) or _PROTECTS.search(whole):
        return
    for name, path, node in run.facts.calls:
        if name == "express":
            message = "pages are served without the headers that browsers protect people by"
            run.report("missing-security-headers", node, Scope(Frame(path)), message)
            return


def _other_peoples_objects(run: "Interpreter", sources: Mapping[str, Source]) -> None:
    """Report handlers that take an object by its number, where such objects have owners and nobody asks for theirs."""
    owned = _owned_models(sources)
    if not owned:
        return
    for path, node in _handlers_of(run):
        words = text_of(node)
        if _OWNED.search(words) or _LIMITED.search(words):
            continue
        for call in node.walk():
            model = _taken_by_number(call)
            if model and model.lower().rstrip("s") in owned:
                message = f"a {model} is taken by its number alone, and each has an owner"
                run.report("object-without-owner-check", call, Scope(Frame(path)), message)


def _handlers_of(run: "Interpreter") -> Iterator[tuple[str, Node]]:
    """Yield what requests for one object reach: handlers of such routes, those that no route here names, actions."""
    seen: set[int] = set()
    for route in run.facts.routes:
        last = [closure for value in route.handlers[-1:] for closure in value.closures]
        fresh = [closure for closure in last if id(closure.node) not in seen]
        seen |= {id(closure.node) for value in route.handlers for closure in value.closures}
        if ":" in route.path and route.method != "use" and not _LIMITED.search(" ".join(route.names)):
            yield from ((closure.path, closure.node) for closure in fresh)
    for closure in run.functions():
        if id(closure.node) not in seen and is_handler(closure.node):
            yield closure.path, closure.node
    for path, _, node in _next_handlers(run):
        if "[" in path:
            yield path, node
    for path, _, node in run.exported_functions():
        if is_server_action(node, run.module_of(path).source.root):
            yield path, node


def _owned_models(sources: Mapping[str, Source]) -> set[str]:
    """Return the names of models and tables of which something is looked up, or made, with an owner."""
    found: set[str] = set()
    for source in sources.values():
        for node in source.root.walk():
            if node.kind != "call_expression":
                continue
            arguments = node.get("arguments")
            words = arguments.text[:1_000] if arguments is not None else ""
            if not _OWNED.search(words):
                continue
            table = re.search(r"(?i)\b(?:from|into|update)\s+[\"`]?(\w+)", words)
            name = table[1] if table else _model_of(node)
            if name:
                found.add(name.lower().rstrip("s"))
    return found


def _model_of(call: Node) -> str:
    function = call.get("function")
    owner = function.get("object") if function is not None else None
    if owner is None or function is None:
        return ""
    name = owner.get("property") or owner
    method = function.get("property")
    known = method is not None and re.match(
        r"^(?:find\w*|create\w*|update\w*|delete\w*|insert\w*|count\w*|upsert)$", method.text
    )
    return name.text if known and re.fullmatch(r"\w+", name.text) else ""


def _taken_by_number(call: Node) -> str:
    """Return the model, or table, of which a call takes one by a number from the request alone."""
    function, arguments = call.get("function"), call.get("arguments")
    method = function.get("property") if function is not None and call.kind == "call_expression" else None
    if method is None or arguments is None or not arguments.children or not _BY_NUMBER.match(method.text):
        return ""
    words = arguments.text[:1_000]
    query = arguments.children[0].text
    table = _WHERE_ID.search(query)
    if table is not None:
        return table[1] if "params" in words or re.search(r"\bid\b", words[len(query) :]) else ""
    named = _model_of(call)
    takes = re.search(r"params\s*\.\s*\w+|\bid\b", words)
    whole = re.fullmatch(
        r"(?s)\(\s*(?:\w+\.)*params\.\w*[iI]d\w*.*|\(\s*id\b.*|\(\s*\{\s*(?:where\s*:\s*\{\s*)?(?:_?id)\b[^}]*\}.*",
        words,
    )
    return named if takes and whole else ""
