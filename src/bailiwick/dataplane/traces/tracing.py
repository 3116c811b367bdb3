"""Makes spans of what the plane audits, and reports of spans: into a spool of their own, for which nothing waits.

That spool is bounded. A plane that is cut off for long loses the oldest spans, never an event of the audit log.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.masking import Masker
from bailiwick.core.messages import DesiredState, SpanSeen, SpansReport
from bailiwick.core.otlp import MetricPoint
from bailiwick.core.principals import Call
from bailiwick.core.traces import Budget, Meter, Source, span_of
from bailiwick.dataplane.agent.spool import Spool

_LOG = logging.getLogger("bailiwick.plane.traces")
# Reports of at most 500 spans each: some hours of a busy plane, and some 200 MB.
_MOST_REPORTS, _AT_ONCE = 2000, 10
# Libraries send spans some seconds after the request is over.
_MOST_LATELY = 20_000


class PlaneTraces:
    """What one plane knows of traces. `desired` says in which mode a release runs; `forward` hears of reports, too."""

    def __init__(
        self,
        state: Path,
        desired: Callable[[], DesiredState | None],
        resolve: Callable[[str], Call | None],
        masks: Callable[[], Iterable[Masker]],
        off: Callable[[], Collection[str]],
        forward: Callable[[SpansReport], None],
        budget: Budget | None = None,
    ) -> None:
        self.spool = Spool(state / "spans.sqlite", masks, off=off, most=_MOST_REPORTS, at_once=_AT_ONCE)
        self._desired = desired
        self._forward = forward
        self._resolve = resolve
        self._lately: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._meter = Meter(budget)
        self._known: DesiredState | None = None
        self._sources: dict[tuple[str, str], Source] = {}

    def observe(self, event: AuditEvent) -> None:
        """Take an event; a fault of ours must not stop what is audited."""
        try:
            source = self._source(event.app, event.release) if event.app else None
            span = span_of(event) if source is not None else None
        except ValueError:
            _LOG.exception("an event was not understood as a span")
            return
        if source is not None and span is not None:
            if not span.parent:
                self._remember(span.trace, source.app, span.person)
            self._meter.observe(source, span)

    def seen(self, app: str, release: str, span: SpanSeen) -> None:
        """Take a span that no event tells of."""
        source = self._source(app, release)
        if source is not None:
            self._meter.observe(source, span)

    def measured(self, app: str, release: str, point: MetricPoint) -> bool:
        """Take a point of an app's own metrics; return whether there is room for its series."""
        source = self._source(app, release)
        return source is not None and self._meter.measured(source, point, utc_now())

    def whose(self, app: str, trace: str) -> str | None:
        """Return for whom the request of a trace is or was, the app itself for none; None for another app's."""
        call = self._resolve(trace)
        found = (call.app, str(call.identity.principal)) if call is not None else self._lately.get(trace)
        if found is None:
            return f"app:{app}"
        return found[1] if found[0] == app else None

    def _remember(self, trace: str, app: str, person: str) -> None:
        self._lately[trace] = (app, person)
        if len(self._lately) > _MOST_LATELY:
            self._lately.popitem(last=False)

    def roll_up(self) -> None:
        """Report what was seen since the last time."""
        for report in self._meter.take():
            self._tell(report)

    def close(self) -> None:
        """Report all that is left, and close the spool."""
        for report in self._meter.take(all_of_it=True):
            self._tell(report)
        self.spool.close()

    def _tell(self, report: SpansReport) -> None:
        self.spool.add(report)
        self._forward(report)

    def _source(self, app: str, release: str) -> Source | None:
        """Return what spans of a release are of; of one that ran a moment ago, too."""
        desired = self._desired()
        if desired is not self._known and desired is not None:
            self._known = desired
            now = {
                (item.app, item.release): Source(item.app, item.mode, item.branch, item.release)
                for item in desired.releases
            }
            self._sources = {**{key: found for key, found in self._sources.items() if key[0] in _apps(now)}, **now}
        return self._sources.get((app, release))


def _apps(sources: Iterable[tuple[str, str]]) -> set[str]:
    return {app for app, _ in sources}
