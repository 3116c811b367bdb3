"""Instances whose place was taken: their requests end, then the last of an app is kept warm, paused, for a while.

A rollback to what is still warm needs no start: it goes on where it was, once its chain was verified again.
"""

import asyncio
import time
from dataclasses import dataclass, field

from bailiwick.core.messages import AppState
from bailiwick.dataplane.agent.instance import Instance
from bailiwick.dataplane.agent.served import key_of, opened
from bailiwick.dataplane.agent.stopped import Key
from bailiwick.dataplane.router import Pool, Site

DRAIN_SECONDS = 30.0
_LOOK_SECONDS = 0.02


@dataclass
class _Retired:
    """An instance on its way out. `over` says that nothing is to be waited for, `taken` that it serves again."""

    instance: Instance
    site: Site
    keep: bool
    over: asyncio.Event = field(default_factory=asyncio.Event)
    taken: bool = False
    work: asyncio.Task[None] | None = None


class Retired:
    """What no longer gets requests. `keep_seconds` is how long the last release of an app stays warm."""

    def __init__(self, pool: Pool, keep_seconds: float) -> None:
        self._pool = pool
        self._keep_seconds = keep_seconds
        self._by_app: dict[Key, list[_Retired]] = {}

    def put(self, instance: Instance, site: Site, *, keep: bool) -> None:
        """Let an instance end once its requests are over, or `DRAIN_SECONDS` have gone; `keep` it warm after that.

        Only one of an app is kept: what was before it ends.
        """
        key = key_of(instance.state)
        mine = self._by_app.setdefault(key, [])
        for other in mine if keep else ():
            _let_end(other)
        entry = _Retired(instance, site, keep)
        mine.append(entry)
        entry.work = asyncio.create_task(self._look_after(key, entry))

    def take(self, state: AppState) -> tuple[Instance, Site] | None:
        """Return an instance of this release that opens the same, which serves again from now on, with its site."""
        key = key_of(state)
        for entry in self._by_app.get(key, []):
            was = entry.instance.state
            if entry.over.is_set() or entry.instance.sandbox.is_over:
                continue
            if (was.release, opened(was)) == (state.release, opened(state)):
                entry.taken = True
                entry.over.set()
                self._by_app[key].remove(entry)
                entry.instance.sandbox.resume()
                return entry.instance, entry.site
        return None

    def sites(self) -> list[Site]:
        """Return the sites that may still have requests in flight."""
        return [entry.site for mine in self._by_app.values() for entry in mine]

    def cool(self) -> None:
        """Keep nothing warm of what there is now."""
        for entry in (entry for mine in self._by_app.values() for entry in mine):
            _let_end(entry)

    def cut(self, key: Key, words: str) -> None:
        """End everything of an app now, with what it has in flight: the app was stopped."""
        for entry in self._by_app.get(key, []):
            entry.site.stop("stopped", words)
            entry.over.set()

    async def end(self, key: Key, words: str) -> None:
        """Do as `cut`, and return once it is over."""
        self.cut(key, words)
        works = [entry.work for entry in self._by_app.get(key, []) if entry.work is not None]
        if works:
            await asyncio.wait(works)

    async def close(self) -> None:
        """End everything."""
        for key in list(self._by_app):
            await self.end(key, "this plane ends")

    async def _look_after(self, key: Key, entry: _Retired) -> None:
        over = time.monotonic() + DRAIN_SECONDS
        while entry.site.in_flight and not entry.over.is_set() and time.monotonic() < over:  # noqa: ASYNC110 - several ends
            await asyncio.sleep(_LOOK_SECONDS)
        if entry.taken:
            return
        entry.site.stop("stopped", "another release took its place")
        self._pool.drop(entry.instance.socket)
        if entry.keep and not entry.over.is_set():
            entry.instance.sandbox.pause()
            await _first_of(entry, self._keep_seconds)
        if entry.taken:
            return
        self._by_app[key].remove(entry)
        await entry.instance.stop()


def _let_end(entry: _Retired) -> None:
    """Keep an instance no longer than its requests take."""
    entry.keep = False
    if not entry.site.in_flight:
        entry.over.set()


async def _first_of(entry: _Retired, seconds: float) -> None:
    """Wait until an instance is taken, is to end, or has ended by itself, or the time is over."""
    waits = [asyncio.ensure_future(entry.over.wait()), asyncio.ensure_future(entry.instance.sandbox.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
