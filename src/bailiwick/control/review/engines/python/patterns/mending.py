"""Edits that mend a finding and change nothing else: an argument added to a call, or another value in its place."""

import ast
from typing import TYPE_CHECKING

from bailiwick.control.review.model import Edit

if TYPE_CHECKING:
    from bailiwick.control.review.engines.python.patterns.view import View


def with_arguments(view: "View", call: ast.Call, added: str) -> Edit | None:
    """Return the edit that gives a call more arguments, such as `timeout=10`; None where it would not be safe.

    Only calls on one line are edited, as how others are laid out is a matter of taste.
    """
    written = _written(view, call)
    if written is None or any(isinstance(item, ast.GeneratorExp) for item in call.args):
        return None
    inside = written[:-1].rstrip()
    joint = "" if inside.endswith("(") else " " if inside.endswith(",") else ", "
    return _replaced(view, call, f"{inside}{joint}{added})")


def with_value(view: "View", node: ast.expr | None, value: str) -> Edit | None:
    """Return the edit that writes another value in the place of an expression; None where it would not be safe."""
    if node is None or _written(view, node) is None:
        return None
    return _replaced(view, node, value)


def _written(view: "View", node: ast.expr) -> str | None:
    """Return how an expression is written, when it stands on one line and is what is found there."""
    line = node.lineno
    if not view.path.endswith(".py") or node.end_lineno != line or not 0 < line <= len(view.lines):
        return None
    text = view.lines[line - 1].encode()[node.col_offset : node.end_col_offset].decode(errors="replace")
    try:
        same = ast.dump(ast.parse(text, mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return text if same else None


def _replaced(view: "View", node: ast.expr, text: str) -> Edit | None:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    line = view.lines[node.lineno - 1].encode()
    made = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
    return Edit(view.path, node.lineno, node.lineno, made.decode(errors="replace"))
