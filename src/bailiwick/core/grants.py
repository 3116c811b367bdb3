"""Data grants: what an app may see and change of an integration: tables, per row and column, calls, mail, and tools."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, model_validator

from bailiwick.core.call_rules import ArgumentRule, FieldPath, HeaderName, ParameterName, RequestRule
from bailiwick.core.literals import Literals, Value

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# A part is what unreserved characters make (RFC 3986), or a name in braces for any one part; ** is any rest.
_PATH_PATTERN = r"^(/([A-Za-z0-9._~!$&'()*+,;=:@-]+|\{[a-z][a-z0-9_]{0,31}\}))*(/|/\*\*)?$"
PathPattern = Annotated[str, Field(pattern=_PATH_PATTERN, min_length=1, max_length=300)]
# A mailbox (RFC 5321), any of a domain, or any at all: `ann@example.com`, `*@example.com`, `*`.
AddressPattern = Annotated[
    str,
    Field(
        pattern=r"^(\*|(\*|[a-z0-9.!#$%&'+/=?^_`{|}~-]{1,64})@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9-]+)+)$",
        max_length=254,
    ),
]
_ClassName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")]
# As the specification of MCP has names of tools; prompts are named the same.
_ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,128}$")]
# A part is what unreserved characters make (RFC 3986), or a name in braces for any one part; ** is any rest.
_URI_PART = r"([A-Za-z0-9._~!$&'()+,;=:@-]+|\{[a-z][a-z0-9_]{0,31}\})"
_URI_PATTERN = rf"^[a-z][a-z0-9+.-]{{0,30}}://(\*\*|{_URI_PART}?(/{_URI_PART})*(/\*\*)?)$"
UriPattern = Annotated[str, Field(pattern=_URI_PATTERN, max_length=300)]
Asked = Literal["sampling", "elicitation", "roots"]


class Operation(StrEnum):
    """What a statement does to a table."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Mask(StrEnum):
    """What is shown in the place of a value: nothing, that there is one, a part of it, the time it lies in, or what is
    made of it with the organisation's key.
    """

    NULL = "null"
    FULL = "full"
    FIRST1 = "first1"
    LAST2 = "last2"
    LAST4 = "last4"
    EMAIL = "email"
    YEAR = "year"
    MONTH = "month"
    HASH = "hash"
    DIGITS = "digits"
    NOISE5 = "noise5"
    NOISE10 = "noise10"
    NOISE25 = "noise25"

    @property
    def is_keyed(self) -> bool:
        """Whether it is made with the organisation's key."""
        return self in {Mask.HASH, Mask.DIGITS} or self in NOISE_PERCENT


# By how much numbers are moved at most, up or down.
NOISE_PERCENT = {Mask.NOISE5: 5, Mask.NOISE10: 10, Mask.NOISE25: 25}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MaskFor(_Value):
    """How a column is masked, or that it is not, for persons whose attribute is one of some values."""

    attribute: str = Field(min_length=1, max_length=100)
    one_of: Literals
    mask: Mask | None = None


class ColumnGrant(_Value):
    """One column that may be read when `readable` (masked when `mask` is set), and given a value when `writable`.

    The first of `mask_for` that fits the person is taken instead of `mask`; without a person none does.
    With `in_groups_of` it is never read by itself, but sums, averages and counts of it are, of that many rows or more.
    """

    name: Identifier
    readable: bool = True
    mask: Mask | None = None
    writable: bool = False
    in_groups_of: int | None = Field(default=None, ge=2, le=1_000_000)
    mask_for: tuple[MaskFor, ...] = Field(default=(), max_length=20)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Take a bare name for a column that may be read."""
        if isinstance(value, dict) and value.get("in_groups_of") is not None:
            return {"readable": False, **value}
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _never_both(self) -> "ColumnGrant":
        if self.in_groups_of is not None and (self.readable or self.mask is not None):
            raise ValueError(f"{self.name} is read by itself, or in groups only")
        if self.mask_for and self.mask is None:
            raise ValueError(f"{self.name} is masked for nobody: say what mask it has for everybody else")
        return self

    @property
    def is_keyed(self) -> bool:
        """Whether somebody sees it under a mask that is made with the organisation's key."""
        return self.readable and any(mask is not None and mask.is_keyed for mask in self.masks)

    @property
    def masks(self) -> "tuple[Mask | None, ...]":
        """Each way in which somebody sees it."""
        return (self.mask, *(one.mask for one in self.mask_for))


class RowCondition(_Value):
    """What a column of each row must be: one comparison with values, or with an attribute of the person.

    `one_of_attribute` names an attribute that holds several values, with commas between them. `within_days` goes with
    the time: a day or time of today or so many days before (UTC), or later. Rows that have no value meet
    `is_null: true` only.
    """

    column: Identifier
    equals: Value | None = None
    equals_attribute: str | None = None
    one_of: Literals | None = None
    none_of: Literals | None = None
    one_of_attribute: str | None = None
    above: Value | None = None
    at_least: Value | None = None
    below: Value | None = None
    at_most: Value | None = None
    is_null: bool | None = None
    within_days: int | None = Field(default=None, ge=0, le=36_525)

    @property
    def is_exact(self) -> bool:
        """Whether a value that meets this still does once it is rounded to whole numbers, as a column may do."""
        return self.none_of is None and self.above is None and self.below is None

    @model_validator(mode="after")
    def _one_comparison(self) -> "RowCondition":
        given = [name for name in type(self).model_fields if name != "column" and getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(name for name in type(self).model_fields if name != "column")
            raise ValueError(f"a condition on {self.column} makes one comparison, of: {known}")
        return self


class AllOf(_Value):
    """Conditions that a row must all meet; of use inside `AnyOf`."""

    all_of: tuple["RowRule", ...] = Field(min_length=1, max_length=20)


class AnyOf(_Value):
    """Conditions of which a row must meet one."""

    any_of: tuple["RowRule", ...] = Field(min_length=1, max_length=20)


def _kind_of_rule(value: Any) -> str:
    """Return which kind of rule is meant, so that what is wrong with it is told of that kind only."""
    said = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, BaseModel) else {}
    return next((kind for kind in ("all_of", "any_of") if kind in said), "condition")


RowRule = Annotated[
    Annotated[RowCondition, Tag("condition")] | Annotated[AllOf, Tag("all_of")] | Annotated[AnyOf, Tag("any_of")],
    Discriminator(_kind_of_rule),
]


def conditions_of(rules: "tuple[RowRule, ...]") -> Iterator[RowCondition]:
    """Yield every single condition in some rules."""
    for rule in rules:
        if isinstance(rule, RowCondition):
            yield rule
        else:
            yield from conditions_of(rule.all_of if isinstance(rule, AllOf) else rule.any_of)


class DayLimit(_Value):
    """How many rows, and bytes of them, may pass in a day (UTC); any where nothing is said."""

    rows: int | None = Field(default=None, ge=1, le=10**12)
    bytes: int | None = Field(default=None, ge=1, le=2**50)

    def holds(self, other: "DayLimit") -> bool:
        """Return whether another limit lets no more pass."""
        pairs = ((self.rows, other.rows), (self.bytes, other.bytes))
        return all(own is None or (theirs is not None and theirs <= own) for own, theirs in pairs)

    def both(self, other: "DayLimit") -> "DayLimit":
        """Return what holds where two limits do."""
        return DayLimit(rows=_least(self.rows, other.rows), bytes=_least(self.bytes, other.bytes))


class DayLimits(_Value):
    """How much of a table may pass in a day at each plane: for the app, and for each person in it."""

    app: DayLimit = DayLimit()
    person: DayLimit = DayLimit()

    def holds(self, other: "DayLimits") -> bool:
        """Return whether other limits let no more pass."""
        return self.app.holds(other.app) and self.person.holds(other.person)

    def both(self, other: "DayLimits | None") -> "DayLimits":
        """Return what holds where both do."""
        if other is None:
            return self
        return DayLimits(app=self.app.both(other.app), person=self.person.both(other.person))


class RowLog(_Value):
    """That the keys of rows which are read and changed are kept in the audit log, hashed with the organisation's key or
    in the clear. A statement that does not tell which rows it is about is noted as such, or refused.
    """

    key: tuple[Identifier, ...] = Field(min_length=1, max_length=3)
    written: Literal["hashed", "clear"] = "hashed"
    untold: Literal["noted", "refused"] = "noted"


def _least(first: int | None, second: int | None) -> int | None:
    return min((value for value in (first, second) if value is not None), default=None)


class TableGrant(_Value):
    """A table with the operations, columns and rows that are open; all conditions must hold for a row.

    `checks` are what values must be that are written: a new row gives each of these columns. `groups` are the columns
    by which rows are grouped, of which others are read in groups only. `purpose` says what it is for, and at `until` it
    ends, wherever it was approved. `per_day` is how much of it may be read and changed in a day, and
    with a `row_log` it is kept which rows were.
    """

    relation: Identifier
    namespace: Identifier = "public"
    operations: frozenset[Operation]
    columns: tuple[ColumnGrant, ...]
    rows: tuple[RowRule, ...] = ()
    checks: tuple[RowCondition, ...] = ()
    groups: tuple[Identifier, ...] = ()
    purpose: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f]*$")
    until: AwareDatetime | None = None
    per_day: DayLimits | None = None
    row_log: RowLog | None = None


class FieldMask(_Value):
    """A field of JSON answers that is masked: names by dots, through lists, as in `owner.email`."""

    path: FieldPath
    mask: Mask = Mask.NULL

    @model_validator(mode="after")
    def _made_here(self) -> Self:
        if self.mask.is_keyed:
            raise ValueError(f"the mask {self.mask.value} is for columns of databases only")
        return self


class RequestGrant(_Value):
    """Calls of an HTTP service that are open: these methods on paths of a pattern.

    Parts of a pattern in braces are any one part of a path, `/**` at its end is any rest. `query` are the parameters,
    and `body` the fields of a JSON body, that a call may have: any where it is None. `headers` are those of the app
    that go along besides the usual ones. `fields` are masked in every answer, which must then be JSON. `links` are
    fields of JSON answers that hold addresses of the service, such as that of the next page: the app gets them as
    addresses that it can follow. `hide` are classes of data whose fields are masked, too, as far as somebody said
    which they are. Each of `rules` holds for a call; those about a body make it one JSON object. A header whose name
    ends with an asterisk is any that begins so.
    """

    methods: frozenset[Method] = Field(min_length=1)
    path: PathPattern
    query: tuple[ParameterName, ...] | None = None
    body: tuple[ParameterName, ...] | None = None
    headers: tuple[HeaderName, ...] = ()
    fields: tuple[FieldMask, ...] = ()
    links: tuple[FieldPath, ...] = ()
    hide: tuple[_ClassName, ...] = ()
    rules: tuple[RequestRule, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _rules_about_what_is_there(self) -> Self:
        parts = {part.strip("{}") for part in self.path.split("/") if part.startswith("{")}
        unknown = sorted({rule.part for rule in self.rules if rule.part is not None} - parts)
        if unknown:
            raise ValueError(f"the path has no part {{{unknown[0]}}}, which a rule is about")
        closed = {rule.header for rule in self.rules if rule.header is not None} - set(self.headers)
        if closed:
            raise ValueError(f"a rule is about the header {min(closed)}, which does not go along")
        return self

    @property
    def looks_at_bodies(self) -> bool:
        """Whether the body of a call decides what opens it."""
        return self.body is not None or any(rule.body is not None for rule in self.rules)


class MailGrant(_Value):
    """Mail that may be sent: from these addresses, to these, so large, and to so many at once.

    Addresses are in lower case, and compared so. What may come from any address could come from anybody's.
    """

    senders: tuple[AddressPattern, ...] = Field(min_length=1)
    recipients: tuple[AddressPattern, ...] = Field(min_length=1)
    most_bytes: int = Field(default=10 * 2**20, ge=1024, le=32 * 2**20)
    most_recipients: int = Field(default=20, ge=1, le=100)

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if "*" in self.senders:
            raise ValueError("mail comes from addresses, or those of a domain: *@example.com")
        return self


class ToolGrant(_Value):
    """A tool of an MCP server, as it was when somebody approved it: `digest` is that of its definition (SHA-256, hex).

    `arguments` are those that a call may give, any of its schema where it is None; each of `rules` holds for them.
    `fields` of results are masked, which must then be JSON.
    """

    tool: _ToolName
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    arguments: tuple[ParameterName, ...] | None = None
    rules: tuple[ArgumentRule, ...] = Field(default=(), max_length=50)
    fields: tuple[FieldMask, ...] = ()


class ResourceGrant(_Value):
    """Resources of an MCP server that may be listed and read: those whose URI is of a pattern."""

    resource: UriPattern


class PromptGrant(_Value):
    """A prompt of an MCP server that may be listed and got; `arguments` are those that may be given, None for any."""

    prompt: _ToolName
    arguments: tuple[ParameterName, ...] | None = None


class AskingGrant(_Value):
    """What an MCP server may ask an app while it serves it: for a model's answer, a person's, or which folders there
    are.
    """

    server_asks: frozenset[Asked] = Field(min_length=1)


# What an MCP server serves, piece by piece.
ServedGrant = ToolGrant | ResourceGrant | PromptGrant | AskingGrant
# What one access rule of an integration may open.
Offer = TableGrant | RequestGrant | MailGrant | ServedGrant
OFFER: TypeAdapter[Offer] = TypeAdapter(Offer)


class DataGrant(_Value):
    """All that one app may do with one integration; `demands_person` refuses calls without a human behind them."""

    integration: str
    tables: tuple[TableGrant, ...]
    requests: tuple[RequestGrant, ...] = ()
    mail: tuple[MailGrant, ...] = ()
    served: tuple[ServedGrant, ...] = ()
    demands_person: bool = False

    @property
    def offers(self) -> tuple[Offer, ...]:
        """All that it opens."""
        return (*self.tables, *self.requests, *self.mail, *self.served)

    @property
    def is_keyed(self) -> bool:
        """Whether something in it is made with the organisation's key: masks of columns, or what is kept of rows."""
        hashed = any(table.row_log is not None and table.row_log.written == "hashed" for table in self.tables)
        return hashed or any(column.is_keyed for table in self.tables for column in table.columns)


@dataclass(frozen=True, slots=True)
class ClassedAccess:
    """What an access rule of an integration brings: columns (`table.column`), or fields of answers (`/path#field`), and
    the class of data in each.

    Columns of which nobody said a class are left out.
    """

    integration: str
    access: str
    columns: tuple[tuple[str, str], ...]
