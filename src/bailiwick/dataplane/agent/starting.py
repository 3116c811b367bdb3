"""Brings an app up and keeps it up: prepared, its database ready, started, and put in the place of what served before.

A release that does not start leaves what was there; what ends by itself is started again, later each time.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from bailiwick.core.attestation import STARTED
from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import AppState
from bailiwick.core.statements import SignatureError
from bailiwick.dataplane.agent.candidates import Candidates
from bailiwick.dataplane.agent.instance import Instance, Workshop, require_offered, start_instance
from bailiwick.dataplane.agent.job_runs import JobRuns
from bailiwick.dataplane.agent.own_databases import OwnDatabases
from bailiwick.dataplane.agent.releases import Prepared
from bailiwick.dataplane.agent.retired import Retired
from bailiwick.dataplane.agent.served import UP, Served, as_signed_now, key_of, site_of, watched_of
from bailiwick.dataplane.agent.shelf import ReleaseShelf
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.agent.workers import Workers
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.router import Pool, Site, Sites
from bailiwick.dataplane.sandbox import LevelRefusedError, require_level

_LOG = logging.getLogger("bailiwick.plane.host")
_RESTART_SECONDS = (0.5, 2.0, 10.0, 60.0)
_STEADY_SECONDS = 600.0


@dataclass(frozen=True)
class Starter:
    """What starts the apps of a host. `attest` says what runs from now on, `later` does something beside."""

    shelf: ReleaseShelf
    shop: Workshop
    sites: Sites
    pool: Pool
    guard: Guard
    tell: Telling
    runs: JobRuns
    workers: Workers
    databases: OwnDatabases
    retired: Retired
    candidates: Candidates
    attest: Callable[[Served, Instance, str], Coroutine[None, None, None]]
    later: Callable[[Coroutine[None, None, None]], None]

    async def bring_up(self, served: Served) -> None:
        """Keep an app up; a fault of ours is said, and leaves nothing that starts for ever."""
        try:
            await self._keep_up(served)
        except Exception as fault:
            _LOG.exception("%s could not be kept up", served.wanted.app)
            words = f"this plane failed at it: {type(fault).__name__}"
            self._fail(served, served.wanted, UnavailableError(words, hint="the plane's log says where"))

    async def _keep_up(self, served: Served) -> None:
        """Start what is wanted; then start it again, later each time, when it does not come up or ends by itself.

        What serves is the release before when the wanted one does not start. What ran steadily starts afresh.
        """
        state, waits = served.wanted, iter((0.0, *_RESTART_SECONDS))
        while (wait := next(waits, None)) is not None:
            await asyncio.sleep(wait)
            await self._until_ready(served, state)
            began = time.monotonic()
            allowed = self._not_frozen(served, state)
            if wait:
                # What people ask for, a release or the way back to one, is no crash.
                self.guard.observe_start(watched_of(state))
            # What did not come up stays said, with its words, while it is tried again.
            quietly = served.site.condition == "failed" and wait > 0
            may_come_up = allowed is not None and await self._start(served, allowed, quietly=quietly)
            await self.candidates.let_go(key_of(state))
            instance = served.instance
            if instance is None and may_come_up:
                continue
            if instance is None:
                return
            ended = await instance.sandbox.wait()
            state = as_signed_now(instance.state, served.wanted)
            if served.instance is not instance:
                return
            served.instance = None
            if served.site.condition == "asleep":
                await instance.stop()
                return
            words = self.shop.walls.ended(instance, served.site, ended)
            served.site.stop("starting", words)
            self.tell.status(state, "stopped", words)
            await instance.stop()
            if time.monotonic() - began > _STEADY_SECONDS:
                waits = iter(_RESTART_SECONDS)
        if served.site.condition != "failed":
            served.site.stop("failed", "it keeps ending")
        self.tell.status(state, "failed", "it was started again and again; a new release or a revival starts it anew")

    async def _until_ready(self, served: Served, state: AppState) -> None:
        """Start nothing while the plane is not ready; what serves goes on."""
        why = self.shop.networks.why
        if not why:
            return
        self.tell.status(state, "refused", why)
        if served.instance is None:
            served.site.stop("frozen", why)
        await self.shop.networks.until_ready()

    def _not_frozen(self, served: Served, state: AppState) -> AppState | None:
        """Return what to start: in the place of a release that is frozen what ran here before, unless it still does."""
        if not state.frozen:
            return state
        self.tell.status(state, "refused", f"frozen: {state.frozen}")
        if served.site.condition in UP:
            return None
        if served.ran is None:
            served.site.stop("frozen", state.frozen)
            return None
        return served.ran.model_copy(update={"roles": state.roles})

    async def _start(self, served: Served, state: AppState, *, quietly: bool) -> bool:
        """Start a release and let it take over; when it does not start, what was there stays.

        Returns whether it failed for a reason that may pass: a slow machine, or something that the app itself missed.
        """
        try:
            prepared = await self._try_prepare(served, state, quietly=quietly)
        except OSError as fault:
            self._fail(served, state, fault)
            return True
        if prepared is None:
            return False
        try:
            # A release that is only kept alive, as the wanted one did not start, must not take that one's tables away.
            taken_back = await self.databases.ready(state, prepared, wanted=state.release == served.wanted.release)
            if taken_back:
                self._leave(served)
                await self.workers.end(key_of(state), "its database was taken back to an earlier release")
            instance, site = await self._instance_of(state, prepared, warm=not taken_back)
        except (BailiwickError, OSError) as fault:
            self._fail(served, state, fault)
            return True
        self._take_over(served, state, prepared.manifest, instance, site)
        await self.workers.begin(state, prepared.manifest)
        return False

    async def _instance_of(
        self, state: AppState, prepared: Prepared, *, warm: bool
    ) -> tuple[Instance | None, Site | None]:
        """Return what is up already, as a candidate or still warm, with its site; else what is started now. Where there
        are jobs only, nothing is.
        """
        if prepared.manifest.has_jobs_only:
            return None, None
        there = (self.candidates.take_over(state) or self.retired.take(state)) if warm else None
        return there or (await start_instance(state, prepared, self.shop), None)

    def _leave(self, served: Served) -> None:
        """Serve nothing until the wanted release answers: what was served needs what its database has no more.

        Its faults would be nobody's, and would set off the automatic kill switch.
        """
        served.site.stop("starting", "its database was taken back to an earlier release")
        old, served.instance = served.instance, None
        if old is not None:
            self.later(self._end_instance(old))

    async def _end_instance(self, old: Instance) -> None:
        self.pool.drop(old.socket)
        await old.stop()

    def _take_over(
        self, served: Served, state: AppState, manifest: Manifest, instance: Instance | None, there: Site | None = None
    ) -> None:
        """Serve a release in the place of the one before; without an instance it has jobs only.

        One that was up already is `there` with what it has in flight.
        """
        site, words = site_of(served.site, state, manifest, instance, there)
        # Starting takes a while: who may use it is as of now.
        site.keep_to(served.wanted)
        old, served.instance = served.instance, instance
        before = served.site
        served.site, served.manifest, served.ran = site, manifest, state
        self.sites.put(site)
        self.tell.status(state, "running", words)
        if instance is not None:
            instance.state = state
            self.later(self.attest(served, instance, STARTED))
        if old is not None:
            self.retired.put(old, before, keep=state.mode == "production" and old.state.release != state.release)

    async def _try_prepare(self, served: Served, state: AppState, *, quietly: bool) -> Prepared | None:
        if served.instance is None and not quietly:
            served.site.stop("starting", "")
        if not quietly:
            self.tell.status(state, "starting", "")
        try:
            await asyncio.to_thread(require_level, state.guardrails.isolation.level, self.shop.gvisor_platform)
            prepared = await self.shelf.prepare(state)
            require_offered(prepared.manifest, self.shop)
            return prepared
        except LevelRefusedError as fault:
            self._refuse_level(served, state, f"{fault.message}\n{fault.hint}")
        except SignatureError as fault:
            self._refuse(served, state, fault.message)
        except UnavailableError as fault:
            served.awaits_control = True
            self._fail(served, state, fault)
        except BailiwickError as fault:
            self._fail(served, state, fault)
        return None

    def _refuse(self, served: Served, state: AppState, words: str) -> None:
        self.shelf.forget(state)
        if served.instance is None:
            served.site.stop("refused", words)
        self.tell.refused(state, words)

    def _refuse_level(self, served: Served, state: AppState, words: str) -> None:
        """Start nothing below the level that is demanded, and let nothing go on that runs below it."""
        served.site.stop("refused", words)
        old, served.instance = served.instance, None
        if old is not None:
            self.later(self._end_instance(old))
        self.later(self.workers.end(key_of(state), words))
        if state.mode == "production":
            self.later(self.runs.end(state.app))
        self.tell.refused(state, words)

    def _fail(self, served: Served, state: AppState, fault: BailiwickError | OSError) -> None:
        words = f"this plane could not start it: {fault}"
        if isinstance(fault, BailiwickError):
            words = f"{fault.message}\n{fault.hint}".strip()
        if served.instance is None:
            served.site.stop("failed", words)
        self.tell.status(state, "failed", words)
