"""Sleep: an app that nobody uses is paused where it is, and ended a while later; the next request wakes it.

What sleeps is up for all that is decided about apps: it is killed, frozen, replaced and let go as one that runs. Jobs
and workers do not sleep.
"""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass

from bailiwick.dataplane.agent.instance import Instance
from bailiwick.dataplane.agent.served import Served
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.router import Pool


@dataclass(frozen=True)
class Sleeper:
    """Puts the apps of a host to sleep. What sleeps longer than `warm_seconds` is ended, longest first, until all that
    sleep take no more than `warm_bytes`; until then it is only paused.

    `begin` starts an app that was ended, `later` does something beside.
    """

    pool: Pool
    tell: Telling
    warm_seconds: float
    warm_bytes: int
    begin: Callable[[Served], None]
    later: Callable[[Coroutine[None, None, None]], None]

    def look(self, served: Iterable[Served], now: float) -> None:
        """Put to sleep what was not used for its time; `now` is of the monotonic clock."""
        asleep = []
        for item in served:
            if item.site.condition == "asleep":
                asleep.append(item)
            elif _is_idle(item, now):
                self._put_to_sleep(item, now)
        self._cool(asleep, now)

    def _put_to_sleep(self, served: Served, now: float) -> None:
        instance = served.instance
        assert instance is not None  # noqa: S101 - what is idle has one
        served.slept = now

        async def wake() -> None:
            self._wake(served)

        # Nothing waits between the look at what is in flight and here: no request is caught by it.
        served.site.doze(wake)
        self.pool.drop(instance.socket)
        instance.sandbox.pause()
        self.tell.status(instance.state, "asleep", "nobody used it for a while; the next request wakes it")

    def _cool(self, asleep: Iterable[Served], now: float) -> None:
        """End what slept long enough, longest first, while all together take more memory than they may."""
        warm = [(item, item.instance) for item in asleep if item.instance is not None]
        long = sorted((pair for pair in warm if now - pair[0].slept >= self.warm_seconds), key=lambda it: it[0].slept)
        if not long:
            return
        used = {id(item): _memory_of(instance) for item, instance in warm}
        left = sum(used.values())
        for item, instance in long:
            if left <= self.warm_bytes:
                return
            left -= used[id(item)]
            # Whoever keeps it up sees that it sleeps, and starts it no more.
            item.instance = None
            self.later(instance.stop())

    def _wake(self, served: Served) -> None:
        """Let an app go on where it was, or start it anew."""
        if served.site.condition != "asleep":
            return
        instance = served.instance
        if instance is None or instance.sandbox.is_over:
            served.site.start_again()
            self.begin(served)
            return
        instance.sandbox.resume()
        served.site.go_on(instance.socket)
        self.tell.status(instance.state, "running", "it was woken by a request")


def _memory_of(instance: Instance) -> int:
    """Return what an instance takes of memory; where the host does not say, what it may take at most."""
    used = instance.sandbox.usage().memory_bytes
    return used or instance.manifest.limits.memory_bytes


def _is_idle(served: Served, now: float) -> bool:
    if served.site.condition != "running" or served.instance is None or served.manifest is None:
        return False
    if served.manifest.app.is_static:
        return False  # nothing of it is awake
    seconds = served.manifest.limits.idle_seconds(served.site.state.mode)
    unused = now - served.site.used
    return seconds > 0 and not served.site.in_flight and not served.site.state.trial and unused >= seconds
