"""What a type annotation says of a value: that it can only be harmless, what it is an object of, or nothing."""

import ast

from bailiwick.control.review.engines.python.project import Module
from bailiwick.control.review.engines.python.run import Run
from bailiwick.control.review.engines.python.signs import allowed_signs

_HARMLESS = frozenset(
    "int float bool complex uuid.UUID UUID datetime.date datetime.datetime datetime.time datetime.timedelta "
    "decimal.Decimal "
    "ipaddress.IPv4Address ipaddress.IPv6Address ipaddress.IPv4Network pydantic.PositiveInt pydantic.NonNegativeInt "
    "pydantic.conint pydantic.StrictInt pydantic.StrictBool pydantic.UUID4 pydantic.PositiveFloat None NoneType".split()
)
_UNIONS = frozenset({"typing.Optional", "typing.Union", "Optional", "Union", "typing_extensions.Optional"})
LISTS = frozenset(
    "list set tuple frozenset typing.List typing.Set typing.Tuple typing.Sequence collections.abc.Sequence "
    "typing.Iterable collections.abc.Iterable typing.FrozenSet".split()
)
_WRAPPED = frozenset({"typing.Annotated", "typing_extensions.Annotated", "typing.Final", "typing.ClassVar"})
_ENUMS = ("enum.", "strenum.")
_DEEPEST = 8


def is_harmless(run: Run, module: Module, node: ast.expr, depth: int = 0) -> bool:  # noqa: PLR0911 - one a form
    """Return whether a value of this annotation, if it is checked, can do no harm: numbers, dates, choices."""
    if depth > _DEEPEST:
        return False
    match node:
        case ast.Constant(value=None):
            return True
        case ast.Constant(value=str() as text):
            inner = parsed(text)
            return inner is not None and is_harmless(run, module, inner, depth + 1)
        case ast.BinOp(left=left, right=right, op=ast.BitOr()):
            return is_harmless(run, module, left, depth + 1) and is_harmless(run, module, right, depth + 1)
        case ast.Subscript(value=outer, slice=inner):
            return _subscript_is_harmless(run, module, outer, inner, depth)
        case ast.Name() | ast.Attribute():
            name = run.project.name_of(module, node)
            if name in _HARMLESS:
                return True
            cls = run.project.find_class(name, module)
            return cls is not None and any(base.startswith(_ENUMS) for base in run.project.ancestry(cls)[1])
        case ast.Call(func=func):
            return run.project.name_of(module, func) in _HARMLESS
    return False


def _subscript_is_harmless(run: Run, module: Module, outer: ast.expr, inner: ast.expr, depth: int) -> bool:
    name = run.project.name_of(module, outer)
    if name.endswith("Literal"):
        return True
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name in _WRAPPED:
        return is_harmless(run, module, parts[0], depth + 1) or _has_pattern(parts[1:])
    if name in _UNIONS or name in LISTS:
        return all(
            is_harmless(run, module, part, depth + 1)
            for part in parts
            if not (isinstance(part, ast.Constant) and part.value is ...)
        )
    return False


def _has_pattern(parts: list[ast.expr]) -> bool:
    """Return whether an annotation demands a pattern that lets word characters through only."""
    for part in parts:
        if isinstance(part, ast.Call):
            for keyword in part.keywords:
                if keyword.arg in {"pattern", "regex"} and isinstance(keyword.value, ast.Constant):
                    return _is_narrow(str(keyword.value.value))
    return False


def _is_narrow(pattern: str) -> bool:
    signs = allowed_signs(pattern, "search")
    return signs is not None and all(sign.isalnum() or sign in "_-" for sign in signs)


def parsed(text: str) -> ast.expr | None:
    """Return an annotation that was written as a string."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def unwrapped(run: Run, module: Module, node: ast.expr) -> tuple[ast.expr, list[ast.expr]]:
    """Return the type of an annotation without `Annotated`, `Optional` and `| None`, and what `Annotated` adds."""
    extra: list[ast.expr] = []
    for _ in range(_DEEPEST):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            inner = parsed(node.value)
            if inner is None:
                return node, extra
            node = inner
        elif isinstance(node, ast.Subscript) and run.project.name_of(module, node.value) in _WRAPPED | _UNIONS:
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            extra += parts[1:]
            node = parts[0]
        elif isinstance(node, ast.BinOp):
            node = node.right if isinstance(node.left, ast.Constant) else node.left
        elif isinstance(node, ast.Name | ast.Attribute):
            alias = _alias(run, module, node)
            if alias is None:
                return node, extra
            module_of_alias, node = alias
            module = module_of_alias
        else:
            return node, extra
    return node, extra


def _alias(run: Run, module: Module, node: ast.expr) -> tuple[Module, ast.expr] | None:
    """Return the annotation behind a name that the app gave one: `UserDep = Annotated[User, Depends(user)]`."""
    place = run.project.split(run.project.name_of(module, node), module)
    if place is None and isinstance(node, ast.Name):
        place = (module, node.id)
    if place is None or not isinstance(place[0].constants.get(place[1]), ast.Subscript):
        return None
    return place[0], place[0].constants[place[1]]
