"""What an expression may be, when that can be said without running anything: bounded in size, depth and number."""

import ast
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.outline import Function

if TYPE_CHECKING:
    from bailiwick.control.review.engines.python.patterns.view import View


_DEEPEST = 14
_MOST = 16
_LOOKUPS = frozenset({"os.environ.get", "os.getenv", "environ.get", "getenv", "decouple.config", "config", "env"})


class Folding:
    """The expressions of one file, folded."""

    def __init__(self, view: "View") -> None:
        self._view = view
        self._known: dict[ast.expr, list[object]] = {}
        self._depth = 0

    def truth(self, test: ast.expr) -> bool | None:
        """Return what a condition always is, or None."""
        if not isinstance(test, ast.Constant | ast.Compare | ast.UnaryOp | ast.BoolOp | ast.Name):
            return None
        values = self.values(test)
        if len(values) == 1 and values[0] is not UNKNOWN:
            return bool(values[0])
        return None

    def values(self, node: ast.expr) -> list[object]:
        """Return what an expression may be, each value once, with `UNKNOWN` for what cannot be said."""
        if isinstance(node, ast.Constant):
            return [node.value]
        if node not in self._known:
            if self._depth > _DEEPEST:
                return [UNKNOWN]
            self._known[node] = [UNKNOWN]  # what depends on itself cannot be said
            self._depth += 1
            try:
                self._known[node] = _distinct(self._fold(node))
            finally:
                self._depth -= 1
        return self._known[node]

    def _fold(self, node: ast.expr) -> list[object]:
        match node:
            case ast.Name():
                return self._named(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.JoinedStr():
                return self._joined([self._piece(part) for part in node.values])
            case ast.BinOp():
                return self._each(partial(constants.binary, type(node.op)), node.left, node.right)
            case ast.Compare() if len(node.ops) == 1:
                return self._each(partial(constants.compared, type(node.ops[0])), node.left, node.comparators[0])
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                return [value for item in node.values for value in self._useful(item, node)]
            case ast.IfExp():
                sure = self.truth(node.test)
                chosen = [node.body, node.orelse] if sure is None else [node.body if sure else node.orelse]
                return [value for item in chosen for value in self.values(item)]
            case ast.Tuple() | ast.List() | ast.Set():
                items = self._single(node.elts)
                return [UNKNOWN] if items is None else [tuple(items)]
            case ast.Dict():
                return self._dictionary(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.NamedExpr() | ast.Await():
                return self.values(node.value)
        return [UNKNOWN]

    def _named(self, node: ast.Name) -> list[object]:
        held = self._view.reaching(node)
        if held:
            found = [value for item in held for value in (self.values(item) if item is not None else [UNKNOWN])]
            return [*found, UNKNOWN] if node.id in self._view.changed else found
        return self._elsewhere(self._view.imports.get(node.id, ""))

    def _elsewhere(self, dotted: str) -> list[object]:
        """Return what a name of another file of the app may be."""
        place = self._view.elsewhere(dotted)
        if place is None or self._depth > _DEEPEST:
            return [UNKNOWN]
        other, name = place
        owner, _, field = name.rpartition(".")
        held: list[ast.expr | None] = (
            [*other.fields.get((owner, field), [])] if owner else other.everywhere(other.tree, name)
        )
        before, other.folding._depth = other.folding._depth, self._depth + 1
        found = [value for item in held for value in (other.values(item) if item is not None else [UNKNOWN])]
        other.folding._depth = before
        return found or [UNKNOWN]

    def _attribute(self, node: ast.Attribute) -> list[object]:
        held = self._view.field_values(node)
        if held:
            return [value for item in held for value in self.values(item)]
        return self._elsewhere(self._view.name(node))

    def _piece(self, part: ast.expr) -> list[object]:
        if isinstance(part, ast.FormattedValue):
            return self.values(part.value) if part.format_spec is None and part.conversion == -1 else [UNKNOWN]
        return self.values(part)

    def _joined(self, pieces: list[list[object]]) -> list[object]:
        if all(len(piece) == 1 and piece[0] is not UNKNOWN for piece in pieces):
            return [constants.kept("".join(str(piece[0]) for piece in pieces))]
        return [UNKNOWN]

    def _each(self, function: Callable[[Any, Any], Any], left: ast.expr, right: ast.expr) -> list[object]:
        return [function(first, second) for first in self.values(left) for second in self.values(right)]

    def _unary(self, node: ast.UnaryOp) -> list[object]:
        return [constants.unary(type(node.op), value) for value in self.values(node.operand)]

    def _useful(self, item: ast.expr, node: ast.BoolOp) -> list[object]:
        """Return what a part of `a or b` may give: what stops it, and for the last one anything."""
        values = self.values(item)
        if item is node.values[-1]:
            return values
        stops = isinstance(node.op, ast.Or)
        return [value for value in values if value is UNKNOWN or bool(value) is stops]

    def _single(self, nodes: Iterable[ast.expr]) -> list[object] | None:
        """Return the values of expressions that can each be one thing only."""
        found = []
        for item in nodes:
            values = self.values(item)
            if len(values) != 1 or values[0] is UNKNOWN:
                return None
            found.append(values[0])
        return found

    def _dictionary(self, node: ast.Dict) -> list[object]:
        if any(key is None for key in node.keys):
            return [UNKNOWN]
        keys, values = self._single(key for key in node.keys if key is not None), self._single(node.values)
        if keys is None or values is None:
            return [UNKNOWN]
        try:
            return [dict(zip(keys, values, strict=True))]
        except TypeError:
            return [UNKNOWN]

    def _subscript(self, node: ast.Subscript) -> list[object]:
        if isinstance(node.slice, ast.Slice):
            ends = self._single([end for end in (node.slice.lower, node.slice.upper, node.slice.step) if end])
            if ends is None:
                return [UNKNOWN]
            given = iter(ends)
            parts = [next(given) if end else None for end in (node.slice.lower, node.slice.upper, node.slice.step)]
            return [constants.item(value, slice(*parts)) for value in self.values(node.value)]
        return self._each(constants.item, node.value, node.slice)

    def _call(self, node: ast.Call) -> list[object]:
        name = self._view.name(node.func)
        if name in _LOOKUPS or name.endswith((".config.get", ".environ.get")):
            default = self._view.argument(node, 1, "default", "fallback")
            return [UNKNOWN, *(self.values(default) if default is not None else [])]
        if isinstance(node.func, ast.Attribute) and constants.is_method(node.func.attr):
            return self._method(node, node.func)
        if name == "getattr" and len(node.args) == 3:
            return [UNKNOWN, *self.values(node.args[2])]
        if constants.is_function(name) and node.args:
            given = self._single(node.args)
            return [UNKNOWN] if given is None or node.keywords else [constants.function(name, given)]
        function = self._view.functions.get(name)
        return self._returned(function) if function is not None else [UNKNOWN]

    def _method(self, node: ast.Call, function: ast.Attribute) -> list[object]:
        base = self.values(function.value)
        given = self._single(node.args)
        found: list[object] = [UNKNOWN]
        if given is not None and not node.keywords:
            found = [
                UNKNOWN if value is UNKNOWN else constants.method(value, function.attr, given, {}) for value in base
            ]
        default = node.args[1] if function.attr == "get" and len(node.args) > 1 else None
        return [*found, *self.values(default)] if default is not None and found == [UNKNOWN] else found

    def _returned(self, function: Function) -> list[object]:
        """Return what a function of this file may return, when that does not hang on its arguments."""
        found = [
            value
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and node.value is not None and self._view.scope(node) is function
            for value in self.values(node.value)
        ]
        return found or [UNKNOWN]


def _distinct(values: list[object]) -> list[object]:
    found: list[object] = []
    for value in values:
        if not any(value is one or (type(value) is type(one) and value == one) for one in found):
            found.append(value)
        if len(found) > _MOST:
            return [*found[:_MOST], UNKNOWN]
    return found
