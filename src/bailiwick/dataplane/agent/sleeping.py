"""Sleep: an app that nobody uses is paused where it is, and ended a while later; the next request wakes it.

What sleeps is up for all that is decided about apps: it is killed, frozen, replaced and let go as one that runs. Jobs
and workers do not sleep.
"""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass

from bailiwick.dataplane.agent.served import Served
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.router import Pool


@dataclass(frozen=True)
class Sleeper:
    """Puts the apps of a host to sleep. What sleeps longer than `warm_seconds` is ended, until then it is only paused.

    `begin` starts an app that was ended, `later` does something beside.
    """

    pool: Pool
    tell: Telling
    warm_seconds: float
    begin: Callable[[Served], None]
    later: Callable[[Coroutine[None, None, None]], None]

    def look(self, served: Iterable[Served], now: float) -> None:
        """Put to sleep what was not used for its time; `now` is of the monotonic clock."""
        for item in served:
            if item.site.condition == "asleep":
                self._cool(item, now)
            elif _is_idle(item, now):
                self._put_to_sleep(item, now)

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

    def _cool(self, served: Served, now: float) -> None:
        instance = served.instance
        if instance is not None and now - served.slept >= self.warm_seconds:
            # Whoever keeps it up sees that it sleeps, and starts it no more.
            served.instance = None
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


def _is_idle(served: Served, now: float) -> bool:
    if served.site.condition != "running" or served.instance is None or served.manifest is None:
        return False
    if served.manifest.app.is_static:
        return False  # nothing of it is awake
    seconds = served.manifest.limits.idle_seconds(served.site.state.mode)
    unused = now - served.site.used
    return seconds > 0 and not served.site.in_flight and not served.site.state.trial and unused >= seconds
