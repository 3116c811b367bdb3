"""What an expression is worth when it is made of constants: folded by our own hands, never run."""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bailiwick.control.review.engines.python.project import Module, Project


class Unknown:
    """The value of what is not constant. There is one, `UNKNOWN`; `None` is a constant."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
# Any value that folding gives: plain data of Python's own types.
Constant = Any

_DEEPEST = 24
_LONGEST = 20_000
_LARGEST = 10**60
_MOST_SHIFTED = 200
_MOST_DIGITS = 64

_BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
_COMPARED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: lambda left, right: left == right and type(left) is type(right),
    ast.IsNot: lambda left, right: not (left == right and type(left) is type(right)),
    ast.In: lambda left, right: left in right, ast.NotIn: lambda left, right: left not in right,
}  # fmt: skip
_UNARY: Mapping[type, Callable[[Any], Any]] = {
    ast.Not: operator.not_, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert,
}  # fmt: skip
# Methods without side effects whose result is no longer than a small multiple of what goes in.
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        "capitalize casefold count encode endswith find format index isalnum isalpha isascii isdecimal isdigit "
        "isidentifier islower isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix "
        "replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper".split()
    ),
    bytes: frozenset("decode endswith find hex join lower lstrip replace rstrip split startswith strip upper".split()),
    dict: frozenset({"get", "keys", "values", "items", "copy"}),
    list: frozenset({"index", "count", "copy"}),
    tuple: frozenset({"index", "count"}),
    int: frozenset({"bit_length"}),
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs, "all": all, "any": any, "bool": bool, "bytes": bytes, "chr": chr, "dict": dict, "float": float,
    "frozenset": frozenset, "hex": hex, "int": int, "len": len, "list": list, "max": max, "min": min, "oct": oct,
    "ord": ord, "repr": repr, "reversed": lambda text: list(reversed(text)), "round": round, "set": set,
    "sorted": sorted, "str": str, "sum": sum, "tuple": tuple,
}  # fmt: skip
# Widths, given or computed.
_WIDE = re.compile(r"\d{4}|%[^a-zA-Z%]*\*|\{[^}]*\{")
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError, RecursionError)


def binary(kind: type, left: Constant, right: Constant) -> Constant:
    """Return what an operator of two constants gives; `UNKNOWN` if it fails or would be too large."""
    if left is UNKNOWN or right is UNKNOWN or kind not in _BINARY:
        return UNKNOWN
    if kind in {ast.Mult, ast.Pow, ast.LShift} and not _is_small(kind, left, right):
        return UNKNOWN
    if kind is ast.Mod and isinstance(left, str | bytes) and not _is_small_format(left):
        return UNKNOWN
    try:
        return kept(_BINARY[kind](left, right))
    except _FAULTS:
        return UNKNOWN


def unary(kind: type, operand: Constant) -> Constant:
    """Return what an operator of one constant gives."""
    if operand is UNKNOWN:
        return UNKNOWN
    try:
        return kept(_UNARY[kind](operand))
    except _FAULTS:
        return UNKNOWN


def compared(kind: type, left: Constant, right: Constant) -> Constant:
    """Return what a comparison of two constants gives."""
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    try:
        return bool(_COMPARED[kind](left, right))
    except _FAULTS:
        return UNKNOWN


def method(receiver: Constant, name: str, given: Sequence[Constant], named: Mapping[str, Constant]) -> Constant:
    """Return what a method of a constant gives for constant arguments."""
    allowed = _METHODS.get(type(receiver), frozenset())
    if name not in allowed or any(value is UNKNOWN for value in (*given, *named.values())):
        return UNKNOWN
    if name == "format" and not _is_small_format(receiver):
        return UNKNOWN
    if name in {"replace", "join"} and _size(receiver) * _size(list(given)) > _LONGEST * 50:
        return UNKNOWN
    try:
        result = getattr(receiver, name)(*given, **named)
    except _FAULTS:
        return UNKNOWN
    return kept(list(result) if type(result).__name__.startswith("dict_") else result)


def is_method(name: str) -> bool:
    """Return whether some constant has a method of this name that is evaluated here."""
    return any(name in names for names in _METHODS.values())


def is_function(name: str) -> bool:
    """Return whether a built-in function of this name is evaluated here."""
    return name in _FUNCTIONS


def function(name: str, given: Sequence[Constant]) -> Constant:
    """Return what a built-in function gives for constant arguments."""
    if name not in _FUNCTIONS or any(value is UNKNOWN for value in given):
        return UNKNOWN
    if name == "bytes" and given and isinstance(given[0], int) and abs(given[0]) > _LONGEST:
        return UNKNOWN
    if name == "int" and given and isinstance(given[0], str) and len(given[0]) > _MOST_DIGITS:
        return UNKNOWN
    try:
        return kept(_FUNCTIONS[name](*given))
    except _FAULTS:
        return UNKNOWN


def item(container: Constant, key: Constant) -> Constant:
    """Return an item, or with a `slice` a part, of a constant."""
    if container is UNKNOWN or key is UNKNOWN:
        return UNKNOWN
    try:
        return container[key]
    except _FAULTS:
        return UNKNOWN


def kept(value: Constant) -> Constant:
    """Return a value, or `UNKNOWN` when it is larger than is worth carrying about."""
    if isinstance(value, complex):
        return UNKNOWN
    if isinstance(value, int) and abs(value) > _LARGEST:
        return UNKNOWN
    return UNKNOWN if _size(value) > _LONGEST else value


def _size(value: Constant) -> int:
    """Return about how much a value holds, not counting on when that is too much."""
    size, waiting = 0, [value]
    while waiting and size <= _LONGEST:
        part = waiting.pop()
        size += len(part) + 1 if isinstance(part, str | bytes) else 1
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part
    return size


def _is_small(kind: type, left: Constant, right: Constant) -> bool:
    if kind is ast.Mult:
        if isinstance(left, int | float) and isinstance(right, int | float):
            return True
        number, other = (left, right) if isinstance(left, int) else (right, left)
        return isinstance(number, int) and abs(number) * (_size(other) + 1) <= _LONGEST
    exact = isinstance(left, int | float) and isinstance(right, int | float)
    return exact and abs(left) <= 2**32 and abs(right) <= _MOST_SHIFTED


def _is_small_format(text: str | bytes) -> bool:
    """Return whether a format asks for no width or precision, by which a few characters make a very long text."""
    return isinstance(text, str) and not _WIDE.search(text)


class Evaluator:
    """Evaluates expressions of one module; names are looked up in `local`, then in the app's modules.

    Without flow: what a function assigns more than once is not constant here.
    """

    def __init__(self, project: Project, module: Module, local: Mapping[str, ast.expr] | None = None) -> None:
        self._project = project
        self._module = module
        self._local = local or {}

    def value(self, node: ast.expr | None, depth: int = 0) -> Constant:  # noqa: PLR0911 - one a form
        """Return what an expression is worth, or `UNKNOWN`."""
        if node is None or depth > _DEEPEST:
            return UNKNOWN
        deeper = depth + 1
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._name(name, node, deeper)
            case ast.Attribute():
                return self._global(self._project.name_of(self._module, node), deeper)
            case ast.BinOp(left=left, op=op, right=right):
                return binary(type(op), self.value(left, deeper), self.value(right, deeper))
            case ast.UnaryOp(op=op, operand=operand):
                return unary(type(op), self.value(operand, deeper))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return compared(type(op), self.value(left, deeper), self.value(right, deeper))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                chosen = self.value(test, deeper)
                return UNKNOWN if chosen is UNKNOWN else self.value(body if chosen else orelse, deeper)
            case ast.JoinedStr(values=parts):
                return self._joined(parts, deeper)
            case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
                return self._container(node, deeper)
            case ast.Subscript(value=container, slice=key):
                return item(self.value(container, deeper), self._key(key, deeper))
            case ast.Call():
                return self._call(node, deeper)
        return UNKNOWN

    def _name(self, name: str, node: ast.Name, depth: int) -> Constant:
        if name in self._local:
            return self.value(self._local[name], depth)
        return self._global(self._project.name_of(self._module, node), depth)

    def _global(self, dotted: str, depth: int) -> Constant:
        if "." not in dotted:
            constant = self._module.constants.get(dotted)
            return UNKNOWN if constant is None else Evaluator(self._project, self._module).value(constant, depth)
        place = self._project.split(dotted, self._module)
        if place is None or place[1] not in place[0].constants:
            return UNKNOWN
        return Evaluator(self._project, place[0]).value(place[0].constants[place[1]], depth)

    def _joined(self, parts: Sequence[ast.expr], depth: int) -> Constant:
        texts: list[str] = []
        for part in parts:
            plain = isinstance(part, ast.FormattedValue) and part.format_spec is None and part.conversion < 0
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part, depth)
            if value is UNKNOWN or (isinstance(part, ast.FormattedValue) and not plain):
                return UNKNOWN
            texts.append(str(value))
        return kept("".join(texts))

    def _container(self, node: ast.Tuple | ast.List | ast.Set | ast.Dict, depth: int) -> Constant:
        if isinstance(node, ast.Dict):
            keys = [self.value(key, depth) for key in node.keys]
            values = [self.value(value, depth) for value in node.values]
        else:
            keys, values = [], [self.value(element, depth) for element in node.elts]
        if any(value is UNKNOWN for value in (*keys, *values)):
            return UNKNOWN
        try:
            if isinstance(node, ast.Dict):
                return dict(zip(keys, values, strict=True))
            kind: type = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
            return kind(values)
        except TypeError:
            return UNKNOWN

    def _key(self, node: ast.expr, depth: int) -> Constant:
        if not isinstance(node, ast.Slice):
            return self.value(node, depth)
        bounds = [None if part is None else self.value(part, depth) for part in (node.lower, node.upper, node.step)]
        return UNKNOWN if any(bound is UNKNOWN for bound in bounds) else slice(*bounds)

    def _call(self, node: ast.Call, depth: int) -> Constant:
        given = [self.value(argument, depth) for argument in node.args]
        named = {keyword.arg: self.value(keyword.value, depth) for keyword in node.keywords if keyword.arg}
        if len(named) != len(node.keywords):
            return UNKNOWN
        if isinstance(node.func, ast.Name) and not named and node.func.id not in self._module.functions:
            return function(node.func.id, given)
        if isinstance(node.func, ast.Attribute):
            receiver = self.value(node.func.value, depth)
            return UNKNOWN if receiver is UNKNOWN else method(receiver, node.func.attr, given, named)
        return UNKNOWN


def local_constants(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return the expressions of the names that a function (or module) assigns exactly once, and in no other way.

    `nodes` are its own, as the index of its module has them.
    """
    found: dict[str, ast.expr] = {}
    stored: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name):
            found[node.target.id] = node.value or ast.Constant(UNKNOWN)  # type: ignore[arg-type]
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored[node.id] = stored.get(node.id, 0) + 1
        elif isinstance(node, ast.arg | ast.Global | ast.Nonlocal | ast.ExceptHandler):
            names = getattr(node, "names", None) or [getattr(node, "arg", None) or getattr(node, "name", None)]
            stored.update((name, 2) for name in names if name)
    return {name: value for name, value in found.items() if stored.get(name) == 1}
