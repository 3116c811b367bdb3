"""What is sent for a text that an app sends: each statement of it by itself, taken to whoever rewrites its kind. Pure.

Data goes to `rewrite`, questions about the catalogue to `catalogue`. What moves data in other ways, COPY and cursors,
is taken apart here to the query inside, which is rewritten as if it had been asked alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pglast import ast, parse_sql
from pglast.enums import VariableSetKind
from pglast.parser import ParseError, fingerprint, normalize
from pglast.stream import RawStream

from bailiwick.core.grants import DataGrant
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.sql import catalogue
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.pieces import Tree
from bailiwick.dataplane.gateways.sql.rewrite import MAX_STATEMENT_CHARACTERS, Rewritten, rewrite
from bailiwick.dataplane.gateways.sql.settings import timeout_of, with_timeout
from bailiwick.dataplane.gateways.sql.shown_keys import untold

_MOST_STATEMENTS = 20
_HOLD = 0x20  # CURSOR_OPT_HOLD of nodes/parsenodes.h
_COPY_OPTIONS = frozenset(["format", "delimiter", "null", "header", "quote", "escape", "force_quote", "csv", "binary"])
# Settings under which the database would read our text in another way than PostgreSQL's grammar has read the app's:
# without the first a backslash escapes a quote in '…', and in an encoding such as SJIS a character eats a backslash.
_AS_WE_WRITE = {"standard_conforming_strings": {"on", "true", "1"}, "client_encoding": {"utf8", "utf-8", "unicode"}}
# They give back what the connection holds, to begin as if it were new.
_FRESH_STARTS = {"DISCARD ALL", "DISCARD PLANS", "DISCARD SEQUENCES", "DISCARD TEMP", "RESET ALL", "UNLISTEN *"}


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: what it was rewritten to, and its fingerprint, which is the same for other values.

    `declares` is the cursor that it makes (with `holds` one that outlives the transaction), `uses` one it works with.
    `timeout` are the seconds that it gives statements after it, 0 where it says nothing of that.
    """

    rewritten: Rewritten
    fingerprint: str
    declares: str = ""
    holds: bool = False
    uses: str = ""
    timeout: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """All statements of one text, in order."""

    steps: tuple[Step, ...]
    sets_timeout: bool = field(init=False)

    def __post_init__(self) -> None:
        """Note what is asked for each time that it is sent."""
        object.__setattr__(self, "sets_timeout", any(step.timeout for step in self.steps))

    @property
    def sql(self) -> str:
        """What is sent."""
        return "; ".join(step.rewritten.sql for step in self.steps)

    def within(self, seconds: float) -> "Plan":
        """Return it with no longer time for statements than so many seconds."""
        return Plan(tuple(_within(step, seconds) for step in self.steps))


def _within(step: Step, seconds: float) -> Step:
    if step.timeout <= seconds:
        return step
    return replace(step, rewritten=replace(step.rewritten, sql=with_timeout(step.rewritten.sql, seconds)))


def plan(
    sql: str,
    grant: DataGrant,
    attributes: Mapping[str, str],
    functions: Iterable[AllowedFunction] = (),
    masked_by: MaskedBy = MaskedBy.DATABASE,
) -> Plan:
    """Return what is sent for a text, for a person with these attributes; raise `StatementRefusedError`."""
    texts = _texts(sql)
    if len(texts) > _MOST_STATEMENTS:
        raise StatementRefusedError(
            f"one call holds more than {_MOST_STATEMENTS} statements", hint="send them in several", sqlstate="54000"
        )
    planner = _Planner(grant, lambda text: rewrite(text, grant, attributes, functions, masked_by))
    return Plan(tuple(planner.step(text) for text in texts))


@lru_cache(maxsize=1000)
def works_with_cursor(sql: str) -> bool:
    """Return whether a statement only fetches from a cursor or closes one: it is done for whom that was declared."""
    return type(_statement(sql)).__name__ in {"FetchStmt", "ClosePortalStmt"}


def _texts(sql: str) -> list[str]:
    """Return the texts of a text's statements; what does not parse is one, and refused by whoever rewrites it."""
    if len(sql) > MAX_STATEMENT_CHARACTERS or ";" not in sql:
        return [sql]
    statements = _trees(sql)
    if len(statements) < 2:  # noqa: PLR2004 - several
        return [sql]
    ends = [found.stmt_location + found.stmt_len if found.stmt_len else len(sql) for found in statements]
    return [sql[found.stmt_location : end] for found, end in zip(statements, ends, strict=True)]


class _Planner:
    def __init__(self, grant: DataGrant, rewritten: Callable[[str], Rewritten]) -> None:
        self._grant = grant
        self._rewritten = rewritten

    def step(self, sql: str) -> Step:
        statement = _statement(sql)
        handlers: Mapping[str, Callable[[Tree], Step | None]] = {
            "SelectStmt": self._select,
            "CopyStmt": self._copy,
            "DeclareCursorStmt": self._declare,
            "FetchStmt": self._fetch,
            "ClosePortalStmt": self._close,
            "DiscardStmt": self._fresh_start,
            "UnlistenStmt": self._fresh_start,
            "VariableSetStmt": self._set,
        }
        handler = handlers.get(type(statement).__name__)
        found = handler(statement) if handler is not None else None
        if found is None:
            found = Step(self._rewritten(sql), "")
        return replace(found, fingerprint=fingerprint(sql) if found.rewritten.sql else "")

    def _select(self, statement: Tree) -> Step | None:
        found = self._about_the_catalogue(statement)
        return Step(found, "") if found is not None else None

    def _about_the_catalogue(self, statement: Tree) -> Rewritten | None:
        if not catalogue.is_asked(statement, self._grant):
            return None
        text = RawStream()(statement)
        tables = catalogue.answer(statement, self._grant)
        return Rewritten(RawStream()(statement), "catalogue", tables, normalize(text))

    def _copy(self, statement: Tree) -> Step:
        if statement.is_from or statement.is_program or statement.filename or statement.whereClause:
            raise StatementRefusedError(
                "a COPY is passed on to STDOUT only", hint="write rows with INSERT, read them with COPY … TO STDOUT"
            )
        unknown = {option.defname for option in statement.options or ()} - _COPY_OPTIONS
        if unknown:
            raise StatementRefusedError(f"the option {min(unknown)} of COPY is not passed on")
        if statement.query is None:
            statement.query = _all_of(statement.relation, statement.attlist)
            statement.relation = statement.attlist = None
        inner = self._inner(statement.query)
        statement.query = _statement(inner.sql)
        shown = untold(inner.shown, {(table.namespace, table.relation): table for table in self._grant.tables})
        return Step(replace(inner, sql=RawStream()(statement), operation="copy", shown=shown), "")

    def _declare(self, statement: Tree) -> Step:
        inner = self._inner(statement.query)
        statement.query = _statement(inner.sql)
        declared = replace(inner, sql=RawStream()(statement), operation="declare")
        return Step(declared, "", declares=statement.portalname, holds=bool(statement.options & _HOLD))

    def _inner(self, query: Tree) -> Rewritten:
        """Return what the query inside becomes, as if it had been asked alone."""
        if not isinstance(query, ast.SelectStmt):
            raise StatementRefusedError("COPY and cursors are passed on of a SELECT only")
        text = RawStream()(query)
        return self._about_the_catalogue(query) or self._rewritten(text)

    def _fetch(self, statement: Tree) -> Step:
        return Step(_session(statement, "fetch"), "", uses=statement.portalname)

    def _close(self, statement: Tree) -> Step:
        return Step(_session(statement), "")

    def _fresh_start(self, statement: Tree) -> Step | None:
        return Step(_session(statement), "") if RawStream()(statement) in _FRESH_STARTS else None

    def _set(self, statement: Tree) -> Step | None:
        if statement.kind == VariableSetKind.VAR_RESET_ALL:
            return self._fresh_start(statement)
        fitting = _AS_WE_WRITE.get((statement.name or "").lower())
        if fitting is not None and statement.kind == VariableSetKind.VAR_SET_VALUE:
            said = [str(getattr(arg.val, "sval", "")).lower() for arg in statement.args if isinstance(arg, ast.A_Const)]
            if len(said) != 1 or said[0] not in fitting:
                raise StatementRefusedError(
                    f"{statement.name} stays as it is: {min(fitting)}", hint="leave it at its default"
                )
        timeout = timeout_of(statement)
        return Step(self._rewritten(RawStream()(statement)), "", timeout=timeout) if timeout else None


def _session(statement: Tree, operation: str = "session") -> Rewritten:
    sql = RawStream()(statement)
    return Rewritten(sql, operation, (), sql)


def _statement(sql: str) -> Tree | None:
    """Return the tree of a text that is one statement; None for any other, which `rewrite` refuses in its words."""
    if len(sql) > MAX_STATEMENT_CHARACTERS:
        return None
    statements = _trees(sql)
    return statements[0].stmt if len(statements) == 1 else None


def _trees(sql: str) -> tuple[Tree, ...]:
    try:
        return tuple(parse_sql(sql))
    except (ParseError, UnicodeError, ValueError, RecursionError):
        return ()


def _all_of(relation: Tree, columns: Tree) -> Tree:
    """Return the query that a COPY of a table, or some of its columns, stands for."""
    names = [ast.ColumnRef(fields=(name,)) for name in columns or (ast.A_Star(),)]
    targets = tuple(ast.ResTarget(val=name) for name in names)
    return ast.SelectStmt(targetList=targets, fromClause=(relation,))
