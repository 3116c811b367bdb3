"""Checks that vanish, and faults that nobody hears of."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.naming import labels, parts
from bailiwick.control.review.engines.python.patterns.routes import is_route
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, nodes
from bailiwick.control.review.model import Finding

_GUARDING = frozenset({
    "admin", "permission", "permissions", "role", "roles", "authenticated", "authorized", "authorised", "owner",
    "permitted", "password", "csrf", "signature", "superuser", "staff", "privilege", "privileges", "login",
    "logged", "auth",
})  # fmt: skip
_TESTS = re.compile(r"(?:^|/)(?:tests?/|test_|conftest\.py$)|_test\.py$")


def assertion(view: View, node: ast.Assert) -> Iterator[Finding]:
    """A check of rights or of input that is an assert."""
    words = {word for name in labels(node.test) | _called(node.test) for word in parts(name)}
    function = view.function(node)
    guards = bool(words & _GUARDING) or (function is not None and is_route(view, function))
    if guards and "isinstance" not in words and not _TESTS.search(view.path) and not _says_not_none(node.test):
        yield view.finding("assert-as-check", node, "the check vanishes when Python runs optimised")


def _says_not_none(test: ast.expr) -> bool:
    """Return whether an assert only helps a type checker."""
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.IsNot)


def _called(node: ast.AST) -> set[str]:
    found = set()
    for item in ast.walk(node):
        if isinstance(item, ast.Call):
            found.add(item.func.attr if isinstance(item.func, ast.Attribute) else getattr(item.func, "id", ""))
    return found


def swallowed(view: View, node: ast.ExceptHandler) -> Iterator[Finding]:
    """A handler that catches anything and does nothing."""
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    caught = {view.last(item) for item in kinds if item}
    nothing = all(
        isinstance(item, ast.Pass | ast.Continue)
        or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
        for item in node.body
    )
    if nothing and (node.type is None or caught & {"Exception", "BaseException"}):
        yield view.finding("swallowed-error", node, "whatever goes wrong here, nobody hears of it")


WATCHES: tuple[Watch, ...] = (
    nodes(assertion, ast.Assert),
    nodes(swallowed, ast.ExceptHandler),
)
