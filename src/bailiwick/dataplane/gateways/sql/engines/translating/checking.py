"""The second look: what was made is parsed again as the other dialect reads it, and must be what was meant."""

from collections import Counter
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from bailiwick.dataplane.gateways.sql.engines.model import DialectName, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node

# All that a translated statement is made of. Nothing here reads a file, a setting or a variable, or sleeps.
_KNOWN = frozenset(
    """
    Abs Add Alias And Avg Boolean Bracket CTE
    Case Cast Ceil CharacterSet Coalesce Collate Column Concat Count Cross DPipe
    DataType DataTypeParam DateDiff DateSub Delete DenseRank Distinct Div EQ Escape Except Exists Extract From GT
    GTE Group Having Identifier If In Insert IntDiv Intersect Interval Is Join LT LTE Left Length Like Limit Literal
    Lower Ltrim Max Min Mod Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ Nullif Offset Or Order Ordered Parameter
    Paren Placeholder Rank Replace Returning Right Round RowNumber Schema Select Split SplitPart Star StrToTime Sub
    Subquery Substring SubstringIndex Sum Table TableAlias TimeToStr Trim TsOrDsToTimestamp Tuple Union Update Upper
    UtcDate Values Var Where Window WindowSpec With
    """.split()
)
_CALLED = frozenset({"JULIANDAY", "SPLIT_PART", "SUBSTRING_INDEX", "DATEDIFF", "CHAR_LENGTH", "STRFTIME", "NULLIF",
                     "SUBSTR", "LTRIM", "RTRIM", "CONCAT", "TRIM", "SPLIT"})  # fmt: skip


def require_same(sql: str, meant: Node, dialect: DialectName) -> None:
    """Return when the text says what was meant and nothing besides; raise `NotTranslatedError` otherwise."""
    try:
        read: list[Any] = sqlglot.parse(sql, dialect=dialect)
    except (SqlglotError, RecursionError):
        raise NotTranslatedError("the translation does not parse") from None
    if len(read) != 1 or read[0] is None:
        raise NotTranslatedError("the translation is not one statement")
    found = read[0]
    for node in found.walk():
        known = type(node).__name__ in _KNOWN or (isinstance(node, exp.Anonymous) and node.name.upper() in _CALLED)
        if not known or node.comments:
            raise NotTranslatedError(f"the translation holds a {type(node).__name__}, which is not known")
    for what in (_tables, _columns, _values):
        if what(found) != what(meant):
            raise NotTranslatedError(f"the translation has other {what.__name__[1:]} than the statement")


def _tables(tree: Node) -> Counter[str]:
    return Counter(f"{table.db}.{table.name}" for table in tree.find_all(exp.Table))


def _columns(tree: Node) -> Counter[str]:
    return Counter(f"{found.table}.{found.name}" for found in tree.find_all(exp.Column))


def _values(tree: Node) -> Counter[str]:
    """Return bound values and numbers; a text of its own stands in none."""
    found = Counter(str(item.this) for item in tree.find_all(exp.Placeholder))
    found += Counter(item.name for item in tree.find_all(exp.Parameter))
    for literal in tree.find_all(exp.Literal):
        found[f"text {literal.this}" if literal.is_string else literal.this] += 1
    return found
