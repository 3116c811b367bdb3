"""The gates of all integrations that a plane reaches, and what is told of them once in a while."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import BreakerState, IntegrationLimits, LimitsReport
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits.errors import LimitedError
from bailiwick.dataplane.gateways.limits.gate import Gate
from bailiwick.dataplane.gateways.limits.shared import SharedCounter

_EVERY_SECONDS = 10.0


class Gated(Protocol):
    """What a call goes to, of whom. `resource` names it among all, `written` in the audit log."""

    @property
    def account(self) -> str:
        """The principal that it is counted for."""

    @property
    def tenant(self) -> str:
        """The tenant of that principal."""

    @property
    def plane(self) -> str:
        """The plane that it goes through."""

    @property
    def resource(self) -> str:
        """Its name among all."""

    @property
    def written(self) -> str:
        """Its name in the audit log."""

    def event(
        self,
        time: datetime,
        identity: Identity,
        trace: str,
        *,
        action: str,
        outcome: Outcome,
        reason: str = "",
        deciders: tuple[str, ...] = (),
        context: Mapping[str, ContextFact] | None = None,
    ) -> AuditEvent:
        """Return what to audit of something that was done, or refused, there."""


_To = TypeVar("_To", bound=Gated)


@dataclass(slots=True)
class _Refusals:
    to: Gated
    kinds: Counter[str] = field(default_factory=Counter)
    words: str = ""


class Gates(Generic[_To]):
    """Makes the gate of an integration when it is first used, and has it hold what the newest state says.

    `limits` returns what holds for the integration behind a socket; `state` what that depends on, told apart as an
    object; `emit` takes audit events and `report` reports, and neither may wait. `shared` is made of a tenant's name.
    """

    def __init__(
        self,
        *,
        limits: Callable[[_To], IntegrationLimits],
        state: Callable[[], object],
        emit: Callable[[AuditEvent], None],
        report: Callable[[LimitsReport], None],
        clock: Clock,
        shared: Callable[[str], SharedCounter] | None = None,
    ) -> None:
        self._limits = limits
        self._state = state
        self._emit = emit
        self._report = report
        self._clock = clock
        self._make_shared = shared
        self._shared: SharedCounter | None = None
        self._gates: dict[str, Gate] = {}
        self._under: dict[str, object] = {}
        self._refused: dict[tuple[str, str], _Refusals] = {}
        self._told = time.monotonic()

    @classmethod
    def untold(cls) -> "Gates[_To]":
        """Return gates with the usual limits, of which nobody hears."""
        usual = IntegrationLimits()
        return cls(
            limits=lambda _: usual, state=lambda: None, emit=lambda _: None, report=lambda _: None, clock=utc_now
        )

    def of(self, to: _To) -> Gate:
        """Return the gate of the integration behind a socket."""
        name, state = to.resource, self._state()
        gate = self._gates.get(name)
        if gate is None:
            if self._make_shared is not None and self._shared is None:
                self._shared = self._make_shared(to.tenant)
            told = lambda now, why: self._note_breaker(to, now, why)  # noqa: E731 - bound to this integration
            gate = self._gates[name] = Gate(name, self._limits(to), told, self._shared)
        elif self._under[name] is not state:
            gate.use(self._limits(to))
        self._under[name] = state
        return gate

    def note_refused(self, to: _To, fault: LimitedError) -> None:
        """Count a call that a gate did not let through: the audit log has them once in a while, not each."""
        refused = self._refused.setdefault((to.resource, to.account), _Refusals(to))
        refused.kinds[fault.kind] += 1
        refused.words = fault.message

    def roll_up(self) -> None:
        """Report what went through, and audit what did not, each ten seconds."""
        if time.monotonic() < self._told + _EVERY_SECONDS:
            return
        self.tell()

    def tell(self) -> None:
        """Report and audit what there is to tell now."""
        self._told = time.monotonic()
        refused, self._refused = self._refused, {}
        for (_, account), item in refused.items():
            kinds: dict[str, ContextFact] = {f"refused.{kind}": count for kind, count in sorted(item.kinds.items())}
            self._emit(
                item.to.event(
                    self._clock(), Identity.of_name(Principal.parse(account)), "", action="calls.limited",
                    outcome=Outcome.REFUSED, reason=item.words, context={"refused": item.kinds.total(), **kinds},
                    deciders=tuple(f"limit-{kind}" for kind in sorted(item.kinds)),
                )
            )  # fmt: skip
        for gate in self._gates.values():
            if (found := gate.report(self._clock)) is not None:
                self._report(found)

    async def close(self) -> None:
        """Let the shared counter go."""
        if self._shared is not None:
            await self._shared.close()

    def _note_breaker(self, to: _To, state: BreakerState, why: str) -> None:
        """Audit that a breaker opened or closed; it is the plane's doing, whoever called."""
        self._told = 0.0
        if state == "half-open":
            return
        self._emit(
            AuditEvent(
                time=self._clock(),
                tenant=to.tenant,
                actor=f"plane:{to.plane}",
                action="breaker.opened" if state == "open" else "breaker.closed",
                resource=to.written,
                outcome=Outcome.FAILED if state == "open" else Outcome.SUCCESS,
                reason=why,
                plane=to.plane,
            )
        )
