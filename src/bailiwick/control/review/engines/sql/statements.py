"""PostgreSQL statements as trees: what each does, and on which line it begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pglast
from pglast import ast, parser

MAX_BYTES = 2**20
_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/)*")


class UnreadableSqlError(Exception):
    """A text is not PostgreSQL's SQL; with the line where it ceases to be."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its text and where it begins: line from 1, place in the text."""

    node: Any
    text: str
    line: int
    place: int


def statements(text: str) -> list[Statement]:
    """Return the statements of a text; raise `UnreadableSqlError`."""
    try:
        raw = pglast.parse_sql(text)
    except parser.ParseError as fault:
        at = re.search(r"at index (\d+)", str(fault))
        line = text.count("\n", 0, int(at[1])) + 1 if at else 0
        raise UnreadableSqlError(str(fault).partition(", at index")[0][:200], line) from None
    except (RecursionError, ValueError) as fault:
        raise UnreadableSqlError(f"it cannot be read ({type(fault).__name__})", 0) from None
    found: list[Statement] = []
    line, done = 1, 0
    for item in raw:
        start = item.stmt_location or 0
        end = start + item.stmt_len if item.stmt_len else len(text)
        blank = _BLANK.match(text, start)
        place = blank.end() if blank else start
        line += text.count("\n", done, place)
        done = place
        found.append(Statement(item.stmt, text[place:end], line, place))
    return found


def below(node: object) -> Iterator[Any]:
    """Yield every node of a tree, the first one too, without recursion."""
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Node):
            yield item
            waiting += [getattr(item, name) for name in item]
        elif isinstance(item, tuple | list):
            waiting += item


def calls(node: object) -> Iterator[tuple[str, Any]]:
    """Yield the functions that a tree calls, by their names in lower case without schema."""
    for item in below(node):
        if type(item).__name__ == "FuncCall":
            yield str(item.funcname[-1].sval).lower(), item


def functions(statement: Statement) -> Iterator[tuple[str, int]]:
    """Yield what a function or block of PL/pgSQL makes up as it runs: expressions with their lines in the file.

    Nothing for statements that hold no PL/pgSQL. Raises `UnreadableSqlError` when it is not PL/pgSQL.
    """
    language = _language(statement.node)
    if language != "plpgsql":
        return
    try:
        found = pglast.parse_plpgsql(statement.text)
    except (parser.ParseError, RecursionError, ValueError) as fault:
        raise UnreadableSqlError(str(fault)[:200], statement.line) from None
    body = statement.text.find("$")
    first = statement.line + statement.text.count("\n", 0, max(body, 0))
    waiting: list[object] = [found]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for name, value in item.items():
                if isinstance(value, dict):
                    number = int(value.get("lineno", 1))
                    for key in ("query", "dynquery") if name in _DYNAMIC else ("dynquery",):
                        expression = value.get(key)
                        if isinstance(expression, dict):
                            yield str(expression["PLpgSQL_expr"]["query"]), first + number - 1
                waiting.append(value)
        elif isinstance(item, list):
            waiting += item


_DYNAMIC = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})


def _language(node: object) -> str:
    if isinstance(node, ast.DoStmt):
        named = [item for item in node.args or () if item.defname == "language"]
        return str(named[0].arg.sval).lower() if named else "plpgsql"
    if isinstance(node, ast.CreateFunctionStmt):
        named = [item for item in node.options or () if item.defname == "language"]
        return str(named[0].arg.sval).lower() if named else "sql"
    return ""
