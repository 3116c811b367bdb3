"""Which columns of an answer are the key of rows that a grant logs. Pure, and asked before the statement is rewritten.

A key is known only where it is a plain column of the outermost statement, of a table that stands there once: whatever
is computed might be anything. Otherwise rows are read or changed without it being told which.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pglast import ast, enums

from bailiwick.core.grants import TableGrant
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import Tree, all_of

Tables = Mapping[tuple[str, str], TableGrant]


@dataclass(frozen=True, slots=True)
class ShownKeys:
    """A table whose rows are logged, and where in an answer of `width` columns their key is; nowhere where that is not
    told.

    With `must_tell` the grant lets through only what tells it, by columns of these names.
    """

    table: str
    places: tuple[int, ...] = ()
    clear: bool = False
    width: int = 0
    must_tell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    alias: str
    table: TableGrant | None

    @property
    def columns(self) -> tuple[str, ...] | None:
        """What `*` shows of it, None where that is not known here."""
        return tuple(column.name for column in self.table.columns if column.readable) if self.table else None


def shown_keys(statement: Tree, tables: Tables) -> tuple[ShownKeys, ...]:
    """Return where the keys of tables that are logged stand in the answer of a statement.

    Raises `StatementRefusedError` where they do not, and the grant wants that they do.
    """
    named = [_table_of(relation, tables) for relation in all_of([statement], ast.RangeVar)]
    logged = {table.relation: table for table in named if table is not None and table.row_log is not None}
    found = []
    for table in logged.values():
        places, width = _places(statement, table, tables) if named.count(table) == 1 else ((), 0)
        found.append(_shown(table, places, width))
    return tuple(found)


def untold(shown: Sequence[ShownKeys], tables: Tables) -> tuple[ShownKeys, ...]:
    """Return the same of an answer that comes in a way in which keys are not read."""
    by_name = {table.relation: table for table in tables.values()}
    return tuple(_shown(by_name[item.table], ()) for item in shown)


def in_answer(shown: Sequence[ShownKeys], width: int) -> tuple[ShownKeys, ...]:
    """Return the same of an answer that has so many columns: where it is not as wide as it was thought to be, some of
    `*` are not there, and nobody knows which stand where.
    """
    return tuple(item if not item.places or item.width == width else _unsure(item) for item in shown)


def _unsure(item: ShownKeys) -> ShownKeys:
    if item.must_tell:
        raise _untold_fault(item.table, item.must_tell)
    return ShownKeys(item.table, clear=item.clear)


def _shown(table: TableGrant, places: tuple[int, ...], width: int = 0) -> ShownKeys:
    log = table.row_log
    assert log is not None  # noqa: S101 - the caller looked
    must_tell = log.key if log.untold == "refused" else ()
    if not places and must_tell:
        raise _untold_fault(table.relation, must_tell)
    return ShownKeys(table.relation, places, log.written == "clear", width, must_tell)


def _untold_fault(table: str, key: Sequence[str]) -> StatementRefusedError:
    return StatementRefusedError(
        f"rows of {table} are logged by their key, and this statement does not tell it",
        hint=f"select {', '.join(key)} of {table} as plain columns, or return them",
        deciders=("row-log",),
    )


def _table_of(relation: Tree, tables: Tables) -> TableGrant | None:
    return tables.get((relation.schemaname or "public", relation.relname)) if not relation.catalogname else None


def _places(statement: Tree, table: TableGrant, tables: Tables) -> tuple[tuple[int, ...], int]:
    """Return where the key of a table's rows is in the answer, and how many columns that has; nothing where it is not
    all there.
    """
    assert table.row_log is not None  # noqa: S101 - the caller looked
    if isinstance(statement, ast.SelectStmt):
        sources, targets = _sources_of_select(statement, tables), statement.targetList or ()
    elif getattr(statement, "returningClause", None) is not None:
        relation = statement.relation
        sources = [_Source(_alias(relation), _table_of(relation, tables))]
        targets = statement.returningClause.exprs
    else:
        return (), 0
    columns = list(_columns(targets, sources, table))
    if any(column is None for column in columns):
        return (), 0
    places = [columns.index(name) for name in table.row_log.key if name in columns]
    return (tuple(places), len(columns)) if len(places) == len(table.row_log.key) else ((), 0)


def _sources_of_select(statement: Tree, tables: Tables) -> list[_Source]:
    if statement.op != enums.SetOperation.SETOP_NONE or statement.withClause or statement.valuesLists:
        return []
    return [source for item in statement.fromClause or () for source in _sources(item, tables)]


def _sources(item: Tree, tables: Tables) -> Iterator[_Source]:
    if isinstance(item, ast.JoinExpr):
        # A column that several tables share by USING or NATURAL is shown once, by a rule of its own.
        shared = item.usingClause or item.isNatural or item.alias
        for source in (*_sources(item.larg, tables), *_sources(item.rarg, tables)):
            yield _Source(source.alias, None) if shared else source
    elif isinstance(item, ast.RangeVar) and not (item.alias and item.alias.colnames):
        yield _Source(_alias(item), _table_of(item, tables))
    else:
        yield _Source("", None)


def _alias(relation: Tree) -> str:
    return str(relation.alias.aliasname if relation.alias else relation.relname)


def _columns(targets: Sequence[Tree], sources: Sequence[_Source], table: TableGrant) -> Iterator[str | None]:
    """Yield for each column of the answer its name in the table, empty for others; None ends what can be told."""
    for target in targets:
        value = target.val
        if not isinstance(value, ast.ColumnRef):
            yield ""
            continue
        names = [part.sval if isinstance(part, ast.String) else "*" for part in value.fields or ()]
        meant = [source for source in sources if len(names) == 1 or source.alias == names[-2]]
        if names[-1] == "*":
            for source in meant:
                shown = source.columns
                if shown is None:
                    yield None
                    return
                yield from (name if source.table is table else "" for name in shown)
            continue
        unsure = any(source.table is None for source in meant)
        holding = [source for source in meant if source.columns is not None and names[-1] in source.columns]
        yield names[-1] if not unsure and [source.table for source in holding] == [table] else ""
