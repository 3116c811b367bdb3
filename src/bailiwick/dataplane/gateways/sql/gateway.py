"""The SQL gateway's mind: decides about every statement before the database sees it, and says what happened."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary

from pglast.parser import ParseError, fingerprint, normalize

from bailiwick.core.clock import Clock
from bailiwick.core.errors import UnavailableError
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.limits import Gates, LimitedError, Place, Who
from bailiwick.dataplane.gateways.sql.comments import signature, split_comments
from bailiwick.dataplane.gateways.sql.days import DayCounts, DayMeter
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.known import LONG_CHARACTERS, KnownRewrites
from bailiwick.dataplane.gateways.sql.rewrite import MAX_STATEMENT_CHARACTERS, moves_no_data
from bailiwick.dataplane.gateways.sql.statements import Step, works_with_cursor
from bailiwick.dataplane.gateways.sql.upstream import STATEMENT_SECONDS, Connection, Database
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.turns import Turns

if TYPE_CHECKING:
    from bailiwick.dataplane.gateways.sql.engines import Backend

_MOST_ACTORS = 1000
Opened = TypeVar("Opened")
_NO_DATA = frozenset({"session", "empty"})
# Classes of insufficient resources (PostgreSQL, appendix A): too many at once, and a configured limit.
_SQLSTATES = {"at-once": "53300", "queue": "53300", "rate": "53400", "held": "53400", "day": "53400"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be sent for a text, the statements in it, and who is behind them.

    `formats` are those of the answer that were bound, True for binary, where keys of rows are read from it.
    """

    sql: str
    identity: Identity
    call: Call | None
    steps: tuple[Step, ...]
    formats: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """What a statement did, as the database says (`tag`), and what came of it."""

    tag: str
    rows: int
    bytes: int
    milliseconds: float


class Endable(Protocol):
    """An app's connection, as it is seen from the gateway."""

    def works_for_revoked(self, epochs: Mapping[str, int]) -> bool:
        """Return whether a statement or transaction of somebody whose credentials ended is open in it."""

    def uses(self, resource: str) -> bool:
        """Return whether it goes to this integration."""

    def end(self) -> None:
        """End it, and have the database cancel what it runs."""


@dataclass
class SqlGateway:
    """Shared by all bindings of a plane.

    `connect` opens a signed-in connection for a binding; `resolve` turns a trace id into the request in flight;
    `authorize` asks policy; `emit` takes audit events and must not wait; `guard` is told what is used. A database that
    is asked and says nothing for `silence_seconds` is taken for lost; `translated` returns the way to one that does not
    speak PostgreSQL, None where it does; `gates` hold statements back; `days` counts what passed today;
    `functions` returns those of a database that may be called beside our own list, the same object while nothing
    changed. `followed` says whether there is a newer account than the one that a connection signed in with.
    """

    connect: Callable[[Binding], Awaitable[Connection]]
    resolve: Callable[[str], Call | None]
    authorize: Callable[[Identity, Binding], Decision]
    emit: Callable[[AuditEvent], None]
    clock: Clock
    sessions: set["Endable"] = field(default_factory=set)
    guard: Guard = field(default_factory=Guard.of_nothing)
    turns: Turns = field(default_factory=Turns)
    gates: Gates[Binding] = field(default_factory=Gates.untold)
    silence_seconds: float = 300.0
    translated: Callable[[Binding], "Backend | None"] = lambda _: None
    days: DayCounts = field(default_factory=DayCounts)
    functions: Callable[[Binding], tuple[AllowedFunction, ...]] = lambda _: ()
    followed: Callable[[Database], bool] = lambda _: False
    _events: WeakKeyDictionary[Binding, dict[str, AuditEvent]] = field(default_factory=WeakKeyDictionary)
    _known: KnownRewrites = field(default_factory=KnownRewrites)

    def end_revoked(self, epochs: Mapping[str, int]) -> None:
        """End the connections that work for somebody whose credentials ended, with what they run at the database."""
        for session in list(self.sessions):
            if session.works_for_revoked(epochs):
                session.end()

    def end_using(self, name: str) -> None:
        """End every connection through an integration, with what it runs at the database."""
        for session in list(self.sessions):
            if session.uses(name):
                session.end()

    def decide(self, sql: str, binding: Binding, masked_by: MaskedBy = MaskedBy.DATABASE) -> Allowed:
        """Return what may be sent for a statement; raise `StatementRefusedError`, audited, when nothing may.

        `masked_by` says who makes masks with the key: the gateway, where the database cannot.
        """
        # What is too long is not even searched for its comments.
        plain, trace = (sql, "") if len(sql) > MAX_STATEMENT_CHARACTERS else split_comments(sql)
        identity, call = Identity.of_service(Principal("app", binding.app)), None
        try:
            if trace:
                call = self.request_of(trace, binding)
                identity = call.identity
            # Drivers begin and end transactions by themselves, without the trace that the app's own statements carry.
            decision = self.authorize(identity, binding)
            if not (decision.allowed or moves_no_data(plain) or works_with_cursor(plain)):
                raise _forbidden(decision, identity)
            plan = self._known.rewrite(
                plain, binding.grant, identity.attributes, of=binding, functions=self.functions(binding),
                masked_by=masked_by,
            )  # fmt: skip
            if plan.sets_timeout:
                plan = plan.within(self._statement_seconds(binding))
        except StatementRefusedError as fault:
            self._note_refusal(fault, binding, identity, trace, plain)
            raise
        sent = plan.sql
        comment = signature(identity, call, binding.app, binding.release, plan.steps[0].fingerprint) if sent else ""
        return Allowed(comment + sent, identity, call, plan.steps)

    def require_still(self, allowed: Allowed, binding: Binding) -> None:
        """Ask policy again about what was allowed before, as for each FETCH; raise `StatementRefusedError`, audited."""
        decision = self.authorize(allowed.identity, binding)
        if not decision.allowed:
            fault = _forbidden(decision, allowed.identity)
            trace = allowed.call.trace if allowed.call is not None else ""
            self._note_refusal(fault, binding, allowed.identity, trace, "")
            raise fault

    async def foresee(self, sql: str, binding: Binding, masked_by: MaskedBy = MaskedBy.DATABASE) -> None:
        """Return once deciding about a statement takes no time: a long one is rewritten beside the event loop."""
        if self._known.is_long(sql):
            plain, trace = split_comments(sql)
            call = self.resolve(trace) if trace else None
            attributes = call.identity.attributes if call is not None else {}
            await self._known.foresee(
                plain, binding.grant, attributes, of=binding, line=binding.app, functions=self.functions(binding),
                masked_by=masked_by,
            )  # fmt: skip

    def request_of(self, trace: str, binding: Binding) -> Call:
        """Return the request that a trace id belongs to, when it is one of this very app that is in flight."""
        call = self.resolve(trace)
        if call is None or call.app != binding.app:
            words = "is of another app" if call is not None else "belongs to no request in flight"
            raise StatementRefusedError(
                f"the trace {trace} {words}",
                hint="run statements while serving the request, on its own trace",
                deciders=("trace-of-this-app",),
            )
        return call

    async def reach(self, binding: Binding) -> Connection:
        """Return a connection that is signed in; raise as `reached` does, or what says that there is none."""
        return await self.reached(binding, lambda: self.connect(binding))

    async def reached(self, binding: Binding, opening: Callable[[], Awaitable[Opened]]) -> Opened:
        """Return what opens a way to a database; raise `LimitedError` while one that fails is left alone."""
        if binding.database_of:
            return await opening()
        try:
            attempt = self.gates.of(binding).attempt()
        except LimitedError as fault:
            self.gates.note_refused(binding, fault)
            raise
        try:
            opened = await opening()
        except UnavailableError as fault:
            attempt.failed(fault.message)
            raise
        except BaseException:
            attempt.left()
            raise
        attempt.answered()
        return opened

    async def place(self, allowed: Allowed, binding: Binding, statements: int) -> Place | None:
        """Return a place for statements that are sent together, None where none is needed.

        Raises `StatementRefusedError` when none comes in time.
        """
        if binding.database_of or all(step.rewritten.operation in _NO_DATA for step in allowed.steps):
            return None
        try:
            return await self.gates.of(binding).enter(Who.of(binding.app, allowed.identity), statements)
        except LimitedError as fault:
            raise self._limited(binding, fault, allowed) from None

    def _limited(self, binding: Binding, fault: LimitedError, allowed: Allowed) -> StatementRefusedError:
        self.gates.note_refused(binding, fault)
        if fault.of_person and allowed.call is not None:
            self.guard.observe_person_refused(allowed.call.trace)
        sqlstate = _SQLSTATES.get(fault.kind, "53000")
        return StatementRefusedError(fault.message, hint=fault.hint, sqlstate=sqlstate, deciders=fault.deciders)

    def day_meter(self, binding: Binding) -> DayMeter | None:
        """Return what counts how much passes through a socket in a day, None where nothing is limited."""
        return DayMeter.of(self.days, binding) if not binding.database_of else None

    def require_left(self, days: DayMeter, allowed: Allowed, binding: Binding) -> None:
        """Raise `StatementRefusedError` when what may pass in a day of a table of some statements has passed."""
        who = Who.of(binding.app, allowed.identity)
        try:
            for step in allowed.steps:
                if step.rewritten.operation != "catalogue":
                    days.require(step.rewritten.tables, who)
        except LimitedError as fault:
            raise self._limited(binding, fault, allowed) from None

    def limits(self, binding: Binding) -> IntegrationLimits | None:
        """Return how long statements may take and how large answers may be; None for an app's own database."""
        return self.gates.of(binding).limits if not binding.database_of else None

    def _statement_seconds(self, binding: Binding) -> float:
        limits = self.limits(binding)
        return limits.statement_seconds if limits is not None else STATEMENT_SECONDS

    def saw_rows(self, binding: Binding, rows: int) -> None:
        """Tell the guard of rows that were read or written; those of an app's own database are its own."""
        if not binding.database_of:
            self.guard.observe_rows(binding.app, binding.resource, rows)

    def note_executed(self, allowed: Allowed, step: Step, binding: Binding, measured: Measured) -> None:
        """Audit a statement that ran."""
        what = step.rewritten
        if what.operation in _NO_DATA:
            return
        context: dict[str, ContextFact] = {
            "statement": what.normalised[:2000],
            "fingerprint": step.fingerprint,
            "operation": what.operation,
            "tables": what.tables,
            "rows": measured.rows,
            "bytes": measured.bytes,
            "milliseconds": round(measured.milliseconds, 2),
            "tag": measured.tag,
        }
        trace = allowed.call.trace if allowed.call else ""
        facts = {"id": new_id("evt"), "time": self.clock(), "trace": trace, "context": context}
        # Of one made as events are, as there is one for each statement: what differs is of our own making.
        self.emit(self._event_like(binding, allowed.identity).model_copy(update=facts))

    def note_rows(self, allowed: Allowed, step: Step, binding: Binding, table: str, keys: tuple[str, ...]) -> None:
        """Audit which rows of a table a statement read or changed, as far as it told."""
        what = step.rewritten
        # What the index of the log takes first is the keys.
        context: dict[str, ContextFact] = {
            "keys": keys,
            "rows_of": table,
            "fingerprint": step.fingerprint,
            "operation": what.operation,
            "statement": what.normalised[:500],
        }
        trace = allowed.call.trace if allowed.call else ""
        event = binding.event(
            self.clock(), allowed.identity, trace, action="query.rows", outcome=Outcome.SUCCESS, context=context
        )
        self.emit(event)

    def _event_like(self, binding: Binding, identity: Identity) -> AuditEvent:
        """Return the event of a statement that this somebody ran through this socket, without what it did."""
        known = self._events.setdefault(binding, {})
        actor = str(identity.principal)
        if actor not in known:
            if len(known) >= _MOST_ACTORS:
                known.clear()
            known[actor] = binding.event(self.clock(), identity, "", action="query.executed", outcome=Outcome.SUCCESS)
        return known[actor]

    def note_refused(self, fault: StatementRefusedError, binding: Binding, allowed: Allowed) -> None:
        """Audit a statement that was decided, and is not run all the same: it cannot be said to the database behind it,
        or its grant has ended since.
        """
        self._note_refusal(fault, binding, allowed.identity, allowed.call.trace if allowed.call else "", "")

    def _note_refusal(
        self, fault: StatementRefusedError, binding: Binding, identity: Identity, trace: str, plain: str
    ) -> None:
        resource = "" if binding.database_of else binding.resource
        self.guard.observe_refusal(binding.app, resource, of_person=fault.of_person, trace=trace)
        self.emit(
            binding.event(
                self.clock(), identity, trace, action="query.refused", reason=fault.message, deciders=fault.deciders,
                outcome=Outcome.REFUSED, context=_without_values(plain),
            )
        )  # fmt: skip


def _forbidden(decision: Decision, identity: Identity) -> StatementRefusedError:
    return StatementRefusedError(decision.reason, deciders=decision.deciders, of_person=not identity.is_app)


def _without_values(plain: str) -> dict[str, ContextFact]:
    """Return what a refused statement is found by; one that does not parse might be anything, and is not kept."""
    if not plain or len(plain) > LONG_CHARACTERS:
        return {}
    try:
        return {"statement": normalize(plain), "fingerprint": fingerprint(plain)}
    except (ParseError, UnicodeError, ValueError, RecursionError):
        return {}
