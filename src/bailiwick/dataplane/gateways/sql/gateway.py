"""The SQL gateway's mind: decides about every statement before the database sees it, and says what happened."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bailiwick.core.clock import Clock
from bailiwick.core.errors import UnavailableError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.limits import Gates, LimitedError, Place, Who
from bailiwick.dataplane.gateways.sql.comments import signature, split_comments
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.known import KnownRewrites
from bailiwick.dataplane.gateways.sql.rewrite import MAX_STATEMENT_CHARACTERS, Rewritten, moves_no_data
from bailiwick.dataplane.gateways.sql.upstream import Connection
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.turns import Turns

_NO_DATA = frozenset({"session", "empty"})
# Classes of insufficient resources (PostgreSQL, appendix A): too many at once, and a configured limit.
_SQLSTATES = {"at-once": "53300", "queue": "53300", "rate": "53400", "held": "53400"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """A statement that may be sent, with who is behind it."""

    sql: str
    identity: Identity
    call: Call | None
    rewritten: Rewritten


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
    `authorize` asks policy; `emit` takes audit events and must not wait; `guard` is told what is used;
    `gates` hold statements back.
    """

    connect: Callable[[Binding], Awaitable[Connection]]
    resolve: Callable[[str], Call | None]
    authorize: Callable[[Identity, Binding], Decision]
    emit: Callable[[AuditEvent], None]
    clock: Clock
    sessions: set["Endable"] = field(default_factory=set)
    guard: Guard = field(default_factory=Guard.of_nothing)
    turns: Turns = field(default_factory=Turns)
    gates: Gates = field(default_factory=Gates.untold)
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

    def decide(self, sql: str, binding: Binding) -> Allowed:
        """Return what may be sent for a statement; raise `StatementRefusedError`, audited, when nothing may."""
        # What is too long is not even searched for its comments.
        plain, trace = (sql, "") if len(sql) > MAX_STATEMENT_CHARACTERS else split_comments(sql)
        identity, call = Identity.of_service(Principal("app", binding.app)), None
        try:
            if trace:
                call = self.request_of(trace, binding)
                identity = call.identity
            # Drivers begin and end transactions by themselves, without the trace that the app's own statements carry.
            decision = self.authorize(identity, binding)
            if not decision.allowed and not moves_no_data(plain):
                raise StatementRefusedError(decision.reason, deciders=decision.deciders)
            rewritten = self._known.rewrite(plain, binding.grant, identity.attributes, of=binding)
        except StatementRefusedError as fault:
            self._note_refusal(fault, binding, identity, trace)
            raise
        comment = signature(identity, call, binding.app, binding.release) if rewritten.sql else ""
        return Allowed(comment + rewritten.sql, identity, call, rewritten)

    async def foresee(self, sql: str, binding: Binding) -> None:
        """Return once deciding about a statement takes no time: a long one is rewritten beside the event loop."""
        if self._known.is_long(sql):
            plain, trace = split_comments(sql)
            call = self.resolve(trace) if trace else None
            attributes = call.identity.attributes if call is not None else {}
            await self._known.foresee(plain, binding.grant, attributes, of=binding, line=binding.app)

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
        """Return a connection that is signed in; raise `BailiwickError` when there is none, or while a database that
        fails is left alone.
        """
        if binding.database_of:
            return await self.connect(binding)
        try:
            attempt = self.gates.of(binding).attempt()
        except LimitedError as fault:
            self.gates.note_refused(binding, fault)
            raise
        try:
            connection = await self.connect(binding)
        except UnavailableError as fault:
            attempt.failed(fault.message)
            raise
        except BaseException:
            attempt.left()
            raise
        attempt.answered()
        return connection

    async def place(self, allowed: Allowed, binding: Binding, statements: int) -> Place | None:
        """Return a place for statements that are sent together, None where none is needed.

        Raises `StatementRefusedError` when none comes in time.
        """
        if binding.database_of or allowed.rewritten.operation in _NO_DATA:
            return None
        try:
            return await self.gates.of(binding).enter(Who.of(binding.app, allowed.identity), statements)
        except LimitedError as fault:
            self.gates.note_refused(binding, fault)
            raise StatementRefusedError(
                fault.message, hint=fault.hint, sqlstate=_SQLSTATES.get(fault.kind, "53000"), deciders=fault.deciders
            ) from None

    def limits(self, binding: Binding) -> IntegrationLimits | None:
        """Return how long statements may take and how large answers may be; None for an app's own database."""
        return self.gates.of(binding).limits if not binding.database_of else None

    def saw_rows(self, binding: Binding, rows: int) -> None:
        """Tell the guard of rows that were read or written; those of an app's own database are its own."""
        if not binding.database_of:
            self.guard.observe_rows(binding.app, binding.resource, rows)

    def note_executed(self, allowed: Allowed, binding: Binding, *, tag: str, rows: int, milliseconds: float) -> None:
        """Audit a statement that ran."""
        if allowed.rewritten.operation in _NO_DATA:
            return
        self._note(
            binding,
            allowed.identity,
            allowed.call.trace if allowed.call else "",
            action="query.executed",
            context={
                "statement": allowed.rewritten.normalised[:2000],
                "operation": allowed.rewritten.operation,
                "tables": allowed.rewritten.tables,
                "rows": rows,
                "milliseconds": round(milliseconds, 2),
                "tag": tag,
            },
        )

    def _note_refusal(self, fault: StatementRefusedError, binding: Binding, identity: Identity, trace: str) -> None:
        self.guard.observe_refused_grant(binding.app, "" if binding.database_of else binding.resource)
        self._note(
            binding,
            identity,
            trace,
            action="query.refused",
            reason=fault.message,
            deciders=fault.deciders,
            refused=True,
        )

    def _note(
        self,
        binding: Binding,
        identity: Identity,
        trace: str,
        *,
        action: str,
        reason: str = "",
        deciders: tuple[str, ...] = (),
        context: dict[str, str | int | float | tuple[str, ...]] | None = None,
        refused: bool = False,
    ) -> None:
        event = binding.event(
            self.clock(), identity, trace, action=action, reason=reason, deciders=deciders, context=context,
            outcome=Outcome.REFUSED if refused else Outcome.SUCCESS,
        )  # fmt: skip
        self.emit(event)
