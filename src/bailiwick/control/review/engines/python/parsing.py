"""A file of Python, parsed once for all engines: its tree, its lines as Python counts them, an index of its nodes."""

import ast
import io
import json
import re
import tokenize
import warnings
from dataclasses import dataclass
from functools import lru_cache

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Deeper than people write; a tree of this depth is still walked without running out of stack.
_DEEPEST = 300
# What ends a line for Python: neither a form feed nor the separators of Unicode, by which others part lines too.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(eq=False)
class Index:
    """What one way through a tree finds: scopes, classes, the nodes of each, imports, names in use, depth and size.

    The nodes of a scope or class are those that are not in a function or class inside it.
    """

    scopes: list[ast.Module | Function]
    classes: list[ast.ClassDef]
    nodes: dict[int, list[ast.AST]]
    imports: list[ast.Import | ast.ImportFrom]
    names: set[str]
    depth: int = 0
    size: int = 0


@dataclass(frozen=True, eq=False)
class Parsed:
    """What a file is as Python reads it."""

    tree: ast.Module
    lines: tuple[str, ...]
    index: Index


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text as Python counts them."""
    lines = _LINE_END.split(text)
    return tuple(lines if lines[-1] else lines[:-1])


# The engines of a review read the same files one after the other. Files that are alike have trees of their own: a node
# says which file it is of.
@lru_cache(maxsize=2048)
def parsed(path: str, content: bytes) -> Parsed:
    """Return a file or notebook as Python reads it.

    Raise `SyntaxError`, `ValueError`, `RecursionError` or `MemoryError` when it does not.
    """
    if path.endswith(".ipynb"):
        text = _cells(content)
    else:
        # Python runs what the encoding that a file names makes of it; read as anything else, code hides in comments.
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        if encoding not in {"utf-8", "utf-8-sig"}:
            raise ValueError(f"it is written in {encoding[:40]}, and only UTF-8 is reviewed")
        text = content.decode(encoding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    index = _indexed(tree)
    if index.depth > _DEEPEST:
        raise ValueError(f"it nests deeper than {_DEEPEST} levels, which nobody can review")
    return Parsed(tree, lines_of(text), index)


def _indexed(tree: ast.Module) -> Index:
    """Go once through a tree. `a + b + c` and `elif` nest to the left and are as deep as they are long: that is one."""
    nodes: dict[int, list[ast.AST]] = {id(tree): []}
    index = Index([tree], [], nodes, [], set())
    waiting: list[tuple[ast.AST, list[ast.AST], int]] = [(tree, [], 0)]
    while waiting:
        node, own, depth = waiting.pop()
        index.depth = max(index.depth, depth)
        index.size += 1
        kind = type(node)
        if kind in _SCOPES:
            own = nodes[id(node)] = []
            if kind is ast.ClassDef:
                index.classes.append(node)  # type: ignore[arg-type]
            elif node is not tree:
                index.scopes.append(node)  # type: ignore[arg-type]
        else:
            own.append(node)
            if kind is ast.Name:
                index.names.add(node.id)  # type: ignore[attr-defined]
            elif kind is ast.Attribute:
                index.names.add(node.attr)  # type: ignore[attr-defined]
            elif kind is ast.Import or kind is ast.ImportFrom:
                index.imports.append(node)  # type: ignore[arg-type]
        below = [(child, own, depth if _continues(node, child) else depth + 1) for child in _children(node)]
        waiting += below[::-1]
    return index


_SCOPES = frozenset({ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})


def _continues(node: ast.AST, child: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return child is node.left
    return isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)


def _children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context | ast.operator):
            found.append(value)
    return found


def _cells(content: bytes) -> str:
    """Return the code cells of a notebook as one text; commands for the notebook itself become comments."""
    try:
        cells = json.loads(content)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    except (KeyError, TypeError, RecursionError) as fault:
        raise ValueError("it is no notebook of format 4") from fault
    lines: list[str] = []
    for source in sources:
        text = source if isinstance(source, str) else "".join(map(str, source))
        lines += [f"# {line}" if line.lstrip().startswith(("%", "!", "?")) else line for line in lines_of(text)]
    return "\n".join(lines)
