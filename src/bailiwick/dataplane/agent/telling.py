"""What a host tells the control plane: how apps are doing, what they answered, and why one was stopped."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import AnyReport, AppReport, AppState, AuditReport, KillReport, RequestRollup, RequestTrace
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.guard import Trip
from bailiwick.dataplane.router import Site

_ERROR = 500
_EVIDENCE_LINES = 100
_WORDS = 2000
Status = Literal["starting", "running", "asleep", "failed", "refused", "stopped"]


class Telling:
    """Makes the reports of one plane and hands them on."""

    def __init__(self, plane: str, report: Callable[[AnyReport], None], clock: Callable[[], datetime]) -> None:
        self._plane = plane
        self._report = report
        self._clock = clock

    def status(self, state: AppState, status: Status, words: str) -> None:
        """Tell how a release is doing."""
        self._report(
            AppReport(
                app=state.app,
                mode=state.mode,
                release=state.release,
                status=status,
                words=words[:_WORDS],
                time=self._clock(),
                branch=state.branch,
            )
        )

    def refused(self, state: AppState, words: str, *, running: bool = False) -> None:
        """Tell that a release is not what was approved, for the audit log too; it may be `running` all the same."""
        if not running:
            self.status(state, "refused", words)
        event = AuditEvent(
            time=self._clock(),
            tenant=state.tenant,
            actor=f"plane:{self._plane}",
            action="release.refused",
            resource=f"app:{state.app}",
            outcome=Outcome.REFUSED,
            reason=words,
            app=state.app,
            release=state.release,
            plane=self._plane,
            context={"running": running},
        )
        self._report(AuditReport(event=event))

    def served(self, state: AppState, trace: RequestTrace) -> None:
        """Tell of an answered request."""
        event = AuditEvent(
            time=trace.time,
            tenant=state.tenant,
            actor=trace.principal,
            action="request.served",
            resource=f"app:{state.app}",
            outcome=Outcome.FAILED if trace.status >= _ERROR else Outcome.SUCCESS,
            app=state.app,
            release=state.release,
            trace=trace.trace,
            plane=self._plane,
            context={
                "method": trace.method,
                "path": trace.path,
                "status": trace.status,
                "milliseconds": trace.milliseconds,
                **({"branch": state.branch} if state.branch else {}),
            },
        )
        self._report(AuditReport(event=event))

    def stopped_by_itself(self, site: Site, trip: Trip, logs: list[str], scope: StopScope | None = None) -> None:
        """Tell that the automatic kill switch stopped an app, or closed a way, with the evidence as it stands."""
        state = site.state
        self._report(
            KillReport(
                app=state.app,
                mode=state.mode,
                release=state.release,
                because=trip.words,
                time=self._clock(),
                counters={**site.spike.counters(), **trip.figures},
                requests=tuple(site.recent),
                log_lines=tuple(logs[-_EVIDENCE_LINES:]),
                branch=state.branch,
                rule=trip.rule,
                security=trip.security,
                scope=scope,
            )
        )

    def requests(self, state: AppState, done: list[RequestTrace], seconds: float) -> None:
        """Tell of the requests of one period together."""
        times = sorted(trace.milliseconds for trace in done)
        classes = [trace.status // 100 for trace in done]
        self._report(
            RequestRollup(
                app=state.app,
                mode=state.mode,
                release=state.release,
                start=self._clock(),
                seconds=seconds,
                ok=sum(kind < 4 for kind in classes),  # noqa: PLR2004 - status classes
                client_errors=classes.count(4),
                server_errors=classes.count(5),
                p50_ms=times[len(times) // 2],
                p95_ms=times[min(len(times) - 1, len(times) * 95 // 100)],
            )
        )
