"""Data grants: what an app may see and change of an integration's tables, per row and column."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]


class Operation(StrEnum):
    """What a statement does to a table."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Mask(StrEnum):
    """How a column's value is hidden: nothing of it, its last four characters, an e-mail's domain, or a keyed hash."""

    NULL = "null"
    LAST4 = "last4"
    EMAIL = "email"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnGrant(_Value):
    """One column that may be read when `readable` (masked when `mask` is set), and given a value when `writable`."""

    name: Identifier
    readable: bool = True
    mask: Mask | None = None
    writable: bool = False


class RowCondition(_Value):
    """A condition that each row must meet: `column` equals a literal, or equals an attribute of the person."""

    column: Identifier
    equals: str | None = None
    equals_attribute: str | None = None


class TableGrant(_Value):
    """A table with the operations, columns and rows that are open; all conditions must hold for a row."""

    relation: Identifier
    namespace: Identifier = "public"
    operations: frozenset[Operation]
    columns: tuple[ColumnGrant, ...]
    rows: tuple[RowCondition, ...] = ()


class DataGrant(_Value):
    """All that one app may do with one integration; `demands_person` refuses calls without a human behind them."""

    integration: str
    tables: tuple[TableGrant, ...]
    demands_person: bool = False


@dataclass(frozen=True, slots=True)
class ClassedAccess:
    """What an access rule of an integration brings: columns (`table.column`) and the class of data in each.

    Columns of which nobody said a class are left out.
    """

    integration: str
    access: str
    columns: tuple[tuple[str, str], ...]
