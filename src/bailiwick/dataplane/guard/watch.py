"""The guard of a plane: watches each app's answers and starts, and what apps, integrations and tenants use.

Gateways and the router tell it what happens, one line each (`observe_…`); it answers nothing, so that it can hold
nothing up, and tells whoever acts of what trips.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.core.guardrails import Guardrails
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.dataplane.guard.amounts import Amount, Amounts
from bailiwick.dataplane.guard.answers import ErrorRate, LatencyCollapse
from bailiwick.dataplane.guard.crashes import CrashLoop
from bailiwick.dataplane.guard.trips import Trip

_MILLION = 1_000_000
# What is counted of an integration and of a tenant, too, over all apps.
_OF_INTEGRATIONS: frozenset[Amount] = frozenset({"rows", "refused_grants"})
_OF_TENANTS: frozenset[Amount] = frozenset({"tokens", "spend", "bytes_out", "refused_egress"})
# Requests that are remembered as refused to their person until they are answered.
_MOST_REFUSED = 10_000


@dataclass(frozen=True, slots=True)
class Watched:
    """An app in one mode that is watched: `key` is what its instance is kept under, which tells branches apart."""

    app: str
    tenant: str
    key: tuple[str, str]


@dataclass
class AnswerGuard:
    """The rules about one instance's answers and starts. What is usual for it outlives its releases."""

    limits: Guardrails
    errors: ErrorRate = field(init=False)
    latency: LatencyCollapse = field(init=False)
    crashes: CrashLoop = field(init=False)

    def __post_init__(self) -> None:
        self.errors = ErrorRate(self.limits.errors)
        self.latency = LatencyCollapse(self.limits.durations)
        self.crashes = CrashLoop(self.limits.crashes)

    def keep_to(self, limits: Guardrails) -> None:
        """Judge by these limits from now on."""
        self.limits = limits
        self.errors.limits, self.latency.limits, self.crashes.limits = limits.errors, limits.durations, limits.crashes

    def answered(self, now: float, *, failed: bool, milliseconds: float) -> Trip | None:
        """Take one answer; return that the app must be stopped, or None."""
        slow = self.latency.observe(now, milliseconds)
        return self.errors.observe(now, failed=failed) or slow

    def started(self, now: float) -> Trip | None:
        """Take one start; return that the app must be stopped, or None."""
        return self.crashes.observe(now)

    def start_afresh(self) -> None:
        """Forget what happened lately: it was stopped, or another release took its place."""
        self.errors.start_afresh()
        self.latency.start_afresh()
        self.crashes.start_afresh()


# Told what tripped: the app that did, what must be stopped for it (None: this instance alone), and why.
OnTrip = Callable[[Watched, StopScope | None, Trip], None]


class Guard:
    """Watches everything on a plane. What is observed of an app that nobody watches counts for nothing."""

    def __init__(self, on_trip: OnTrip, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_trip = on_trip
        self._clock = clock
        self._answers: dict[tuple[str, str], AnswerGuard] = {}
        self._apps: dict[str, tuple[Watched, Guardrails]] = {}
        self._amounts: dict[StopScope, Amounts] = {}
        self._refused: OrderedDict[str, None] = OrderedDict()

    @classmethod
    def of_nothing(cls) -> "Guard":
        """Return a guard that watches nothing, for whoever needs none."""
        return cls(lambda _watched, _scope, _trip: None)

    def watch(self, watched: Watched, limits: Guardrails) -> None:
        """Watch an instance of an app, by these limits from now on."""
        if watched.key[0] == watched.app or watched.app not in self._apps:
            self._apps[watched.app] = (watched, limits)
        guard = self._answers.setdefault(watched.key, AnswerGuard(limits))
        guard.keep_to(limits)

    def forget(self, watched: Watched) -> None:
        """Watch an instance no more, and forget what is usual for it."""
        self._answers.pop(watched.key, None)
        if watched.key[0] == watched.app:
            self._apps.pop(watched.app, None)
            self._amounts.pop(StopScope(StopKind.APP, watched.app), None)

    def start_afresh(self, watched: Watched) -> None:
        """Forget what happened lately to an instance and its app: it was stopped, and somebody looked."""
        if watched.key in self._answers:
            self._answers[watched.key].start_afresh()
        if own := self._amounts.get(StopScope(StopKind.APP, watched.app)):
            own.start_afresh()

    # -- what happens ----------------------------------------------------------------------------------------------

    def observe_answer(self, watched: Watched, *, failed: bool, milliseconds: float) -> None:
        """An app answered a request."""
        guard = self._answers.get(watched.key)
        if guard is not None:
            self._tell(watched, guard.answered(self._clock(), failed=failed, milliseconds=milliseconds))

    def observe_start(self, watched: Watched) -> None:
        """An app is started."""
        guard = self._answers.get(watched.key)
        if guard is not None:
            self._tell(watched, guard.started(self._clock()))

    def observe_rows(self, app: str, integration: str, rows: int) -> None:
        """A statement read or wrote rows of an integration; an app's own database has an empty name."""
        self._add(app, "rows", rows, integration)

    def observe_refusal(self, app: str, integration: str = "", *, of_person: bool = False, trace: str = "") -> None:
        """A statement or a call was refused.

        That the person of the request under `trace` may not have what was asked for (`of_person`) says nothing of the
        app: else whoever has no right to its data could have it stopped.
        """
        if of_person and trace:
            self.observe_person_refused(trace)
        else:
            self._add(app, "refused_grants", 1, integration)

    def observe_person_refused(self, trace: str) -> None:
        """Something was refused to the person of a request, which then fails through no fault of its app."""
        self._refused[trace] = None
        if len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)

    def take_refused(self, trace: str) -> bool:
        """Return whether something was refused to the person of a request that is answered now, and forget it."""
        return bool(self._refused) and self._refused.pop(trace, self) is None

    def observe_egress(self, app: str, sent_bytes: int) -> None:
        """An app sent bytes to the outside."""
        self._add(app, "bytes_out", sent_bytes)

    def observe_refused_egress(self, app: str) -> None:
        """A connection to the outside, or a name of it, was refused."""
        self._add(app, "refused_egress", 1)

    def observe_model(self, app: str, tokens_in: int, tokens_out: int) -> None:
        """A call to a model cost tokens, and what they cost."""
        self._add(app, "tokens", tokens_in + tokens_out)
        known = self._apps.get(app)
        if known is not None:
            limits = known[1].amounts
            spent = tokens_in * limits.price_in + tokens_out * limits.price_out
            self._add(app, "spend", spent / _MILLION)

    # -- inner steps -----------------------------------------------------------------------------------------------

    def _add(self, app: str, kind: Amount, amount: float, integration: str = "") -> None:
        """Count for the app, and for what it shares with others, each held against the limits of this app."""
        known = self._apps.get(app)
        if known is None or amount <= 0:
            return
        watched, limits = known[0], known[1].amounts
        own: float = getattr(limits, kind)
        scopes = [(StopScope(StopKind.APP, app), own)]
        if integration and kind in _OF_INTEGRATIONS:
            scopes.append((StopScope(StopKind.INTEGRATION, integration), own * limits.integration_factor))
        if kind in _OF_TENANTS:
            scopes.append((StopScope(StopKind.TENANT, watched.tenant), own * limits.tenant_factor))
        for scope, limit in scopes:
            held = self._amounts.setdefault(scope, Amounts(scope.words))
            trip = held.add(kind, self._clock(), amount, limit, limits.seconds)
            if trip is not None:
                self._on_trip(watched, scope, trip)

    def _tell(self, watched: Watched, trip: Trip | None) -> None:
        if trip is not None:
            self._on_trip(watched, None, trip)
