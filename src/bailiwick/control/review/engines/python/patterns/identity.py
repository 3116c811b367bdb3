"""Who asks: headers that anybody can send, taken for the platform's word."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_IDENTITY = re.compile(
    r"(?i)^(?:http[-_])?(?:x[-_](?:forwarded[-_])?(?:(?:auth(?:enticated)?[-_])?(?:request[-_])?user(?:name)?(?:[-_](?:id|email|name|role|roles|groups))?"
    r"|email|role|roles|groups?|admin|is[-_]admin|remote[-_]user|tenant(?:[-_]id)?|org(?:[-_]id)?|authenticated|internal|account(?:[-_]id)?|employee(?:[-_]id)?|customer(?:[-_]id)?|current[-_]user)"
    r"|remote[-_]user|x[-_]webauth[-_]user|x[-_]goog[-_]authenticated[-_]user[-_]email)$"
)
_ADDRESS = re.compile(
    r"(?i)^(?:http[-_])?(?:x[-_]forwarded[-_]for|x[-_]real[-_]ip|x[-_]client[-_]ip|client[-_]ip|true[-_]client[-_]ip|cf[-_]connecting[-_]ip)$"
)


def header_read(view: View, call: ast.Call) -> Iterator[Finding]:
    """`headers.get("X-User")`, or a parameter of FastAPI that is such a header."""
    name, last = view.name(call.func), view.last(call.func)
    if last == "get" and isinstance(call.func, ast.Attribute) and _are_headers(call.func.value) and call.args:
        yield from _judged(view, call, view.texts(call.args[0]))
    elif name in {"fastapi.Header", "fastapi.param_functions.Header"}:
        alias = view.texts(view.argument(call, None, "alias"))
        yield from _judged(view, call, alias or [_parameter(view, call).replace("_", "-")])


def header_item(view: View, node: ast.Subscript) -> Iterator[Finding]:
    """`headers["X-User"]`."""
    if isinstance(node.ctx, ast.Load) and _are_headers(node.value):
        yield from _judged(view, node, view.texts(node.slice))


def _are_headers(node: ast.expr) -> bool:
    return label(node) in {"headers", "META", "environ"} and (
        not isinstance(node, ast.Attribute) or label(node.value) not in {"os", "response", "resp", "res", "r"}
    )


def _parameter(view: View, call: ast.Call) -> str:
    """Return the parameter that a call is the default or the annotation of."""
    for node in view.around(call):
        if isinstance(node, ast.arg):
            return node.arg
        if isinstance(node, ast.arguments):
            plain = [*node.posonlyargs, *node.args]
            for item, value in [*zip(plain[len(plain) - len(node.defaults) :], node.defaults, strict=True),
                                *zip(node.kwonlyargs, node.kw_defaults, strict=True)]:  # fmt: skip
                if value is call:
                    return item.arg
    return ""


def _judged(view: View, node: ast.AST, names: list[str]) -> Iterator[Finding]:
    for name in names:
        if _IDENTITY.match(name):
            words = f"anybody can send {name}; only x-bailiwick-user is the platform's word"
            yield view.finding("spoofable-identity", node, words)
            return
        if _ADDRESS.match(name) and _decides(view, node):
            yield view.finding("spoofable-identity", node, f"anybody can send {name}, and it decides here", worse=-1)
            return


def _decides(view: View, node: ast.AST) -> bool:
    """Return whether an address is compared with something, or looked for in it, in this function."""
    held = ""
    for around in view.around(node):
        if isinstance(around, ast.Compare):
            return True
        if isinstance(around, ast.Assign):
            held = label(around.targets[0])
        if isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef):
            compares = any(
                isinstance(item, ast.Compare)
                and held
                and held in {label(part) for part in ast.walk(item)}
                and not _with_nothing(item)
                for item in ast.walk(around)
            )
            return compares or bool({"limit", "limiter", "ratelimit", "throttle"} & set(parts(around.name)))
    return False


def _with_nothing(node: ast.Compare) -> bool:
    return all(isinstance(item, ast.Constant) and not item.value for item in node.comparators) or any(
        isinstance(operator, ast.In) and isinstance(node.left, ast.Constant) for operator in node.ops
    )


WATCHES: tuple[Watch, ...] = (
    calls(header_read, "get", "Header"),
    nodes(header_item, ast.Subscript),
)
