"""What the router and sandboxes tell of what is served: counted and judged; what fails too much this plane stops by
itself, and says why.
"""

import time
from collections.abc import Callable, Mapping

from bailiwick.core.messages import RequestTrace
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.dataplane.agent.candidates import Candidates
from bailiwick.dataplane.agent.served import UP, Served, key_of, watched_of
from bailiwick.dataplane.agent.stopped import Key, StoppedHere
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.agent.walls import Walls
from bailiwick.dataplane.guard import Guard, Trip, Watched
from bailiwick.dataplane.router import LimitReached, Site


class Watching:
    """Watches what a host serves. `stop` ends an app for good, `close_ways` what this plane closed by itself."""

    def __init__(
        self,
        *,
        plane: str,
        served: Mapping[Key, Served],
        candidates: Candidates,
        walls: Walls,
        guard: Guard,
        tell: Telling,
        stopped_here: StoppedHere,
        stop: Callable[[Served, str], None],
        close_ways: Callable[[], None],
    ) -> None:
        self._plane = plane
        self._served = served
        self._candidates = candidates
        self._walls = walls
        self._guard = guard
        self._tell = tell
        self._stopped_here = stopped_here
        self._stop = stop
        self._close_ways = close_ways

    def observe(self, site: Site, trace: RequestTrace) -> None:
        """Take note of an answered request; stop the app when it fails too much."""
        if self._guard.take_refused(trace.trace):
            trace = trace.model_copy(update={"refused": True})
        site.recent.append(trace)
        self._tell.served(site.state, trace)
        if self._candidates.observe(site, trace):
            return
        served = self._served.get(key_of(site.state))
        if served is None:
            return
        served.finished.append(trace)
        self._see_failure(served, site, trace)
        # What ends its last requests after its place was taken is not what the app is judged by.
        if site is not served.site or site.condition != "running":
            return
        why = site.spike.observe(time.monotonic(), failed=trace.failed)
        if why:
            self._stop_by_itself(served, Trip("errors", why))
        else:
            self._guard.observe_answer(watched_of(site.state), failed=trace.failed, milliseconds=trace.milliseconds)

    def limited(self, site: Site, limit: LimitReached, doing: str) -> None:
        """Take note that a request ran into a limit of its app."""
        self._walls.reached(site.state, limit.name, f"{limit.words} reached", doing)

    def _see_failure(self, served: Served, site: Site, trace: RequestTrace) -> None:
        """See whether a request failed because its app ran into a limit of its sandbox."""
        if not trace.limit and trace.failed and served.instance is not None and site is served.site:
            self._walls.look(served.instance, site, failed=True)

    def roll_up(self, seconds: float) -> None:
        """Report the requests of the last period, app by app, and what apps ran into."""
        for served in self._served.values():
            if served.instance is not None:
                self._walls.look(served.instance, served.site)
            done, served.finished = served.finished, []
            # Numbers are of main's preview and of production: what branches answer is in the log.
            if done and not served.wanted.branch:
                self._tell.requests(served.site.state, done, seconds)
        self._candidates.roll_up(seconds)
        self._walls.tell()

    def tripped(self, watched: Watched, scope: StopScope | None, trip: Trip) -> None:
        """Stop by itself what a rule says: an instance (no scope), an app, all of a tenant; or close an integration."""
        if scope is not None and scope.kind is StopKind.INTEGRATION:
            self._close_by_itself(watched, scope, trip)
            return
        for key, served in self._served.items():
            state = served.wanted
            covered = scope is not None and scope.covers_app(state.app, state.tenant, self._plane)
            if (covered or key == watched.key) and served.site.condition in UP | {"starting"}:
                self._stop_by_itself(served, trip)

    def _close_by_itself(self, watched: Watched, scope: StopScope, trip: Trip) -> None:
        """Close a way until the control plane knows and says otherwise; whoever tipped it over is the evidence."""
        served = self._served.get(watched.key)
        key = (scope.written, watched.key[1])
        if served is None or self._stopped_here.why(key) is not None:
            return
        self._stopped_here.put(key, trip.words)
        self._tell.stopped_by_itself(served.site, trip, self._logs_of(served), scope)
        self._close_ways()

    @staticmethod
    def _logs_of(served: Served) -> list[str]:
        return list(served.instance.logs) if served.instance is not None else []

    def _stop_by_itself(self, served: Served, trip: Trip) -> None:
        """Stop an app, and freeze what the decision rests on."""
        state = served.site.state
        self._stopped_here.put(key_of(state), trip.words)
        self._tell.stopped_by_itself(served.site, trip, self._logs_of(served))
        served.site.stop("killed", trip.words)
        self._stop(served, trip.words)
