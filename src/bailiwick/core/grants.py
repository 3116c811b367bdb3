"""Data grants: what an app may see and change of an integration: its tables, per row and column, or its calls."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# A part is what unreserved characters make (RFC 3986), or a name in braces for any one part; ** is any rest.
_PATH_PATTERN = r"^(/([A-Za-z0-9._~!$&'()*+,;=:@-]+|\{[a-z][a-z0-9_]{0,31}\}))*(/|/\*\*)?$"
PathPattern = Annotated[str, Field(pattern=_PATH_PATTERN, min_length=1, max_length=300)]
_ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.$\[\]-]{1,80}$")]
_HeaderName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
_ClassName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")]
_FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_$@-]{1,80}(\.[A-Za-z0-9_$@-]{1,80}){0,9}$")]


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

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Take a bare name for a column that may be read."""
        return {"name": value} if isinstance(value, str) else value


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


class FieldMask(_Value):
    """A field of JSON answers that is masked: names by dots, through lists, as in `owner.email`."""

    path: _FieldPath
    mask: Mask = Mask.NULL


class RequestGrant(_Value):
    """Calls of an HTTP service that are open: these methods on paths of a pattern.

    Parts of a pattern in braces are any one part of a path, `/**` at its end is any rest. `query` are the parameters,
    and `body` the fields of a JSON body, that a call may have: any where it is None. `headers` are those of the app
    that go along besides the usual ones. `fields` are masked in every answer, which must then be JSON. `links` are
    fields of JSON answers that hold addresses of the service, such as that of the next page: the app gets them as
    addresses that it can follow. `hide` are classes of data whose fields are masked, too, as far as somebody said
    which they are.
    """

    methods: frozenset[Method] = Field(min_length=1)
    path: PathPattern
    query: tuple[_ParameterName, ...] | None = None
    body: tuple[_ParameterName, ...] | None = None
    headers: tuple[_HeaderName, ...] = ()
    fields: tuple[FieldMask, ...] = ()
    links: tuple[_FieldPath, ...] = ()
    hide: tuple[_ClassName, ...] = ()


# What one access rule of an integration may open.
Offer = TableGrant | RequestGrant
OFFER: TypeAdapter[Offer] = TypeAdapter(Offer)


class DataGrant(_Value):
    """All that one app may do with one integration; `demands_person` refuses calls without a human behind them."""

    integration: str
    tables: tuple[TableGrant, ...]
    requests: tuple[RequestGrant, ...] = ()
    demands_person: bool = False


@dataclass(frozen=True, slots=True)
class ClassedAccess:
    """What an access rule of an integration brings: columns (`table.column`), or fields of answers (`/path#field`), and
    the class of data in each.

    Columns of which nobody said a class are left out.
    """

    integration: str
    access: str
    columns: tuple[tuple[str, str], ...]
