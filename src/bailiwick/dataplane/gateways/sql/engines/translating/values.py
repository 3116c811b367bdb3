"""Typed pieces of a statement while it is translated, and the values that will be bound in it.

No text of a value stands in the translated statement: each is bound by the driver, so there is nothing to escape.
"""

from dataclasses import dataclass, field, replace

from sqlglot import exp

from bailiwick.dataplane.database_files.kinds import NUMBERS, ValueFaultError, canonical
from bailiwick.dataplane.gateways.sql.engines.model import Bind, GrantEnd, Masked, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Dialect, Node
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression and its type. What PostgreSQL calls unknown has no node yet: it takes the type of its neighbour.

    What is `masked` once it came is of use as a column of the answer only: in the database stands the value itself.
    """

    kind: str
    node: Node | None = None
    bind: Bind | None = None
    masked: Masked | None = None

    @property
    def sql(self) -> Node:
        """The expression, a copy of its own, to make something of."""
        if self.masked is not None:
            raise masked_fault(self.masked)
        return self.shown

    @property
    def shown(self) -> Node:
        """The expression, a copy of its own, as a column of an answer."""
        if self.node is None:
            raise NotTranslatedError("the type of a value cannot be told", hint="cast it: CAST($1 AS int)")
        return self.node.copy()


def masked_fault(masked: Masked) -> NotTranslatedError:
    """Return why nothing is made of a column that is masked once it came."""
    return NotTranslatedError(
        f"a column under the mask {masked.mask.value} is shown as it is here: the database does not have the key, so it"
        " cannot be compared, computed with, joined, grouped or sorted by, or taken once (DISTINCT, UNION)",
        hint="select it by its name, and do that in the app",
    )


def null() -> Typed:
    """Return a NULL of no type yet."""
    return Typed(UNKNOWN)


@dataclass
class Values:
    """The values of a statement, and the types that its parameters got. `parameters` begins with what was declared,
    `ends` is when the grants end that the statement was made under.
    """

    dialect: Dialect
    parameters: dict[int, str] = field(default_factory=dict)
    binds: list[Bind] = field(default_factory=list)
    ends: dict[GrantEnd, None] = field(default_factory=dict)

    def literal(self, text: str) -> Typed:
        """Return a quoted value, which has no type yet."""
        return Typed(UNKNOWN, bind=Bind(UNKNOWN, text))

    def parameter(self, number: int) -> Typed:
        """Return the app's parameter of a number."""
        pending = Typed(UNKNOWN, bind=Bind(UNKNOWN, parameter=number))
        known = self.parameters.get(number)
        return pending if known is None else self.settle(pending, known)

    def settle(self, value: Typed, kind: str) -> Typed:
        """Return a value that has a type: what has none yet gets this one."""
        kind = self.dialect.kind(kind)
        if value.kind != UNKNOWN:
            return value
        if value.bind is None:
            return Typed(kind, self.dialect.null(kind))
        bind = replace(value.bind, kind=kind)
        if bind.text is not None:
            bind = replace(bind, text=checked(kind, bind.text))
        if bind.parameter:
            self.parameters.setdefault(bind.parameter, kind)
            if self.parameters[bind.parameter] != kind:
                raise StatementRefusedError(f"${bind.parameter} is used as two types", sqlstate="42P08")
        return Typed(kind, self.dialect.bound(self.place(bind), kind), bind)

    def fixed(self, text: str) -> Node:
        """Return a bound text of ours, as it is."""
        return self.dialect.bound(self.place(Bind("text", text)), "text")

    def rows(self, number: int) -> Node:
        """Return a parameter that is a number of rows: a negative one would be no limit in some dialects."""
        self.parameters.setdefault(number, "int8")
        bind = Bind("int8", parameter=number, positive=True)
        return self.dialect.bound(self.place(bind), "int8")

    def place(self, bind: Bind) -> Node:
        """Return the placeholder of a value; equal values share one, so that equal expressions stay equal."""
        if bind not in self.binds:
            self.binds.append(bind)
        return exp.Placeholder(this=f"b{self.binds.index(bind)}")

    def common(self, values: list[Typed]) -> tuple[list[Typed], str]:
        """Return values brought to one type, and that type; raise when PostgreSQL would find none."""
        known = {value.kind for value in values if value.kind != UNKNOWN}
        if not known:
            known = {"text"}
        kind = known.pop() if len(known) == 1 else widest(known)
        return [self.settle(value, kind) for value in values], kind


def widest(kinds: set[str]) -> str:
    """Return the number type that holds all; raise when they are not all numbers."""
    if not kinds <= set(NUMBERS):
        raise StatementRefusedError(
            f"{' and '.join(sorted(kinds))} do not go together", hint="cast one of them", sqlstate="42883"
        )
    return max(kinds, key=NUMBERS.index)


def checked(kind: str, text: str) -> str:
    """Return the one form of a value in a statement; raise `StatementRefusedError` when it is not of the type."""
    try:
        return canonical(kind, text)
    except ValueFaultError as fault:
        raise StatementRefusedError(f"{fault}: {text[:40]!r}", sqlstate=fault.sqlstate) from None


def require(value: Typed, *kinds: str) -> Typed:
    """Return a value that is of one of some types; raise otherwise: nothing is cast behind one's back."""
    if value.kind not in kinds:
        raise StatementRefusedError(
            f"a value of the type {value.kind} stands where {kinds[0]} is wanted", hint="cast it", sqlstate="42804"
        )
    return value
