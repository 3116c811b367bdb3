"""Names for numbers and numbers for names (`regclass` and its kin): only of what the grant shows. Pure.

`16400::regclass` names any table of the database, and `'salaries'::regclass` tells whether there is one. Here both look
among what is shown, and find nothing else.
"""

from collections.abc import Mapping

from pglast import ast
from pglast.stream import RawStream

from bailiwick.dataplane.gateways.sql import catalogue_words as words
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.catalogue_view import View
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import Tree, expression

# What is looked among: a number, and how it may be written. Nothing that a statement can name is a name here, so that
# what is asked for means the same inside as outside.
_SOUGHT = """SELECT "bw number" FROM ({among} OFFSET 0) AS "bw among"("bw number", "bw name", "bw full name")
WHERE CAST({asked} AS text) IN (CAST("bw number" AS text), "bw name", "bw full name")
ORDER BY "bw number" LIMIT 1"""
_AMONG = {
    "regclass": """SELECT c.oid, pg_catalog.quote_ident(c.relname),
        pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid IN ({tables}) OR c.oid IN ({indexes})""",
    "regtype": """SELECT t.oid, pg_catalog.format_type(t.oid, NULL), t.typname::text
        FROM pg_catalog.pg_type t WHERE t.oid IN ({types})""",
    "regnamespace": """SELECT n.oid, pg_catalog.quote_ident(n.nspname), n.nspname::text
        FROM pg_catalog.pg_namespace n WHERE n.nspname IN ({namespaces})""",
}
# Definitions by a number: which numbers are shown.
_DEFINED: Mapping[str, str] = {
    "format_type": "SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid IN ({types})",
    "pg_get_indexdef": "{indexes}",
    "pg_get_constraintdef": "{constraints}",
}
_DEFINITION = """(SELECT pg_catalog.{name}("bw number"{rest}) FROM ({among} OFFSET 0) AS "bw among"("bw number")
WHERE "bw number" = CAST({asked} AS oid))"""
_BY_TEXT = {"to_regclass": "regclass", "to_regtype": "regtype", "to_regnamespace": "regnamespace"}
_ARRAY_IN = {"array_in", "pg_catalog.array_in"}


class NameReader:
    """Answers what is asked by name or number."""

    def __init__(self, view: View) -> None:
        self._view = view

    @staticmethod
    def answers(function: str) -> bool:
        """Return whether a function is one of those that are answered here."""
        return function in _DEFINED or function in _BY_TEXT

    @staticmethod
    def check_type(node: Tree) -> None:
        """Raise `StatementRefusedError` for a type that is not spoken of."""
        *schema, name = [part.sval for part in node.names]
        known = name in grammar.TYPES or name in words.TYPES or name in _AMONG or name == "regproc"
        if schema not in ([], ["pg_catalog"]) or not known or node.pct_type or node.setof:
            raise StatementRefusedError(f"the type {'.'.join([*schema, name])[:80]} is not passed on")

    def of_call(self, node: Tree, name: str) -> Tree:
        """Return what stands for a call that asks for a name, a number or a definition."""
        if not node.args:
            raise StatementRefusedError(f"{name} has no argument")
        asked, *rest = [RawStream()(argument) for argument in node.args]
        if name in _BY_TEXT:
            return self._sought(_BY_TEXT[name], asked)
        among = self._view.filled(_DEFINED[name])
        more = "".join(f", {argument}" for argument in rest)
        definition = _DEFINITION.format(name=name, rest=more, among=among, asked=asked)
        # As it is written where `public` is looked through, which here is left to us.
        return expression(f"pg_catalog.regexp_replace({definition}, '^public[.]', '')")

    def of_cast(self, node: Tree) -> Tree:
        """Return what stands for a cast to a type whose values name something of the database."""
        kind = node.typeName.names[-1].sval
        if kind == "regproc":
            value = constant_text(node.arg)
            if value not in _ARRAY_IN:
                raise StatementRefusedError("functions of the database are not named")
            return node
        if kind not in _AMONG:
            return node
        if node.typeName.arrayBounds:
            raise StatementRefusedError(f"lists of {kind} are not passed on")
        return self._sought(kind, RawStream()(node.arg))

    def _sought(self, kind: str, asked: str) -> Tree:
        among = self._view.filled(_AMONG[kind])
        return expression(f"CAST(({_SOUGHT.format(among=among, asked=asked)}) AS pg_catalog.{kind})")


def constant_text(node: Tree) -> str:
    """Return the text that a node is, an empty one when it is anything but a text."""
    return str(node.val.sval) if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String) else ""
