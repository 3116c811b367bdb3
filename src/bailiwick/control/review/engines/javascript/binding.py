"""Parameters, destructuring and assignment: which names get which values."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.objects import member, store, typed_instance
from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import (
    BOOLEAN,
    NOTHING,
    NUMBER,
    Closure,
    Thing,
    Value,
    joined,
)

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

# Parameters that nothing gives a value are known by their names, or their types.
_REQUESTS = re.compile(r"^_?(req|request)$")
_RESPONSES = re.compile(r"^_?(res|response|reply)$")
_TYPES = {
    "Request": "@request", "NextRequest": "@request", "NextApiRequest": "@request", "FastifyRequest": "@request",
    "IncomingMessage": "@request", "AuthRequest": "@request", "AuthenticatedRequest": "@request",
    "Response": "@response", "NextApiResponse": "@response", "FastifyReply": "@response", "ServerResponse": "@response",
    "Context": "@context", "GetServerSidePropsContext": "@page", "NextFunction": "@next", "MessageEvent": "@message",
    "APIGatewayProxyEvent": "@lambda", "LoaderFunctionArgs": "@page", "ActionFunctionArgs": "@page",
}  # fmt: skip
_DECORATED = {"Query": "query", "Body": "body", "Param": "params", "Headers": "headers", "Cookies": "cookies"}
_PAGES = re.compile(r"(?:^|/)app/(?:.*/)?(?:page|layout|route|opengraph-image)\.[jt]sx?$")
_OLD_PAGES = re.compile(r"(?:^|/)pages/(?!api/).*\.[jt]sx?$")
_PROPS = ("getServerSideProps", "getStaticProps")
_LOADERS = frozenset({"getServerSideProps", "getInitialProps", "generateMetadata", "loader", "action"})
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def bind_parameters(run: "Interpreter", closure: Closure, given: tuple[Value, ...], scope: Scope) -> None:
    """Give a function's parameters what it is called with, and what their names and types say where that is nothing."""
    node = closure.node
    single = node.get("parameter")
    holder = node.get("parameters")
    parameters = [single] if single is not None else holder.children if holder is not None else []
    names = [_name(parameter) for parameter in parameters]
    outside = is_server_action(node, run.module_of(closure.path).source.root) and not given
    for place, parameter in enumerate(parameters):
        if _is_rest(parameter):
            thing = Thing("array", {str(i): value for i, value in enumerate(given[place:])}, joined(given[place:]))
            bind(run, parameter.children[-1], Value(things=(thing,), taints=joined(given[place:]).taints), scope)
            break
        value = given[place] if place < len(given) else NOTHING
        if value == NOTHING:
            value = _expected(run, closure, parameter, place, names, scope)
        if outside and value == NOTHING:
            value = run.from_outside("request", names[place] or f"argument {place + 1}", parameter, scope)
        value = _typed(parameter, value)
        bind(run, parameter, value, scope)
        if scope.frame.this is not None and any(child.kind == "accessibility_modifier" for child in parameter.children):
            for thing in scope.frame.this.things:
                thing.fields[names[place]] = value


def is_handler(node: Node) -> bool:
    """Return whether Express would call a function: its parameters are named for a request and an answer."""
    holder = node.get("parameters")
    names = [_name(parameter) for parameter in holder.children[:2]] if holder is not None else []
    return len(names) > 1 and bool(_REQUESTS.match(names[0])) and bool(_RESPONSES.match(names[1]))


def _is_rest(parameter: Node) -> bool:
    inner = parameter.get("pattern") or parameter
    return inner.kind == "rest_pattern"


def _name(parameter: Node) -> str:
    inner = parameter.get("pattern") or parameter.get("left") or parameter
    return inner.text if inner.kind == "identifier" else ""


def _type_name(parameter: Node) -> str:
    annotation = parameter.get("type")
    return annotation.text.lstrip(": ").strip() if annotation is not None else ""


def _typed(parameter: Node, value: Value) -> Value:
    """Hold to what a type says where that is checked at the door: numbers of handlers with a pipe that parses them."""
    if any(child.kind == "decorator" and "Parse" in child.text for child in parameter.children):
        return (
            NUMBER
            if "ParseInt" in parameter.text or "ParseFloat" in parameter.text
            else replace(value, taints=frozenset())
        )
    return value


def _expected(  # noqa: PLR0911 - one a way to know
    run: "Interpreter", closure: Closure, parameter: Node, place: int, names: list[str], scope: Scope
) -> Value:
    written = re.split(r"[<\s|&\[]", _type_name(parameter), maxsplit=1)[0].rpartition(".")[2]
    name = names[place]
    if written in _TYPES and not (written == "Response" and place == 0 and len(names) == 1):
        return Value(symbol=_TYPES[written])
    for child in parameter.children:
        if child.kind == "decorator":
            return _decorated(run, child, parameter, scope)
    if name in {"err", "error"} and place == 0:
        return Value(symbol="@error")
    taken_apart = place == 0 and parameter.kind == "object_pattern" and any(map(_RESPONSES.match, names[1:2]))
    if _REQUESTS.match(name) or taken_apart:
        return Value(symbol="@request")
    if _RESPONSES.match(name) and any(_REQUESTS.match(other) or not other for other in names[:place]):
        return Value(symbol="@response")
    if name == "ctx" or (name == "context" and closure.name in _LOADERS):
        return Value(symbol="@context" if name == "ctx" else "@page")
    if name == "next" and place >= 2:  # noqa: PLR2004 - after the request and the response
        return Value(symbol="@next")
    page = _given_to_page(run, closure, place, scope)
    if page is not None:
        return page
    if name == "event" and closure.name == "handler":
        return Value(symbol="@lambda")
    if name in {"args", "input"} and place == 1 and names[0].lstrip("_") in {"", "parent", "root", "obj", "source"}:
        return run.from_outside("request", "args", parameter, scope)
    return typed_instance(run, written, scope)


def _given_to_page(run: "Interpreter", closure: Closure, place: int, scope: Scope) -> Value | None:
    """Return what a page, a route or a loader of Next.js and Remix is given; None for any other function."""
    if place == 0 and _OLD_PAGES.search(closure.path):
        return _properties(run, closure, scope)
    if not _is_exported(closure.node):
        return None
    if _PAGES.search(closure.path):
        return Value(symbol="@page") if place == (1 if closure.name in _VERBS else 0) else Value(symbol="@request")
    return Value(symbol="@page") if closure.name in _LOADERS and place == 0 else None


def _properties(run: "Interpreter", closure: Closure, scope: Scope) -> Value | None:
    """Return what a page of Next.js's older router is given: the `props` that its loader returns."""
    exports = run.module_of(closure.path).exports.fields
    if all(made.node is not closure.node for made in exports.get("default", NOTHING).closures):
        return Value(symbol="@page") if closure.name in _LOADERS else None
    answers = [run.call(loader, ()) for name in _PROPS for loader in exports.get(name, NOTHING).closures]
    return joined(member(run, answer, "props", closure.node, scope) for answer in answers)


def _decorated(run: "Interpreter", decorator: Node, parameter: Node, scope: Scope) -> Value:
    name = re.sub(r"^@(\w+).*", r"\1", decorator.text, flags=re.DOTALL)
    if name in {"Req", "Request"}:
        return Value(symbol="@request")
    if name in {"Res", "Response"}:
        return Value(symbol="@response")
    if name not in _DECORATED:
        return NOTHING
    type_ = {"number": NUMBER, "boolean": BOOLEAN}.get(_type_name(parameter), NOTHING).type if name == "Body" else ""
    argument = re.search(r"""\(\s*['"]([\w.-]+)""", decorator.text)
    key = _DECORATED[name] + (f".{argument[1]}" if argument else "")
    return run.from_outside("request", key, parameter, scope, type_)


def _is_exported(node: Node) -> bool:
    """Return whether a function stands right after `export` (a bound heuristic: its source begins a line with it)."""
    before = node.source[max(0, node.start - 80) : node.start].rpartition(b"\n")[2]
    return b"export" in before


def is_server_action(node: Node, root: Node) -> bool:
    """Return whether anybody can call a function from a browser: it, or its file, says `use server`."""
    body = node.get("body")
    if body is not None and body.kind == "statement_block" and _says(body.children, "use server"):
        return True
    return _says(root.children, "use server") and _is_exported(node)


def _says(children: list[Node], directive: str) -> bool:
    return (
        bool(children) and children[0].kind == "expression_statement" and children[0].text.strip("'\"; ") == directive
    )


def bind(run: "Interpreter", pattern: Node, value: Value, scope: Scope, *, declare: bool = True) -> None:
    """Give the names of a pattern what is in a value."""
    match pattern.kind:
        case "identifier" | "shorthand_property_identifier_pattern":
            (scope.declare if declare else scope.assign)(pattern.text, value)
        case "required_parameter" | "optional_parameter":
            inner = pattern.get("pattern")
            default = pattern.get("value")
            if inner is not None:
                bind(run, inner, _or_default(run, value, default, scope), scope, declare=declare)
        case "assignment_pattern" | "object_assignment_pattern":
            left, right = pattern.get("left"), pattern.get("right")
            if left is not None:
                bind(run, left, _or_default(run, value, right, scope), scope, declare=declare)
        case "object_pattern":
            _bind_object(run, pattern, value, scope, declare)
        case "array_pattern":
            for place, child in enumerate(pattern.children):
                if child.kind == "rest_pattern":
                    bind(run, child.children[-1], value, scope, declare=declare)
                else:
                    bind(run, child, member(run, value, str(place), child, scope), scope, declare=declare)
        case "rest_pattern" | "spread_element":
            bind(run, pattern.children[-1], value, scope, declare=declare)
        case "member_expression" | "subscript_expression":
            store(run, pattern, value, scope)


def _or_default(run: "Interpreter", value: Value, default: Node | None, scope: Scope) -> Value:
    if default is None:
        return value
    other = run.evaluate(default, scope)
    return other if value == NOTHING else joined([value, other]) if not value.known else value


def _bind_object(run: "Interpreter", pattern: Node, value: Value, scope: Scope, declare: bool) -> None:
    for child in pattern.children:
        match child.kind:
            case "shorthand_property_identifier_pattern":
                bind(run, child, member(run, value, child.text, child, scope), scope, declare=declare)
            case "object_assignment_pattern":
                left = child.get("left")
                if left is not None:
                    bind(run, child, member(run, value, left.text, child, scope), scope, declare=declare)
            case "pair_pattern":
                key, inner = child.get("key"), child.get("value")
                if key is not None and inner is not None:
                    name = key.text.strip("'\"")
                    bind(run, inner, member(run, value, name, child, scope), scope, declare=declare)
            case "rest_pattern":
                bind(run, child.children[-1], value, scope, declare=declare)
