"""The outline of a syntax tree: what stands in what, and where in its blocks each name is assigned."""

import ast
from collections.abc import Iterator
from functools import lru_cache

Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Outline:
    """The nodes of a tree in order, their parents, and an index of assignments.

    With the index, looking for what reaches a name takes no longer in a long file than in a short one.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.nodes: list[ast.AST] = [tree]
        self.parents: dict[ast.AST, ast.AST] = {}
        self.where: dict[ast.AST, tuple[list[ast.stmt], int]] = {}
        self._positions: dict[tuple[int, str], list[int]] = {}
        self._sums: dict[ast.AugAssign, ast.BinOp] = {}
        for node in self.nodes:
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                self.nodes.append(child)
            for block in blocks(node):
                for number, statement in enumerate(block):
                    self.where[statement] = (block, number)
        for node in self.nodes:
            for name in self._stored(node):
                self._note(node, name)
        for places in self._positions.values():
            places.sort()

    def positions(self, block: list[ast.stmt], name: str) -> list[int]:
        """Return which statements of a block assign a name, in themselves or in blocks inside."""
        return self._positions.get((id(block), name), [])

    def sum(self, statement: ast.AugAssign) -> ast.BinOp:
        """Return what `name += value` assigns: what the name held before, read at this statement, and the value."""
        if statement not in self._sums:
            name = statement.target.id if isinstance(statement.target, ast.Name) else ""
            before = ast.copy_location(ast.Name(name, ast.Load()), statement)
            self.parents[before] = statement
            self._sums[statement] = ast.copy_location(ast.BinOp(before, statement.op, statement.value), statement)
        return self._sums[statement]

    def _note(self, node: ast.AST, name: str) -> None:
        here: ast.AST = node
        while not isinstance(here, Scope) or here is node:
            if here in self.where:
                block, number = self.where[here]
                places = self._positions.setdefault((id(block), name), [])
                if not places or places[-1] != number:
                    places.append(number)
            if here not in self.parents:
                return
            here = self.parents[here]

    def _stored(self, node: ast.AST) -> Iterator[str]:
        """Yield the names that a node itself binds in its scope."""
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                parent = self.parents[node]
                while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
                    parent = self.parents[parent]
                if not isinstance(parent, ast.comprehension):
                    yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name is not None:
            yield str(node.name)


# The engines of a review look at the same trees one after the other, and at most of them again at the next push.
@lru_cache(maxsize=512)
def outline(tree: ast.Module) -> Outline:
    """Return the outline of a tree."""
    return Outline(tree)


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that a node holds."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield block
