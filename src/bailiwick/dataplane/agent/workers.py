"""Workers: each a sandbox of its own beside the web server, kept up while its app is, and told of as it changes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from bailiwick.core.attestation import WORKER_STARTED
from bailiwick.core.branches import instance_name
from bailiwick.core.errors import BailiwickError
from bailiwick.core.manifest import Manifest, Worker
from bailiwick.core.messages import AppState, DeadMessage, EnqueueOrder, WorkerReport
from bailiwick.dataplane.agent.instance import Instance, Workshop, start_instance
from bailiwick.dataplane.agent.programs import Part
from bailiwick.dataplane.agent.releases import Prepared
from bailiwick.dataplane.agent.served import end, key_of, opened
from bailiwick.dataplane.agent.stopped import Key
from bailiwick.dataplane.queues import Counts, Place, Queues

_LOG = logging.getLogger("bailiwick.plane.workers")
_RESTART_SECONDS = (0.5, 2.0, 10.0, 60.0)
_STEADY_SECONDS = 600.0
_LOOK_SECONDS = 1.0
_TELL_SECONDS = 5.0
_LINES = 50
Status = Literal["starting", "running", "paused", "failed", "stopped"]


@dataclass
class _Kept:
    """A worker of a release that is kept up. `held` says why it is to wait where it is, when it is."""

    name: str
    worker: Worker
    state: AppState
    task: asyncio.Task[None] | None = None
    instance: Instance | None = None
    status: Status = "starting"
    words: str = ""
    held: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    told: tuple[object, ...] = ()
    told_at: float = 0.0

    @property
    def place(self) -> Place:
        """Its queue."""
        return Place(instance_name(self.state.app, self.state.branch), self.state.mode, self.name)


@dataclass
class Workers:
    """The workers of a plane: `prepare` verifies a release and lays it out, as for every start."""

    shop: Workshop
    queues: Queues
    prepare: Callable[[AppState], Awaitable[Prepared]]
    report: Callable[[WorkerReport], None]
    clock: Callable[[], datetime]
    _kept: dict[Key, dict[str, _Kept]] = field(default_factory=dict)
    _held: dict[Key, Mapping[str, str]] = field(default_factory=dict)

    async def hold(self, held: Mapping[Key, Mapping[str, str]]) -> None:
        """Hold the workers that are named, by app, each with why; let all others go on where they were."""
        self._held = {key: words for key, words in held.items() if words}
        every = [(key, kept) for key, mine in self._kept.items() for kept in mine.values()]
        changed = [(kept, held.get(key, {}).get(kept.name, "")) for key, kept in every]
        changed = [(kept, words) for kept, words in changed if words != kept.held]
        for kept, words in changed:
            kept.held = words
            # Before anything that waits: what is held does nothing more.
            if words and kept.instance is not None:
                kept.instance.sandbox.pause()
        for kept, words in changed:
            await (self._stand_still(kept) if words else self._go_on(kept))

    async def _stand_still(self, kept: _Kept) -> None:
        kept.released.clear()
        if kept.instance is not None:
            # Whatever was started between the two looks stands still too.
            kept.instance.sandbox.pause()
            if kept.instance.queue is not None:
                await kept.instance.queue.hold()
        await self._tell(kept, "paused", kept.held)

    async def _go_on(self, kept: _Kept) -> None:
        kept.released.set()
        if kept.instance is None or kept.instance.sandbox.is_over:
            return
        if kept.instance.queue is not None:
            await kept.instance.queue.go_on()
        kept.instance.sandbox.resume()
        await self._tell(kept, "running", "")

    async def begin(self, state: AppState, manifest: Manifest) -> None:
        """Keep up the workers of a release that is served now, in the place of those of the one before."""
        key = key_of(state)
        there = self._kept.get(key, {})
        if any((item.state.release, opened(item.state)) != (state.release, opened(state)) for item in there.values()):
            await self.end(key, "another release took its place")
        mine = self._kept.setdefault(key, {})
        for name, worker in manifest.workers.items():
            if name not in mine:
                kept = mine[name] = _Kept(name, worker, state, held=self._held.get(key, {}).get(name, ""))
                kept.task = asyncio.create_task(self._keep_up(kept))

    async def end(self, key: Key, words: str) -> None:
        """End the workers of an app now; what they had is given out again when they are back."""
        mine = self._kept.pop(key, {})
        for kept in mine.values():
            if kept.task is not None:
                kept.task.cancel()
        for kept in mine.values():
            await end(kept.task)
            await self._tell(kept, "stopped", words)

    async def give(self, state: AppState, order: EnqueueOrder) -> None:
        """Put a message of somebody's into a queue, or give out anew what was given up."""
        kept = self._kept.get(key_of(state), {}).get(order.worker)
        if kept is None or not kept.worker.queue:
            return
        if order.revive:
            await asyncio.to_thread(self.queues.store.revive, kept.place, time.time())
            self.queues.news(kept.place).set()
        else:
            try:
                await self.queues.put(state, kept.place, order.message.encode(), order.asked_by)
            except BailiwickError as fault:
                kept.words = fault.message
        await self._tell(kept)

    async def tell(self) -> None:
        """Report how workers and their queues stand, where that changed."""
        for kept in [item for mine in list(self._kept.values()) for item in mine.values()]:
            if time.monotonic() - kept.told_at >= _TELL_SECONDS:
                await self._tell(kept)

    async def _keep_up(self, kept: _Kept) -> None:
        waits = iter((0.0, *_RESTART_SECONDS))
        while True:
            await asyncio.sleep(next(waits, _RESTART_SECONDS[-1]))
            while kept.held:
                await self._tell(kept, "paused", kept.held)
                kept.released.clear()
                await kept.released.wait()
            began = time.monotonic()
            try:
                words = await self._run(kept)
            except (BailiwickError, OSError) as fault:
                words = fault.message if isinstance(fault, BailiwickError) else str(fault)
            except Exception as fault:
                _LOG.exception("worker %s of %s could not be kept up", kept.name, kept.state.app)
                words = f"this plane failed at it: {type(fault).__name__}"
            await self._tell(kept, "failed", words)
            if time.monotonic() - began > _STEADY_SECONDS:
                waits = iter(_RESTART_SECONDS)

    async def _run(self, kept: _Kept) -> str:
        """Run a worker once; return in words how it ended."""
        prepared = await self.prepare(kept.state)
        kind: Literal["run", "work"] = "work" if kept.worker.queue else "run"
        instance = await start_instance(
            kept.state, prepared, self.shop, Part(kind, kept.worker.run, kept.name, kept.worker.concurrency)
        )
        kept.instance = instance
        try:
            await self.shop.attester.attest(instance, WORKER_STARTED)
            if kept.held:
                await self._stand_still(kept)
            else:
                await self._tell(kept, "running", "")
            ended = asyncio.create_task(instance.sandbox.wait())
            while not ended.done():
                await asyncio.wait([ended], timeout=_LOOK_SECONDS)
                late = instance.queue.overdue() if instance.queue is not None else ""
                if late and not ended.done():
                    ended.cancel()
                    return f"ended: {late} (timeout_seconds)"
            return self.shop.walls.ended(instance, None, ended.result())
        finally:
            await instance.stop()

    async def _tell(self, kept: _Kept, status: Status | None = None, words: str = "") -> None:
        if status is not None:
            kept.status, kept.words = status, words
        store, counts = self.queues.store, Counts()
        letters: tuple[DeadMessage, ...] = ()
        if kept.worker.queue:
            counts = await asyncio.to_thread(store.counts, kept.place)
        if counts.dead:
            letters = tuple(
                DeadMessage(
                    id=item.id,
                    queued_by=item.queued_by,
                    queued_at=datetime.fromtimestamp(item.queued_at, UTC),
                    attempts=item.attempts,
                    words=item.words,
                )
                for item in await asyncio.to_thread(store.dead, kept.place)
            )
        lines = tuple(kept.instance.logs)[-_LINES:] if kept.instance is not None else ()
        news = (kept.status, kept.words, counts, letters, lines)
        if news == kept.told:
            return
        kept.told, kept.told_at = news, time.monotonic()
        self.report(
            WorkerReport(
                app=kept.state.app,
                mode=kept.state.mode,
                branch=kept.state.branch,
                release=kept.state.release,
                worker=kept.name,
                status=kept.status,
                words=kept.words[:500],
                waiting=counts.waiting,
                taken=counts.taken,
                dead=counts.dead,
                letters=letters,
                log_lines=lines,
                time=self.clock(),
            )
        )
