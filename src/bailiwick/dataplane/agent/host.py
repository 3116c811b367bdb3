"""The host: makes what the control plane desires so, app by app, and says how it went.

A new release starts beside the old one and takes over when it answers; when it does not start, the old one stays. What
this plane stopped by itself stays stopped until the control plane has said that it knows, and then that it may run.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import AppState, DesiredState, IntegrationState, PlaneWelcome, RequestTrace, RunJobOrder
from bailiwick.core.statements import SignatureError
from bailiwick.dataplane.agent.instance import Instance, Workshop, require_offered, start_instance
from bailiwick.dataplane.agent.job_runs import JobRuns
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.agent.releases import Prepared, lay_out, verify
from bailiwick.dataplane.agent.spool import AnyReport
from bailiwick.dataplane.agent.stopped import Key, StoppedHere
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.guard import RateLimit
from bailiwick.dataplane.router import CallRegistry, Pool, Site, Sites

_LOG = logging.getLogger("bailiwick.plane.host")
_DRAIN_SECONDS, _DRAIN_LOOK_SECONDS = 10.0, 0.02
_RESTART_SECONDS = (0.5, 2.0, 10.0, 60.0)
_STEADY_SECONDS = 600.0
_ERROR = 500
_UP = frozenset({"running", "jobs-only"})


@dataclass
class _Served:
    """One app in one mode: what it should be, and what is up now with the manifest of that release.

    `awaits_control` says that it is down because the control plane was silent: it starts when that is heard again.
    """

    wanted: AppState
    site: Site
    manifest: Manifest | None = None
    awaits_control: bool = False
    instance: Instance | None = None
    work: asyncio.Task[None] | None = None
    finished: list[RequestTrace] = field(default_factory=list)


class AppHost:
    """Everything that this plane serves."""

    def __init__(
        self,
        *,
        plane: str,
        host_suffix: str,
        state: Path,
        link: Link,
        shop: Workshop,
        sites: Sites,
        calls: CallRegistry,
        pool: Pool,
        report: Callable[[AnyReport], None],
        taken: Callable[[int], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._suffix = host_suffix
        self._state = state
        self._link = link
        self._shop = shop
        self._sites = sites
        self._calls = calls
        self._pool = pool
        self._taken = taken
        self._tell = Telling(plane, report, clock)
        self._served: dict[Key, _Served] = {}
        self._stopped_here = StoppedHere(state / "stopped-here.json")
        self._last_heard = time.monotonic()
        self.desired: DesiredState | None = None
        self._runs = JobRuns(shop, self._prepare, report, clock)
        self._chores: set[asyncio.Task[None]] = set()

    # -- what the control plane says -----------------------------------------------------------------------------

    async def take_state(self, desired: DesiredState) -> None:
        """Make a newer desired state so; an older one is ignored."""
        self._last_heard = time.monotonic()
        if self.desired is None or desired.version > self.desired.version:
            await self._make_so(desired)
        await self.heard()

    async def _make_so(self, desired: DesiredState) -> None:
        self.desired = desired
        wanted: dict[Key, AppState] = {(app.app, app.mode): app for app in desired.apps}
        # Before anything that waits: nobody who lost their access goes on while apps start and stop.
        self._take_away(desired, wanted)
        self._taken(desired.version)
        for key in [key for key in self._served if key not in wanted]:
            await self._forget(key)
        for key, state in wanted.items():
            await self._converge(key, state)

    def _take_away(self, desired: DesiredState, wanted: Mapping[Key, AppState]) -> None:
        """Allow nothing more that the desired state does not allow, at once and everywhere."""
        self._calls.end_revoked(desired.epochs)
        self._shop.gateway.end_revoked(desired.epochs)
        for key, served in self._served.items():
            if key in wanted:
                served.site.state = served.site.state.model_copy(update={"roles": wanted[key].roles})
            else:
                served.site.stop("stopped", "this app is not served here any more")
        for site in self._sites.all():
            site.end_revoked(desired.epochs)

    async def kill(self, app: str, modes: Collection[str], because: str) -> None:
        """Stop an app in these modes now, before any state says so."""
        for key in [key for key in self._served if key[0] == app and key[1] in modes]:
            await self._stop(self._served[key], "killed", because)

    async def heard(self) -> None:
        """Renew leases: the control plane is there. What stopped because it was silent starts again."""
        self._last_heard = time.monotonic()
        for served in self._served.values():
            if served.awaits_control:
                served.awaits_control = False
                await _end(served.work)
                served.work = asyncio.create_task(self._bring_up(served))

    async def run_job(self, order: RunJobOrder) -> None:
        """Run a job once, when this plane has the app in production."""
        served = self._served.get((order.app, "production"))
        if served is None or served.site.condition not in _UP:
            return
        self._runs.start(served.site.state, order.job, order.run)

    def scheduled_jobs(self) -> list[tuple[str, str, str]]:
        """Return app, job and cron expression of every job of what runs in production here."""
        return [
            (app, name, job.schedule)
            for (app, mode), served in self._served.items()
            if mode == "production" and served.manifest is not None and served.site.condition in _UP
            for name, job in served.manifest.jobs.items()
        ]

    # -- what the router sees ------------------------------------------------------------------------------------

    def observe(self, site: Site, trace: RequestTrace) -> None:
        """Take note of an answered request; stop the app when it fails too much."""
        site.recent.append(trace)
        served = self._served.get((site.state.app, site.state.mode))
        if served is not None:
            served.finished.append(trace)
        self._tell.served(site.state, trace)
        if site.condition != "running":
            return
        why = site.spike.observe(time.monotonic(), failed=trace.status >= _ERROR)
        if why and served is not None:
            self._stop_by_itself(served, why)

    def roll_up(self, seconds: float) -> None:
        """Report the requests of the last period, app by app."""
        for served in self._served.values():
            done, served.finished = served.finished, []
            if done:
                self._tell.requests(served.site.state, done, seconds)

    async def expire_leases(self) -> None:
        """Stop apps whose lease ran out while the control plane was silent."""
        silent = time.monotonic() - self._last_heard
        for served in list(self._served.values()):
            if served.site.condition in _UP | {"starting"} and silent > served.wanted.lease_seconds:
                await self._stop(served, "stopped", "the control plane was not heard for longer than the lease")
                served.awaits_control = True

    async def close(self) -> None:
        """Stop everything."""
        for key in list(self._served):
            await self._forget(key)
        if self._chores:
            await asyncio.wait(self._chores)

    # -- inner steps ---------------------------------------------------------------------------------------------

    async def _converge(self, key: Key, state: AppState) -> None:
        served = self._served.get(key)
        if served is None:
            served = self._served[key] = _Served(state, Site(f"{state.host}.{self._suffix}", state))
            self._sites.put(served.site)
        before, served.wanted = served.wanted, state
        served.awaits_control = False
        if state.status == "killed":
            self._stopped_here.known(key)
            served.site.state = state
            if served.site.condition != "killed":
                await self._stop(served, "killed", state.killed_because)
            return
        why = self._stopped_here.why(key)
        if why is not None:
            served.site.stop("killed", why)
            return
        served.site.known.clear()
        # Until the new release takes over, what is up is still the old one; who may use it is as of now.
        up = served.site.state.release if served.instance is not None else state.release
        served.site.state = state.model_copy(update={"release": up})
        same = (before.release, _opened(before)) == (state.release, _opened(state))
        at_work = served.work is not None and not served.work.done()
        if same and (at_work or served.site.condition in _UP):
            return
        await _end(served.work)
        served.work = asyncio.create_task(self._bring_up(served))

    async def _bring_up(self, served: _Served) -> None:
        """Keep an app up; a fault of ours is said, and leaves nothing that starts for ever."""
        try:
            await self._keep_up(served)
        except Exception as fault:
            _LOG.exception("%s could not be kept up", served.wanted.app)
            words = f"this plane failed at it: {type(fault).__name__}"
            self._fail(served, served.wanted, UnavailableError(words, hint="the plane's log says where"))

    async def _keep_up(self, served: _Served) -> None:
        """Start what is wanted; then start it again, later each time, when it does not come up or ends by itself.

        What serves is the release before when the wanted one does not start. What ran steadily starts afresh.
        """
        state, waits = served.wanted, iter((0.0, *_RESTART_SECONDS))
        while (wait := next(waits, None)) is not None:
            await asyncio.sleep(wait)
            began = time.monotonic()
            # What did not come up stays said, with its words, while it is tried again.
            may_come_up = await self._start(served, state, quietly=served.site.condition == "failed" and wait > 0)
            instance = served.instance
            if instance is None and may_come_up:
                continue
            if instance is None:
                return
            state = instance.state
            ended = await instance.sandbox.wait()
            if served.instance is not instance:
                return
            served.instance = None
            words = ended.broken_limit or f"it ended by itself with code {ended.code}"
            served.site.stop("starting", words)
            self._tell.status(state, "stopped", words)
            await instance.stop()
            if time.monotonic() - began > _STEADY_SECONDS:
                waits = iter(_RESTART_SECONDS)
        if served.site.condition != "failed":
            served.site.stop("failed", "it keeps ending")
        self._tell.status(state, "failed", "it was started again and again; a new release or a revival starts it anew")

    async def _start(self, served: _Served, state: AppState, *, quietly: bool) -> bool:
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
        if prepared.manifest.has_jobs_only:
            self._take_over(served, state, prepared.manifest, None)
            return False
        try:
            instance = await start_instance(state, prepared, self._shop)
        except (BailiwickError, OSError) as fault:
            self._fail(served, state, fault)
            return True
        self._take_over(served, state, prepared.manifest, instance)
        return False

    def _take_over(self, served: _Served, state: AppState, manifest: Manifest, instance: Instance | None) -> None:
        """Serve a release in the place of the one before; without an instance it has jobs only."""
        if instance is not None:
            site = Site(served.site.host, state, "running", "", instance.socket)
            words = f"limits by {instance.sandbox.controls}"
        else:
            site = Site(served.site.host, state, "jobs-only")
            words = f"it has jobs only: {', '.join(manifest.jobs) or 'none'}"
        site.data_classes = frozenset(manifest.app.data_classes)
        site.rate = RateLimit(float(manifest.limits.requests_per_second))
        site.recent.extend(served.site.recent)
        old, served.instance = served.instance, instance
        before = served.site
        served.site, served.manifest = site, manifest
        self._sites.put(site)
        self._tell.status(state, "running", words)
        if old is not None:
            self._later(self._retire(old, before, site))

    async def _try_prepare(self, served: _Served, state: AppState, *, quietly: bool) -> Prepared | None:
        if served.instance is None and not quietly:
            served.site.stop("starting", "")
        if not quietly:
            self._tell.status(state, "starting", "")
        try:
            prepared = await self._prepare(state)
            require_offered(prepared.manifest, self._shop)
            return prepared
        except SignatureError as fault:
            self._refuse(served, state, fault.message)
        except UnavailableError as fault:
            served.awaits_control = True
            self._fail(served, state, fault)
        except BailiwickError as fault:
            self._fail(served, state, fault)
        return None

    async def _prepare(self, state: AppState) -> Prepared:
        welcome: PlaneWelcome | None = self._link.welcome
        assert welcome is not None  # noqa: S101 - no state is taken before the greeting
        data = await self._artifact(state.artifact_sha256)
        verified, manifest = await asyncio.to_thread(verify, state, data, welcome)
        tree = await asyncio.to_thread(lay_out, verified, self._state / "releases")
        return Prepared(verified, manifest, tree)

    async def _artifact(self, sha256: str) -> bytes:
        kept = self._state / "artifacts" / sha256
        if kept.exists():
            return kept.read_bytes()
        data = await self._link.artifact(sha256)
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        kept.write_bytes(data)
        return data

    def _refuse(self, served: _Served, state: AppState, words: str) -> None:
        (self._state / "artifacts" / state.artifact_sha256).unlink(missing_ok=True)
        if served.instance is None:
            served.site.stop("refused", words)
        self._tell.refused(state, words)

    def _fail(self, served: _Served, state: AppState, fault: BailiwickError | OSError) -> None:
        words = f"this plane could not start it: {fault}"
        if isinstance(fault, BailiwickError):
            words = f"{fault.message}\n{fault.hint}".strip()
        if served.instance is None:
            served.site.stop("failed", words)
        self._tell.status(state, "failed", words)

    async def _stop(self, served: _Served, condition: str, words: str) -> None:
        """Serve nothing more at once, then end the sandbox."""
        served.site.stop("killed" if condition == "killed" else "stopped", words)
        served.awaits_control = False
        self._calls.end_release(served.site.state.app, served.site.state.release)
        await _end(served.work)
        if served.site.state.mode == "production":
            await self._runs.end(served.site.state.app)
        instance, served.instance = served.instance, None
        if instance is not None:
            self._pool.drop(instance.socket)
            await instance.stop()
        self._tell.status(served.site.state, "stopped", words)

    def _stop_by_itself(self, served: _Served, why: str) -> None:
        """Stop an app that fails too much, and freeze what the decision rests on."""
        state = served.site.state
        self._stopped_here.put((state.app, state.mode), why)
        logs = list(served.instance.logs) if served.instance is not None else []
        self._tell.stopped_by_itself(served.site, why, logs)
        served.site.stop("killed", why)
        self._later(self._stop(served, "killed", why))

    def _later(self, chore: Coroutine[None, None, None]) -> None:
        """Do something beside, to its end, whatever becomes of whoever asked."""
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _retire(self, old: Instance, before: Site, after: Site) -> None:
        """End an instance whose place was taken, once its requests are over; at once when the app is stopped."""
        over = time.monotonic() + _DRAIN_SECONDS
        while before.in_flight and after.condition in _UP and time.monotonic() < over:  # noqa: ASYNC110 - several ends
            await asyncio.sleep(_DRAIN_LOOK_SECONDS)
        before.stop("stopped", "another release took its place")
        self._pool.drop(old.socket)
        await old.stop()

    async def _forget(self, key: Key) -> None:
        served = self._served.pop(key)
        await self._stop(served, "stopped", "this app is not served here any more")
        self._sites.remove(served.site.host)


def _opened(state: AppState) -> tuple[tuple[IntegrationState, ...], tuple[str, ...]]:
    """Return what is opened to an app; whether it is switched on is policy's to say, at each statement."""
    return tuple(item.model_copy(update={"enabled": True}) for item in state.integrations), state.open_capabilities


async def _end(work: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait until it has cleaned up."""
    if work is not None:
        work.cancel()
        await asyncio.wait([work])
