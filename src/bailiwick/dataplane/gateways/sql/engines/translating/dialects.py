"""What each dialect says in its own way: names of types, reading a column exactly, fences, bound values."""

from sqlglot import exp

from bailiwick.dataplane.gateways.sql.engines.model import EXACT_COLLATION, ONLY_READ, DialectName, NotTranslatedError

Node = exp.Expression
_TYPES: dict[DialectName, dict[str, str]] = {
    "sqlite": {"int4": "INTEGER", "int8": "INTEGER", "float8": "REAL", "text": "TEXT"},
    "duckdb": {
        "bool": "BOOLEAN", "int4": "INTEGER", "int8": "BIGINT", "float8": "DOUBLE", "numeric": "DECIMAL(38, 10)",
        "text": "TEXT", "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "uuid": "UUID",
        "bytea": "BLOB",
    },
    "mysql": {
        "int4": "SIGNED", "int8": "SIGNED", "float8": "DOUBLE", "numeric": "DECIMAL(60, 20)", "text": "CHAR",
        "date": "DATE", "timestamp": "DATETIME(6)", "timestamptz": "DATETIME(6)",
    },
    "bigquery": {
        "bool": "BOOL", "int4": "INT64", "int8": "INT64", "float8": "FLOAT64", "numeric": "BIGNUMERIC",
        "text": "STRING", "date": "DATE", "timestamp": "DATETIME", "timestamptz": "TIMESTAMP", "bytea": "BYTES",
    },
    "snowflake": {
        "bool": "BOOLEAN", "int4": "NUMBER(38, 0)", "int8": "NUMBER(38, 0)", "float8": "DOUBLE",
        "numeric": "NUMBER(38, 10)", "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP_NTZ",
        "timestamptz": "TIMESTAMP_TZ", "bytea": "BINARY",
    },
}  # fmt: skip
_LARGEST = "9223372036854775807"
# SQLite: a negative one is none.
_MOST = {"sqlite": "1", "mysql": "18446744073709551615", "bigquery": _LARGEST, "snowflake": _LARGEST}
# What the server is told as text, and casts; all else has a type of its own on the way there.
_TOLD_AS_TEXT = frozenset({"date", "timestamp", "timestamptz", "numeric", "float8"})


# What needs no parentheses, wherever it stands.
_CLOSED = (
    exp.Anonymous, exp.Boolean, exp.Case, exp.Cast, exp.Coalesce, exp.Column, exp.Literal, exp.Null, exp.Paren,
    exp.Placeholder, exp.Subquery, exp.Window,
)  # fmt: skip


def operand(node: Node) -> Node:
    """Return an expression as it stands in another: dialects bind their operators differently."""
    return node if isinstance(node, _CLOSED) else exp.Paren(this=node)


def function(name: str, *arguments: Node) -> exp.Anonymous:
    """Return a call of a function by the very name that the dialect has."""
    return exp.Anonymous(this=name, expressions=list(arguments))


class Dialect:
    """One of the dialects."""

    def __init__(self, name: DialectName) -> None:
        self.name: DialectName = name

    def kind(self, kind: str) -> str:
        """Return the type that values of a type have here: SQLite counts decimals as floats."""
        return "float8" if self.name == "sqlite" and kind == "numeric" else kind

    def cast(self, node: Node, kind: str) -> Node:
        """Return a cast to a type; raise `NotTranslatedError` where the dialect has none."""
        target = _TYPES[self.name].get(kind)
        if target is None:
            raise NotTranslatedError(f"a cast to {kind} means something else in {self.name}")
        return exp.Cast(this=node, to=exp.DataType.build(target, dialect=self.name))

    def read(self, column: Node, kind: str) -> Node:
        """Return a column as it is read from its table: text compares exactly, whatever collation is declared."""
        if kind != "text":
            return column
        if self.name in ONLY_READ:
            return column  # columns with a collation of their own are not offered
        if self.name == "sqlite":
            return exp.Collate(this=column, expression=exp.Var(this="BINARY"))
        if self.name == "mysql":
            utf8 = exp.DataType(this=exp.DType.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
            converted = exp.Cast(this=column, to=utf8)
            return exp.Collate(this=converted, expression=exp.Var(this=EXACT_COLLATION))
        return exp.Collate(this=column, expression=exp.Var(this="C"))

    def bound(self, placeholder: Node, kind: str) -> Node:
        """Return a bound value, told its type where the dialect would guess it."""
        if self.name == "duckdb":
            return self.cast(placeholder, kind)
        if self.name in {"mysql", "snowflake"} and kind in _TOLD_AS_TEXT:
            return self.cast(placeholder, kind)
        return placeholder

    def null(self, kind: str) -> Node:
        """Return NULL of a type."""
        return self.cast(exp.Null(), kind) if self.name in {"duckdb", *ONLY_READ} else exp.Null()

    def ordered(self, node: Node, *, descending: bool, nulls_first: bool) -> list[Node]:
        """Return a key to sort by, with NULL where PostgreSQL has it."""
        if self.name not in {"mysql", "bigquery"}:
            return [exp.Ordered(this=node, desc=descending, nulls_first=nulls_first)]
        nulls = exp.Is(this=operand(node.copy()), expression=exp.Null())
        return [
            exp.Ordered(this=exp.Paren(this=nulls), desc=nulls_first, nulls_first=not nulls_first),
            exp.Ordered(this=node, desc=descending, nulls_first=not descending),
        ]

    def limit(self, query: exp.Select, count: Node | None, offset: Node | None) -> exp.Select:
        """Return a query with a limit; an offset alone needs one in some dialects."""
        if count is None and self.name in _MOST and offset is not None:
            most = exp.Literal.number(_MOST[self.name])
            count = exp.Neg(this=most) if self.name == "sqlite" else most
        if count is not None:
            query.set("limit", exp.Limit(expression=count))
        if offset is not None:
            query.set("offset", exp.Offset(expression=offset))
        return query


def folded(tree: Node) -> Node:
    """Return a statement with names as Snowflake keeps those that were made without quotes: in capitals.

    It is the other way round in PostgreSQL, where such names are small; a name of capitals and small letters stays.
    """
    for name in tree.find_all(exp.Identifier):
        if str(name.this) == str(name.this).lower():
            name.set("this", str(name.this).upper())
    return tree
