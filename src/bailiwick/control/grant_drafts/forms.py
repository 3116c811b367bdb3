"""Grants as drafting makes them and reads them back: the one place here that knows the forms that a grant may have."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from bailiwick.core.column_classes import CARD, EMAIL, IBAN, PHONE
from bailiwick.core.grants import ColumnGrant, DataGrant, Mask, Operation, RowCondition, TableGrant
from bailiwick.core.reach import IntegrationReach
from bailiwick.core.reach_words import grant_words

# What `masked` means where nobody says how.
_USUAL: Mapping[str, Mask] = {EMAIL: Mask.EMAIL, CARD: Mask.LAST4, IBAN: Mask.LAST4, PHONE: Mask.LAST4}
MASK_WORDS = {Mask.LAST4: "the last four characters only", Mask.EMAIL: "the domain only", Mask.NULL: "hidden"}


def usual_mask(classes: Collection[str]) -> Mask:
    """Return how a column of some classes is masked where nobody says how: all of it where no class says how."""
    return next((mask for name, mask in _USUAL.items() if name in classes), Mask.NULL)


def own_rows(column: str, attribute: str) -> RowCondition:
    """Return the condition that a row's column is the person's own attribute."""
    return RowCondition(column=column, equals_attribute=attribute)


def rows_with(column: str, value: str) -> RowCondition:
    """Return the condition that a row's column is a value."""
    return RowCondition(column=column, equals=value)


def rows_of_days(column: str, begin: date | None, end: date | None, within: int | None) -> list[RowCondition]:
    """Return the conditions that a row's column is of some days: from one on, before one, or the last so many."""
    found = []
    if within is not None:
        found.append(RowCondition(column=column, within_days=within))
    if begin is not None:
        found.append(RowCondition(column=column, at_least=begin.isoformat()))
    if end is not None:
        found.append(RowCondition(column=column, below=end.isoformat()))
    return found


def reading_of(
    namespace: str, table: str, columns: Mapping[str, Mask | None], rows: Sequence[RowCondition]
) -> TableGrant:
    """Return the grant to read columns of a table, each with its mask, in rows that meet every condition."""
    return TableGrant(
        relation=table,
        namespace=namespace,
        operations=frozenset({Operation.SELECT}),
        columns=tuple(ColumnGrant(name=name, mask=mask) for name, mask in columns.items()),
        rows=tuple(dict.fromkeys(rows)),
    )


def narrowed(table: TableGrant, columns: frozenset[str], operations: frozenset[Operation]) -> TableGrant:
    """Return a grant with these of its columns and operations only; rows and masks stay as they are."""
    return table.model_copy(
        update={
            "columns": tuple(column for column in table.columns if column.name in columns),
            "operations": table.operations & operations,
        }
    )


def read_back(integration: str, tables: Sequence[TableGrant]) -> list[str]:
    """Return what grants open, as sentences, in the words in which reach is approved."""
    grant = DataGrant(integration=integration, tables=tuple(tables))
    lines = grant_words(IntegrationReach(name=integration, resource=integration, grant=grant))
    return [line.removeprefix(f"{integration}: ") for line in lines]
