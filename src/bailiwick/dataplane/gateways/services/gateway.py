"""The service gateway's mind: who may call which service, and what is said of it after."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import HttpConnection
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.limits import Gates, LimitedError
from bailiwick.dataplane.gateways.refusals import CallRefusedError, call_behind
from bailiwick.dataplane.gateways.services.credentials import ServiceCredentials
from bailiwick.dataplane.gateways.under_way import EndsCalls
from bailiwick.dataplane.gateways.upstreams import Upstreams
from bailiwick.dataplane.guard import Guard

_FAILED = 400
_Kind = TypeVar("_Kind", bound=HttpConnection)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the app itself, or the person whom it serves under a trace."""

    identity: Identity
    trace: str = ""


@dataclass(slots=True)
class Called:
    """What became of one call, for the audit log. Nothing of what was sent or answered is here but its size."""

    call: str
    status: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    masked: int = 0
    repeats: int = 0
    milliseconds: float = 0.0
    reason: str = ""


@dataclass
class ServiceGateway(EndsCalls):
    """Shared by all apps of a plane.

    `connection` returns where the service behind a socket is now, None when it is gone; `resolve` turns a trace id into
    the request in flight; `authorize` asks policy; `emit` takes audit events and must not wait; `redacted` takes
    secrets out of texts; `gates` hold calls back; `guard` is told what is used.
    """

    connection: Callable[[Binding], HttpConnection | None]
    credentials: ServiceCredentials
    upstreams: Upstreams
    resolve: Callable[[str], Call | None]
    authorize: Callable[[Identity, Binding], Decision]
    emit: Callable[[AuditEvent], None]
    clock: Clock
    redacted: Callable[[Sequence[str]], Awaitable[Sequence[str]]] = field(repr=False)
    gates: Gates[Binding] = field(default_factory=Gates.untold)
    guard: Guard = field(default_factory=Guard.of_nothing)

    def caller(self, traceparent: str, binding: Binding) -> Caller:
        """Return who calls through a socket; raise `CallRefusedError` for a trace that is not of this app."""
        call = call_behind(traceparent, binding.app, self.resolve)
        if call is None:
            return Caller(Identity.of_service(Principal("app", binding.app)))
        return Caller(call.identity, call.trace)

    def require(self, caller: Caller, binding: Binding, kind: type[_Kind]) -> tuple[_Kind, Decision]:
        """Return where the system is, of one kind, and policy's yes; raise `CallRefusedError` when policy says no."""
        decision = self.authorize(caller.identity, binding)
        if not decision.allowed:
            others_may = not caller.identity.is_app
            raise CallRefusedError(403, decision.reason, deciders=decision.deciders, of_person=others_may)
        connection = self.connection(binding)
        if not isinstance(connection, kind):
            raise CallRefusedError(503, f"the integration {binding.resource} is not there any more")
        return connection, decision

    def note_called(self, caller: Caller, binding: Binding, called: Called, decision: Decision) -> None:
        """Audit a call that was passed on."""
        failed = bool(called.reason) or called.status >= _FAILED
        reason = called.reason or (f"the service answered with status {called.status}" if failed else "")
        context: dict[str, ContextFact] = {
            "call": called.call,
            "status": called.status,
            "bytes_out": called.bytes_out,
            "bytes_in": called.bytes_in,
            "masked_fields": called.masked,
            "repeats": called.repeats,
            "milliseconds": called.milliseconds,
        }
        outcome = Outcome.FAILED if failed else Outcome.SUCCESS
        self.emit(
            binding.event(
                self.clock(), caller.identity, caller.trace, action="service.called", outcome=outcome, reason=reason,
                deciders=decision.deciders, context=context,
            )
        )  # fmt: skip

    def limited(self, binding: Binding, fault: LimitedError) -> CallRefusedError:
        """Count a call that a gate holds back; return what to answer."""
        self.gates.note_refused(binding, fault)
        return CallRefusedError(
            fault.status,
            fault.message,
            hint=fault.hint,
            deciders=fault.deciders,
            retry_seconds=fault.retry_seconds,
            of_person=fault.of_person,
        )

    def tell_refused(self, caller: Caller, binding: Binding, fault: CallRefusedError) -> bool:
        """Tell the guard of a refusal; return whether it is audited: what limits hold back is once in a while."""
        if not fault.retry_seconds:
            self.guard.observe_refusal(binding.app, binding.resource, of_person=fault.of_person, trace=caller.trace)
            return True
        if fault.of_person:
            self.guard.observe_person_refused(caller.trace)
        return False

    def note_refused(self, caller: Caller, binding: Binding, call: str, fault: CallRefusedError) -> None:
        """Audit a call that was not passed on."""
        if not self.tell_refused(caller, binding, fault):
            return
        self.emit(
            binding.event(
                self.clock(), caller.identity, caller.trace, action="service.refused", outcome=Outcome.REFUSED,
                reason=fault.message, deciders=tuple(fault.deciders), context={"call": call, "status": fault.status},
            )
        )  # fmt: skip
