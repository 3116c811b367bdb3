"""A grant as the conditions under which rows of the catalogue are shown. Pure."""

from collections.abc import Callable, Iterable

from pglast import parse_sql

from bailiwick.core.grants import DataGrant, Mask, TableGrant
from bailiwick.dataplane.gateways.sql import catalogue_words as words
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.pieces import Tree, literal

_TABLES = """SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE (n.nspname, c.relname) IN ({names}) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')"""
_COLUMNS = """SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE (n.nspname, c.relname, a.attname) IN ({full}) AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'p', 'f')"""
_USED = """SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE (a.attrelid, a.attnum) IN ({shown})"""
_TYPES = """SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid < 16384 OR t.oid IN ({used}) OR t.typelem IN ({used})
OR t.oid IN (SELECT b.typelem FROM pg_catalog.pg_type b WHERE b.oid IN ({used}))
OR t.oid IN (SELECT b.typbasetype FROM pg_catalog.pg_type b WHERE b.oid IN ({used}))"""
_INDEXES = """SELECT i.indexrelid FROM pg_catalog.pg_index i
WHERE i.indrelid IN ({tables}) AND i.indexprs IS NULL AND i.indpred IS NULL AND NOT EXISTS (
SELECT 1 FROM pg_catalog.unnest(i.indkey) AS k(number) WHERE (i.indrelid, k.number) NOT IN ({columns}))"""
_CONSTRAINTS = """SELECT k.oid FROM pg_catalog.pg_constraint k
WHERE k.contype IN ('p', 'u', 'f') AND k.conrelid IN ({tables})
AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(k.conkey) AS m(number) WHERE (k.conrelid, m.number) NOT IN ({columns}))
AND (k.contype <> 'f' OR k.confrelid IN ({tables}) AND NOT EXISTS (
SELECT 1 FROM pg_catalog.unnest(k.confkey) AS m(number) WHERE (k.confrelid, m.number) NOT IN ({columns})))"""
_LANGUAGE_OF_BUILT_IN = "SELECT * FROM pg_catalog.{name} WHERE oid < 16384"


class View:
    """What is shown through a grant; `hides` returns whether a mask changes a column's type to text."""

    def __init__(self, grant: DataGrant, *, hides: Callable[[Mask | None], bool]) -> None:
        full = [
            (table, column) for table in grant.tables for column in table.columns if column.readable or column.writable
        ]
        hidden = [(table, column) for table, column in full if hides(column.mask)]
        shown = [(table, column) for table, column in full if column.readable and column.mask is None]
        self._parts = {
            "database": literal(grant.integration),
            "names": _rows([_name(table) for table in grant.tables], 2),
            "full": _rows([(*_name(table), column.name) for table, column in full], 3),
            "hidden": _rows([(*_name(table), column.name) for table, column in hidden], 3),
            "shown_names": _rows([(*_name(table), column.name) for table, column in shown], 3),
            "namespaces": ", ".join(
                literal(name) for name in sorted({"pg_catalog", *(table.namespace for table in grant.tables)})
            ),
            "settings": ", ".join(literal(name) for name in sorted(grammar.READABLE_SETTINGS)),
        }
        # Each stands in those after it.
        self._parts["tables"] = self.filled(_TABLES)
        self._parts["columns"] = self.filled(_COLUMNS)
        self._parts["masked"] = f"(attrelid, attnum) IN ({_COLUMNS.format(full=self._parts['hidden'])})"
        self._parts["shown"] = _COLUMNS.format(full=self._parts["shown_names"])
        self._parts["used"] = self.filled(_USED)
        for name, text in {"types": _TYPES, "indexes": _INDEXES, "constraints": _CONSTRAINTS}.items():
            self._parts[name] = self.filled(text)

    def filled(self, text: str) -> str:
        """Return a text of `catalogue_words` with what the grant says in its places."""
        return text.format(**self._parts)

    def relation(self, schema: str, name: str) -> Tree | None:
        """Return the query that stands for a relation of the catalogue, None when it is not shown."""
        text = words.RELATIONS.get(f"{schema}.{name}")
        if text is not None:
            return _parsed(f"{self.filled(text)} OFFSET 0")
        if schema == "pg_catalog" and name in words.BUILT_IN:
            return _parsed(f"{_LANGUAGE_OF_BUILT_IN.format(name=name)} OFFSET 0")
        if (schema == "pg_catalog" and name in words.EMPTY) or (
            schema == "information_schema" and name in words.EMPTY_IN_INFORMATION_SCHEMA
        ):
            return _parsed(f"SELECT * FROM {schema}.{name} WHERE FALSE OFFSET 0")  # noqa: S608 - names of ours
        return None


def _parsed(query: str) -> Tree:
    statement: Tree = parse_sql(query)[0].stmt
    return statement


def _name(table: TableGrant) -> tuple[str, str]:
    return table.namespace, table.relation


def _rows(rows: Iterable[tuple[str, ...]], width: int) -> str:
    """Return rows of names as they stand behind IN; where there are none, a query that has none."""
    found = [f"({', '.join(literal(part) for part in row)})" for row in rows]
    return ", ".join(found) or f"SELECT {', '.join(['NULL::name'] * width)} WHERE FALSE"
