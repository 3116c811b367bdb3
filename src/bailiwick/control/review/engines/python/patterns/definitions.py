"""Which assignments of a name reach a place: backwards from it, through blocks, with dead branches left out."""

import ast
from bisect import bisect_left
from collections.abc import Callable

from bailiwick.control.review.engines.python.patterns.outline import Function, Outline, Scope

# What a name may hold; None when nothing can be said of it.
Reaching = list[ast.expr | None]
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_MOST = 32
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Definitions:
    """The assignments of one module. `truth` says of a condition whether it is always true or false, or None."""

    def __init__(self, outline: Outline, truth: Callable[[ast.expr], bool | None]) -> None:
        self._outline = outline
        self._parents = outline.parents
        self._where = outline.where
        self._truth = truth

    def reaching(self, name: str, place: ast.AST) -> Reaching:
        """Return what a name may hold at a place of its own scope; an empty list when it is not assigned before."""
        found: Reaching = []
        here: ast.AST = place
        while not isinstance(here, Scope) or here is place:
            parent = self._parents.get(here)
            if parent is None:
                return found
            if isinstance(parent, _COMPREHENSIONS) and any(name in _names(item.target) for item in parent.generators):
                return [None]
            if (here in self._where or isinstance(here, ast.ExceptHandler)) and self._before(name, here, parent, found):
                return found
            if len(found) > _MOST:
                return [*found[:_MOST], None]
            here = parent
        if isinstance(here, Function | ast.Lambda) and name in parameters(here):
            found.append(None)
        return found

    def at_end(self, body: list[ast.stmt], name: str) -> Reaching:
        """Return what a name may hold at the end of a scope with this body."""
        return self._last(body, len(body), name)[0]

    def _before(self, name: str, here: ast.AST, parent: ast.AST, found: Reaching) -> bool:
        """Add what the statements before this one, and the one around it, assign; return whether one surely does."""
        block, place = self._where.get(here, ([], 0))
        values, definite = self._last(block, place, name)
        found += values
        if definite:
            return True
        if isinstance(parent, ast.If | ast.While) and isinstance(here, ast.stmt):
            in_test = _walrus(parent.test, name)[0]
            if in_test:
                found += in_test
                return True
        if isinstance(parent, _LOOPS) and here in parent.body:
            found += self._last(parent.body, len(parent.body), name, after=place)[0]
        if isinstance(parent, ast.For | ast.AsyncFor) and name in _names(parent.target):
            found += _elements(parent.iter)
            return True
        if isinstance(parent, ast.With | ast.AsyncWith):
            values = _of_with(parent, name)
            found += values
            return bool(values)
        if isinstance(parent, ast.Try | ast.TryStar) and here not in parent.body:
            found += self._last(parent.body, len(parent.body), name)[0]
        if isinstance(here, ast.ExceptHandler) and here.name == name:
            found.append(None)
            return True
        return False

    def _in(self, statement: ast.stmt, name: str) -> tuple[Reaching, bool]:
        """Return what a statement may leave in a name, and whether it surely assigns it."""
        match statement:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self._assigned(statement, name)
            case ast.If():
                return self._branches(statement, name)
            case ast.For() | ast.AsyncFor() | ast.While():
                values = self._block(statement.body, name)[0]
                if not isinstance(statement, ast.While) and name in _names(statement.target):
                    values = [*values, *_elements(statement.iter)]
                return [*values, *self._block(statement.orelse, name)[0]], False
            case ast.With() | ast.AsyncWith():
                values, definite = self._block(statement.body, name)
                named = _of_with(statement, name)
                return (values, True) if definite else ([*values, *named], bool(named))
            case ast.Try() | ast.TryStar():
                return self._tried(statement, name)
            case ast.Match():
                return [value for case in statement.cases for value in self._block(case.body, name)[0]], False
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return ([None], True) if statement.name == name else ([], False)
            case ast.Delete() | ast.Global() | ast.Nonlocal():
                return [], False
        return _walrus(statement, name)

    def _assigned(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign, name: str) -> tuple[Reaching, bool]:
        if isinstance(statement, ast.AugAssign):
            if not (isinstance(statement.target, ast.Name) and statement.target.id == name):
                return [], False
            return [self._outline.sum(statement)], True
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            if isinstance(target, ast.Name):
                if target.id == name and statement.value is not None:
                    return [statement.value], True
            elif isinstance(target, ast.Tuple | ast.List) and name in _names(target):
                return [_unpacked(target, statement.value, name)], True
        return _walrus(statement, name)

    def _branches(self, statement: ast.If, name: str) -> tuple[Reaching, bool]:
        sure = self._truth(statement.test)
        if sure is not None:
            return self._block(statement.body if sure else statement.orelse, name)
        first, both = self._block(statement.body, name)
        second, also = self._block(statement.orelse, name)
        in_test = [] if both and also else _walrus(statement.test, name)[0]
        return [*first, *second, *in_test], (both and also) or bool(in_test)

    def _tried(self, statement: ast.Try | ast.TryStar, name: str) -> tuple[Reaching, bool]:
        last, definite = self._block(statement.finalbody, name)
        if definite:
            return last, True
        values, whole = self._block([*statement.body, *statement.orelse], name)
        for handler in statement.handlers:
            more, definite = self._block(handler.body, name)
            values, whole = [*values, *more], whole and definite
        return [*last, *values], whole

    def _block(self, block: list[ast.stmt], name: str) -> tuple[Reaching, bool]:
        """Return what a block may leave in a name; one that never reaches its end leaves nothing."""
        if block and isinstance(block[-1], _LEAVING):
            return [], True
        return self._last(block, len(block), name)

    def _last(self, block: list[ast.stmt], end: int, name: str, after: int = 0) -> tuple[Reaching, bool]:
        """Return what the statements of a block up to a place leave in a name, and whether one surely assigns it."""
        found: Reaching = []
        places = self._outline.positions(block, name)
        for number in reversed(places[bisect_left(places, after) : bisect_left(places, end)]):
            values, definite = self._in(block[number], name)
            found += values
            if definite:
                return found, True
            if len(found) > _MOST:
                return [*found[:_MOST], None], True
        return found, False


def parameters(function: Function | ast.Lambda) -> dict[str, ast.arg]:
    """Return the parameters of a function by name."""
    given = function.args
    found = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return {item.arg: item for item in [*found, *([given.vararg] if given.vararg else []), *_rest(given)]}


def defaults(function: Function | ast.Lambda) -> dict[str, ast.expr]:
    """Return the defaults of a function's parameters by name."""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    found = dict(zip([item.arg for item in plain[len(plain) - len(given.defaults) :]], given.defaults, strict=True))
    found |= {item.arg: value for item, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value}
    return found


def _rest(given: ast.arguments) -> list[ast.arg]:
    return [given.kwarg] if given.kwarg else []


def _names(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _elements(iterated: ast.expr) -> Reaching:
    if isinstance(iterated, ast.Tuple | ast.List | ast.Set):
        return list(iterated.elts)
    return [None]


def _of_with(statement: ast.With | ast.AsyncWith, name: str) -> Reaching:
    return [
        item.context_expr
        for item in statement.items
        if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name
    ]


def _unpacked(target: ast.Tuple | ast.List, value: ast.expr | None, name: str) -> ast.expr | None:
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        for one, given in zip(target.elts, value.elts, strict=True):
            if isinstance(one, ast.Name) and one.id == name:
                return given
    return None


def _walrus(statement: ast.AST, name: str) -> tuple[Reaching, bool]:
    for node in ast.walk(statement):
        if isinstance(node, ast.NamedExpr) and node.target.id == name:
            return [node.value], False
    return [], False
