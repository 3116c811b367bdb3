"""A plane's egress, put together: declared hosts with policy, limits and addresses, and what is told of connections."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.core.branches import instance_name
from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.guardrails import EgressRails
from bailiwick.core.manifest import EgressHost
from bailiwick.core.messages import AppState, DesiredState, EgressRollup, SpanSeen
from bailiwick.core.policy import Decision, PoliciesInForce, Resource
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.egress import (
    Dialer,
    EgressListener,
    Meter,
    Opened,
    Pipes,
    Refusals,
    opener_of,
)
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.traces.of_egress import span_of_egress

_TELL_SECONDS = 10.0
Key = tuple[str, str]


@dataclass(frozen=True)
class _Use:
    """What policy is asked about; answers are kept under it while the desired state, and so its roles, is the same."""

    app: str
    mode: str
    branch: str
    declared: bool
    roles: Mapping[str, frozenset[str]] = field(compare=False)


class PlaneEgress:
    """The ways out of a plane's apps.

    `desired` returns what the plane should be now, `resolve` the request in flight of a trace; `guard` is told what is
    used, `secrets` returns the values that must not leave, `seen` takes spans of requests to hosts. What apps had of a
    day is kept in `state`, so that a plane which starts again does not give it twice.
    """

    def __init__(
        self,
        *,
        plane: str,
        state: Path,
        engine: PoliciesInForce,
        desired: Callable[[], DesiredState | None],
        dialer: Dialer,
        resolve: Callable[[str], Call | None],
        emit: Callable[[AuditEvent], None],
        report: Callable[[EgressRollup], None],
        clock: Clock,
        guard: Guard,
        secrets: Callable[[], Iterable[str]],
        seen: Callable[[str, str, SpanSeen], None] = lambda *_: None,
    ) -> None:
        self._plane = plane
        self._days = state / "egress-of-the-day.json"
        self._guard = guard
        self._seen = seen
        self._engine = engine
        self._desired = desired
        self._resolve = resolve
        self._emit = emit
        self._report = report
        self._clock = clock
        self._dialer = dialer
        self._pipes = Pipes()
        self._opener = opener_of(plane, clock, secrets)
        self._refusals = Refusals(emit)
        self._known = KnownDecisions(self._ask, desired)
        self._meters: dict[Key, Meter] = {}
        self._states: dict[Key, AppState] = {}
        self._under: DesiredState | None = None
        self._rails: dict[Key, EgressRails] = {}
        self._told = time.monotonic()
        self._had = self._read_days()

    def close(self) -> None:
        """Tell what was not told yet, and close what is kept."""
        self.roll_up(0.0)
        self._refusals.close()
        self._pipes.close()

    def listener_of(self, state: AppState, target: EgressHost) -> EgressListener:
        """Return what serves an app's socket that stands for a host which its manifest declares."""
        return EgressListener(
            target,
            lambda: self._decide(state, declared=True),
            lambda ended: self._ended(state, ended),
            self._dialer,
            self._pipes,
            self._meter(state),
            lambda trace: self._whose(state, trace),
            self._opener,
            lambda count: self._guard.observe_egress(state.app, count),
            lambda answered: self._seen(state.app, state.release, span_of_egress(answered, target.host, self._clock())),
        )

    def authority_of(self, state: AppState) -> str:
        """Return the certificate that an app's sandbox has to trust, empty when TLS is opened to none of its hosts."""
        return self._opener.authority.certificate if state.guardrails.egress.opened_tls else ""

    def refused_name(self, state: AppState, name: str) -> None:
        """Tell of a name that an app asked for and did not declare."""
        decision = self._decide(state, declared=False)
        words = f"{name} is not declared in the manifest"
        self._guard.observe_refused_egress(state.app)
        self._meter(state).refused_name(name, "it is not declared")
        self._refusals.tell(self._event(state, name, words, decision.deciders, {}))

    def roll_up(self, every_seconds: float = _TELL_SECONDS) -> None:
        """Report what apps sent out, when so many seconds have passed since the last time."""
        self._refusals.sum_up()
        seconds = time.monotonic() - self._told
        if seconds < every_seconds:
            return
        self._told += seconds
        for key, meter in self._meters.items():
            hosts = meter.take()
            state = self._states[key]
            # Numbers are of main's preview and of production: what branches do is in the log.
            if hosts and not state.branch:
                self._report(
                    EgressRollup(
                        app=state.app,
                        mode=state.mode,
                        release=state.release,
                        start=self._clock(),
                        seconds=round(seconds, 3),
                        hosts=hosts,
                    )
                )
        self._write_days()
        self._forget_gone()

    def _forget_gone(self) -> None:
        desired = self._desired()
        wanted = {_key(app) for app in desired.releases} if desired is not None else set()
        for key in [key for key, meter in self._meters.items() if key not in wanted and not meter.open]:
            del self._meters[key], self._states[key]

    def _meter(self, state: AppState) -> Meter:
        key = _key(state)
        self._states[key] = state
        if key not in self._meters:
            meter = self._meters[key] = Meter(lambda: self._rails_of(key, state), self._clock)
            meter.day, meter.bytes_of_day = self._had.get("/".join(key), ("", 0))
        return self._meters[key]

    def _rails_of(self, key: Key, state: AppState) -> EgressRails:
        """Return an app's limits as the newest desired state has them."""
        desired = self._desired()
        if desired is not self._under:
            self._under = desired
            self._rails = {_key(app): app.guardrails.egress for app in desired.apps} if desired is not None else {}
        return self._rails.get(key, state.guardrails.egress)

    def _whose(self, state: AppState, trace: str) -> str:
        call = self._resolve(trace)
        return str(call.identity.principal) if call is not None and call.app == state.app else ""

    def _decide(self, state: AppState, *, declared: bool) -> Decision:
        identity = Identity.of_service(Principal("app", state.app))
        return self._known.authorize(identity, _Use(state.app, state.mode, state.branch, declared, state.roles))

    def _ask(self, identity: Identity, use: _Use) -> Decision:
        resource = Resource("App", f"app:{use.app}", use.roles)
        return self._engine.decide(identity, "egress.connect", resource, {"declared": use.declared})

    def _ended(self, state: AppState, ended: Opened) -> None:
        words = f"{ended.target.address}: {ended.refused}" if ended.refused else ""
        if ended.refused:
            self._guard.observe_refused_egress(state.app)
        context: dict[str, ContextFact] = {
            "protocol": ended.target.protocol,
            "sent_bytes": ended.sent,
            "received_bytes": ended.received,
        }
        if ended.requests:
            context["requests"] = ended.requests
        if ended.because:
            context["ended_because"] = ended.because
        if ended.people:
            context["people"] = tuple(sorted(ended.people))
        if ended.masked:
            context["masked"] = tuple(f"{what}: {count}" for what, count in sorted(ended.masked.items()))
        tell = self._refusals.tell if ended.refused else self._emit
        tell(self._event(state, ended.target.address, words, ended.deciders, context))

    def _event(
        self, state: AppState, host: str, refused: str, deciders: tuple[str, ...], context: dict[str, ContextFact]
    ) -> AuditEvent:
        return AuditEvent(
            time=self._clock(),
            tenant=state.tenant,
            actor=f"app:{state.app}",
            action="egress.refused" if refused else "egress.connected",
            resource=f"app:{state.app}",
            outcome=Outcome.REFUSED if refused else Outcome.SUCCESS,
            reason=refused,
            app=state.app,
            release=state.release,
            plane=self._plane,
            deciders=deciders,
            context={"host": host, "mode": state.mode, **context},
        )

    def _read_days(self) -> dict[str, tuple[str, int]]:
        try:
            return {key: (str(day), int(had)) for key, (day, had) in json.loads(self._days.read_bytes()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write_days(self) -> None:
        had = self._had | {"/".join(key): (meter.day, meter.bytes_of_day) for key, meter in self._meters.items()}
        today = self._clock().date().isoformat()
        had = {key: value for key, value in had.items() if value[0] == today}
        if had != self._had:
            self._had = had
            unfinished = self._days.with_suffix(".new")
            unfinished.write_text(json.dumps(had))
            unfinished.rename(self._days)


def _key(state: AppState) -> Key:
    return (instance_name(state.app, state.branch), state.mode)
