"""What an expression may be, when that can be said without running anything: bounded in size, depth and number."""

import ast
import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from bailiwick.control.review.engines.python.patterns.outline import Function

if TYPE_CHECKING:
    from bailiwick.control.review.engines.python.patterns.view import View


class _Unknown:
    """What cannot be said."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
_DEEPEST = 14
_MOST = 16
_LONGEST = 4096
_LARGEST = 2**64
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv, ast.Mod: operator.mod, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b, ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}  # fmt: skip
_METHODS = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "replace", "title", "encode", "decode", "join", "format", "split",
    "removeprefix", "removesuffix", "startswith", "endswith", "get", "hex",
})  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "str": str, "int": int, "bool": bool, "len": len, "bytes": lambda *a: bytes(*a) if isinstance(a[0], str) else a[0],
    "chr": chr, "tuple": tuple, "list": list, "set": frozenset, "frozenset": frozenset, "min": min, "max": max,
}  # fmt: skip
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
                return self._each(_OPERATORS.get(type(node.op)), node.left, node.right)
            case ast.Compare() if len(node.ops) == 1:
                return self._each(_OPERATORS.get(type(node.ops[0])), node.left, node.comparators[0])
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
            return ["".join(str(piece[0]) for piece in pieces)[:_LONGEST]]
        return [UNKNOWN]

    def _each(self, function: Callable[..., Any] | None, *operands: ast.expr) -> list[object]:
        if function is None:
            return [UNKNOWN]
        return [
            UNKNOWN if first is UNKNOWN or second is UNKNOWN else _tried(function, first, second)
            for first in self.values(operands[0])
            for second in self.values(operands[1])
        ]

    def _unary(self, node: ast.UnaryOp) -> list[object]:
        functions: dict[type[ast.AST], Callable[..., Any]] = {
            ast.Not: operator.not_, ast.USub: operator.neg, ast.Invert: operator.invert, ast.UAdd: operator.pos
        }  # fmt: skip
        function = functions[type(node.op)]
        return [value if value is UNKNOWN else _tried(function, value) for value in self.values(node.operand)]

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
        return [_tried(lambda: dict(zip(keys, values, strict=True)))]

    def _subscript(self, node: ast.Subscript) -> list[object]:
        if isinstance(node.slice, ast.Slice):
            ends = self._single([end for end in (node.slice.lower, node.slice.upper, node.slice.step) if end])
            if ends is None:
                return [UNKNOWN]
            given = iter(ends)
            parts = [next(given) if end else None for end in (node.slice.lower, node.slice.upper, node.slice.step)]
            return [
                value if value is UNKNOWN else _tried(lambda v: v[slice(*parts)], value)
                for value in self.values(node.value)
            ]
        return self._each(lambda container, key: container[key], node.value, node.slice)

    def _call(self, node: ast.Call) -> list[object]:
        name = self._view.name(node.func)
        if name in _LOOKUPS or name.endswith((".config.get", ".environ.get")):
            default = self._view.argument(node, 1, "default", "fallback")
            return [UNKNOWN, *(self.values(default) if default is not None else [])]
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            base = self.values(node.func.value)
            if node.func.attr == "format" and any(":" in str(value) for value in base):
                return [UNKNOWN]  # a width could be of any size
            found = self._applied(node, [getattr(value, node.func.attr, None) for value in base])
            default = node.args[1] if node.func.attr == "get" and len(node.args) > 1 else None
            return [*found, *self.values(default)] if default is not None and found == [UNKNOWN] else found
        if name == "getattr" and len(node.args) == 3:
            return [UNKNOWN, *self.values(node.args[2])]
        if name in _FUNCTIONS and node.args:
            return self._applied(node, [_FUNCTIONS[name]])
        function = self._view.functions.get(name)
        return self._returned(function) if function is not None else [UNKNOWN]

    def _applied(self, node: ast.Call, functions: list[Any]) -> list[object]:
        given = self._single(node.args)
        if given is None or node.keywords:
            return [UNKNOWN]
        return [_tried(function, *given) if callable(function) else UNKNOWN for function in functions]

    def _returned(self, function: Function) -> list[object]:
        """Return what a function of this file may return, when that does not hang on its arguments."""
        found = [
            value
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and node.value is not None and self._view.scope(node) is function
            for value in self.values(node.value)
        ]
        return found or [UNKNOWN]


def _tried(function: Callable[..., Any], *operands: Any) -> object:
    """Return what a function gives, or `UNKNOWN` when it fails or what it makes may be large."""
    if any(isinstance(item, str | bytes | tuple) and len(item) > _LONGEST for item in operands):
        return UNKNOWN
    numbers = [item for item in operands if isinstance(item, int | float)]
    if any(abs(item) > _LARGEST for item in numbers):
        return UNKNOWN
    if function in {operator.mul, operator.mod} and len(numbers) != len(operands):
        if any(number > _MOST for number in numbers if function is operator.mul):
            return UNKNOWN
        if function is operator.mod and not _plain(operands[0]):
            return UNKNOWN
    try:
        made = function(*operands)
    except Exception:
        return UNKNOWN
    return UNKNOWN if isinstance(made, str | bytes | tuple | frozenset) and len(made) > _LONGEST else made


def _plain(text: object) -> bool:
    """Return whether a format asks for no width, which could be of any size."""
    return isinstance(text, str | bytes) and not any(chr(c).isdigit() or chr(c) == "*" for c in _codes(text))


def _codes(text: str | bytes) -> Iterable[int]:
    return text if isinstance(text, bytes) else map(ord, text)


def _distinct(values: list[object]) -> list[object]:
    found: list[object] = []
    for value in values:
        if not any(value is one or (type(value) is type(one) and value == one) for one in found):
            found.append(value)
        if len(found) > _MOST:
            return [*found[:_MOST], UNKNOWN]
    return found
