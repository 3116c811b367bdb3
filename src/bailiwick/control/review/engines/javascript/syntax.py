"""The syntax tree of a JavaScript or TypeScript file, as small plain nodes; parsed by tree-sitter's grammars."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript

# Levels that a tree may have. Nobody writes so deep; whoever reads it would have to go as deep.
DEEPEST = 300
# Nodes that are kept of one file: about half a megabyte of code.
MOST_NODES = 250_000
_MOST_MENDED = 3
_LINES_BACK = 4
# Wrappings that change nothing of a value: in their place stands what is inside.
_TRANSPARENT = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion",
     "instantiation_expression", "computed_property_name"}
)  # fmt: skip
_LEFT_OUT = frozenset({"comment", "html_comment", "type_arguments", "type_parameters", "predefined_type"})
_TYPES_ONLY = frozenset({"interface_declaration", "type_alias_declaration", "ambient_declaration"})


class UnreadableSourceError(ValueError):
    """A file that cannot be read as source, with the line where reading ended (0 for all of it)."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    """A node of the tree: its kind, its role in its parent, and where it stands (lines, columns from 1)."""

    kind: str
    role: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int
    source: bytes = field(repr=False)
    children: list["Node"] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """The source of this node."""
        return self.source[self.start : self.end].decode(errors="replace")

    def get(self, name: str) -> "Node | None":
        """Return the child of a role, or None."""
        for child in self.children:
            if child.role == name:
                return child
        return None

    def all(self, name: str) -> list["Node"]:
        """Return the children of a role."""
        return [child for child in self.children if child.role == name]

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it, in the order of the file."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was parsed: its tree, its lines, and the line of the first thing that did not parse (0 for none)."""

    path: str
    root: Node
    lines: tuple[str, ...]
    broken_line: int = 0


@cache
def _language(name: str) -> tree_sitter.Language:
    made = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    return tree_sitter.Language(made[name]())


def parse(path: str, content: bytes) -> Source:
    """Parse a file by the name that it has; TypeScript where JavaScript's grammar does not fit, as bundlers do.

    Raises `UnreadableSourceError` when it is not UTF-8 text or nested too deeply. A tree with faults is returned with
    the line of the first one: what stands around it is still read.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UnreadableSourceError("it is not UTF-8, and only UTF-8 is reviewed") from fault
    if "\0" in text:
        raise UnreadableSourceError("it holds NUL characters", text[: text.index("\0")].count("\n") + 1)
    source = text.encode()
    tries = 0
    while True:
        best = _best(path, source)
        if not best[0] or tries == _MOST_MENDED:
            break
        mended = _ended(source, best[0])
        if mended is None:
            break
        source, tries = mended, tries + 1
    return Source(path, _lowered(best[1], source), tuple(text.split("\n")), best[0])


def _ended(source: bytes, line: int) -> bytes | None:
    """Return a source with the statement ended that a line follows which begins with a bracket.

    The grammars go on with a function's body there, which the language does not (ECMA-262, 12.10).
    """
    lines = source.split(b"\n")
    for place in range(line - 1, max(line - _LINES_BACK, 0), -1):
        if lines[place].lstrip()[:1] in {b"[", b"(", b"`"}:
            before = place - 1
            while before > 0 and not lines[before].strip():
                before -= 1
            if lines[before].rstrip().endswith(b"}"):
                lines[before] += b";"
                return b"\n".join(lines)
    return None


def _best(path: str, source: bytes) -> tuple[int, tree_sitter.Tree]:
    """Return the tree of the first grammar that reads a source without a fault, with the line of the fault or 0.

    Without such a grammar it is the tree of the first one.
    """
    best: tuple[int, tree_sitter.Tree] | None = None
    for name in _grammars(path):
        tree = tree_sitter.Parser(_language(name)).parse(source)
        broken = _first_fault(tree.root_node) if tree.root_node.has_error else 0
        if best is None or broken == 0:
            best = broken, tree
        if broken == 0:
            break
    if best is None:
        raise UnreadableSourceError("no grammar reads it")
    return best


def _grammars(path: str) -> tuple[str, ...]:
    if path.endswith((".ts", ".mts", ".cts")):
        return ("typescript",)
    if path.endswith(".tsx"):
        return ("tsx",)
    return ("javascript", "tsx", "typescript")


def _first_fault(root: tree_sitter.Node) -> int:
    """Return the line (from 1) of the first node that is an error or was made up."""
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None and (node.is_error or node.is_missing):
            return int(node.start_point[0]) + 1
        if node is not None and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return 1


def _lowered(tree: tree_sitter.Tree, source: bytes) -> Node:
    """Return the tree as our own nodes, without comments, types and wrappings. Goes by a cursor, so no depth hurts."""
    cursor = tree.walk()
    root = _node(cursor, source)
    parents: list[tuple[Node | None, int]] = [(root, 0)]
    nodes = 0
    while True:
        descended = parents[-1][0] is not None and cursor.goto_first_child()
        while not descended:
            parents.pop()
            if cursor.goto_next_sibling():
                break
            if not cursor.goto_parent() or not parents:
                return _unwrapped(root)
        parent, depth = parents[-1]
        made = _node(cursor, source) if parent is not None and _is_kept(cursor) else None
        if made is not None and parent is not None:
            nodes += 1
            if nodes > MOST_NODES:
                raise UnreadableSourceError("it is too long to be followed; keep data in files of data", made.line)
            parent.children.append(made)
            depth += not _is_link(parent, made)
            if depth > DEEPEST:
                raise UnreadableSourceError("it is nested too deeply to be followed", made.line)
        parents.append((made, depth))


def _is_link(parent: Node, node: Node) -> bool:
    """Return whether it is a link of a long sum, which is read in one go."""
    return node.role == "left" and node.kind == "binary_expression" == parent.kind


def _is_kept(cursor: tree_sitter.TreeCursor) -> bool:
    node = cursor.node
    if node is None or node.type in _LEFT_OUT or node.type in _TYPES_ONLY:
        return False
    return node.is_named or cursor.field_name is not None or node.type in {"static", "async", "*", "default"}


def _node(cursor: tree_sitter.TreeCursor, source: bytes) -> Node:
    node = cursor.node
    if node is None:
        raise UnreadableSourceError("it has no tree")
    start, end = node.start_point, node.end_point
    return Node(
        node.type, cursor.field_name or "", start[0] + 1, start[1] + 1, end[0] + 1, end[1] + 1,
        node.start_byte, node.end_byte, source,
    )  # fmt: skip


def _unwrapped(root: Node) -> Node:
    """Put what is inside of wrappings in their place."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for place, child in enumerate(node.children):
            inner = child
            while inner.kind in _TRANSPARENT and inner.children:
                inner = inner.children[0]
            if inner is not child:
                inner.role = child.role
                node.children[place] = inner
        waiting.extend(node.children)
    return root
