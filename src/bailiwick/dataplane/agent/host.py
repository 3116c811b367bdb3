"""The host: makes what the control plane desires so, app by app, and says how it went.

A new release starts beside the old one and takes over when it answers; when it does not start, the old one stays. What
this plane stopped by itself stays stopped until the control plane has said that it knows, and then that it may run.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from bailiwick.core.attestation import RENEWED
from bailiwick.core.errors import BailiwickError
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import (
    AnyReport,
    AppState,
    DesiredState,
    EnqueueOrder,
    KillOrder,
    RestoreOrder,
)
from bailiwick.core.statements import SignatureError
from bailiwick.core.trust import KeyChanges
from bailiwick.dataplane.agent.candidates import Candidates
from bailiwick.dataplane.agent.instance import Instance, Workshop
from bailiwick.dataplane.agent.job_ledger import JobLedger
from bailiwick.dataplane.agent.job_runs import JobRuns
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.agent.own_databases import OwnDatabases
from bailiwick.dataplane.agent.retired import Retired
from bailiwick.dataplane.agent.served import (
    UP,
    Served,
    end,
    in_production,
    key_of,
    opened,
    watched_of,
)
from bailiwick.dataplane.agent.shelf import ReleaseShelf
from bailiwick.dataplane.agent.sleeping import Sleeper
from bailiwick.dataplane.agent.starting import Starter
from bailiwick.dataplane.agent.stopped import Key, StoppedHere
from bailiwick.dataplane.agent.stopping import closed_by, stops_app
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.agent.watching import Watching
from bailiwick.dataplane.agent.workers import Workers
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.router import CallRegistry, Pool, Site, Sites

_LOG = logging.getLogger("bailiwick.plane.host")
_ATTEST_SECONDS = 24 * 3600.0
_DRAIN_LOOK_SECONDS = 0.05


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
        warm_seconds: float,
        warm_bytes: int,
        report: Callable[[AnyReport], None],
        taken: Callable[[int], None],
        guard: Guard,
        cut: Callable[[DesiredState, float], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._plane = plane
        self._suffix = host_suffix
        self._shelf = ReleaseShelf(link, state, self._key_changes, clock)
        self._shop = shop
        self._sites = sites
        self._calls = calls
        self._pool = pool
        self._taken = taken
        self._guard = guard
        self._cut = cut
        self._tell = Telling(plane, report, clock)
        self._served: dict[Key, Served] = {}
        self._stopped_here = StoppedHere(state / "stopped-here.json")
        self._last_heard = time.monotonic()
        self.desired: DesiredState | None = None
        self.runs = JobRuns(shop, self._shelf.prepare, report, clock, JobLedger(state / "jobs.sqlite"))
        self.workers = Workers(shop, shop.queues, self._shelf.prepare, report, clock)
        self._databases = OwnDatabases(shop.databases, plane, report, clock, state / "branch-databases.json")
        self._chores: set[asyncio.Task[None]] = set()
        self._retired = Retired(pool, warm_seconds)
        self._candidates = Candidates(
            host_suffix=host_suffix,
            shelf=self._shelf,
            shop=shop,
            sites=sites,
            calls=calls,
            retired=self._retired,
            tell=self._tell,
            report=report,
            later=self.later,
            clock=clock,
        )
        self.watching = Watching(
            plane=plane,
            served=self._served,
            candidates=self._candidates,
            walls=shop.walls,
            guard=guard,
            tell=self._tell,
            stopped_here=self._stopped_here,
            stop=lambda served, words: self.later(self._stop(served, "killed", words)),
            close_ways=self._close_ways,
        )
        self._sleeper = Sleeper(pool, self._tell, warm_seconds, warm_bytes, self._begin, self.later)
        self._starter = Starter(
            shelf=self._shelf,
            shop=shop,
            sites=sites,
            pool=pool,
            guard=guard,
            tell=self._tell,
            runs=self.runs,
            workers=self.workers,
            databases=self._databases,
            retired=self._retired,
            candidates=self._candidates,
            attest=self._attest,
            later=self.later,
        )

    # -- what the control plane says -----------------------------------------------------------------------------

    async def take_state(self, desired: DesiredState) -> None:
        """Make a newer desired state so; an older one is ignored."""
        self._last_heard = time.monotonic()
        if self.desired is None or desired.version > self.desired.version:
            await self._make_so(desired)
        await self.heard()

    async def _make_so(self, desired: DesiredState) -> None:
        told = self.desired.key_changes if self.desired is not None else desired.key_changes
        self._stopped_here.hear_of_ways(desired)
        desired = self._set_desired(desired)
        wanted: dict[Key, AppState] = {key_of(app): app for app in desired.apps}
        # Before anything that waits: nobody who lost their access goes on while apps start and stop.
        self._take_away(desired, wanted)
        self._tell_domains(desired.apps)
        await self.workers.hold({key: state.paused for key, state in wanted.items()})
        self._taken(desired.version)
        for key in [key for key in self._served if key not in wanted]:
            await self._forget(key)
        for key, state in wanted.items():
            await self._converge(key, state)
        for key in await self._candidates.take(desired):
            # The last that was attested of it is the candidate: say again what runs.
            served = self._served.get(key)
            if served is not None and served.instance is not None:
                self.later(self._attest(served, served.instance, RENEWED))
        self._stopped_here.forget_branches(wanted)
        self._shop.outputs.keep(frozenset(map(key_of, desired.releases)))
        self._sites.tell_ended({f"{item.host}.{self._suffix}": item for item in desired.ended})
        self.later(self._databases.drop_others(desired.apps))
        self.later(self._shop.storage.drop_others(desired.releases))
        self.later(asyncio.to_thread(self.workers.queues.store.keep_apps, frozenset(wanted)))
        self._databases.rehearse(desired.rehearsals)
        if told != desired.key_changes:
            self.later(self._look_again(desired.key_changes))

    def _tell_domains(self, apps: Sequence[AppState]) -> None:
        own = f".{self._suffix}"
        named = {name: f"{app.host}{own}" for app in apps for name in app.domains}
        # Names under the plane's own suffix are apps' by their hosts, whatever else is said.
        self._sites.tell_domains({name: host for name, host in named.items() if not name.endswith(own)})

    def _take_away(self, desired: DesiredState, wanted: Mapping[Key, AppState]) -> None:
        """Allow nothing more that the desired state does not allow, at once and everywhere."""
        self._calls.end_revoked(desired.epochs)
        self._shop.gateway.end_revoked(desired.epochs)
        for key, served in self._served.items():
            if key in wanted:
                served.site.keep_to(wanted[key])
            else:
                served.site.stop("stopped", "this app is not served here any more")
        self._candidates.take_away(desired)
        for site in (*self._sites.all(), *self._retired.sites()):
            site.end_revoked(desired.epochs)

    def close_by(self, order: KillOrder) -> Coroutine[None, None, None]:
        """Let nothing more through that an order stops, before any state says so; return what ends it."""
        if self.desired is not None:
            self._set_desired(closed_by(self.desired, order), order.drain_seconds)
        stopped = [item for item in self._served.values() if stops_app(order, item.wanted, self._plane)]
        for served in stopped:
            served.site.close("killed", order.because)
            if not order.drain_seconds:
                served.site.cut()
        return self._end_stopped(stopped, order)

    async def _end_stopped(self, stopped: Sequence[Served], order: KillOrder) -> None:
        await asyncio.gather(*(self._end_one(served, order) for served in stopped))

    async def _end_one(self, served: Served, order: KillOrder) -> None:
        if not order.drain_seconds or served.instance is None:
            await self._stop(served, "killed", order.because)
            return
        # Nothing starts it again when it ends by itself meanwhile.
        await end(served.work)
        await self.workers.end(key_of(served.site.state), order.because)
        self._candidates.leave(key_of(served.site.state))
        served.draining = asyncio.create_task(self._drain(served, order.drain_seconds, order.because))

    async def _drain(self, served: Served, seconds: float, because: str) -> None:
        """Let what is in flight end within some seconds, then stop."""
        over = time.monotonic() + seconds
        while served.site.in_flight and time.monotonic() < over:  # noqa: ASYNC110 - ends of several kinds
            await asyncio.sleep(_DRAIN_LOOK_SECONDS)
        served.draining = None
        await self._stop(served, "killed", because)

    async def heard(self) -> None:
        """Renew leases: the control plane is there. What stopped because it was silent starts again."""
        self._last_heard = time.monotonic()
        for served in self._served.values():
            if served.awaits_control:
                served.awaits_control = False
                await end(served.work)
                self._begin(served)
                if self.desired is not None:
                    await self._candidates.take(self.desired)

    def put_to_sleep(self, now: float) -> None:
        """Put to sleep what nobody used for its time; `now` is of the monotonic clock."""
        self._sleeper.look(list(self._served.values()), now)

    def _begin(self, served: Served) -> None:
        served.work = asyncio.create_task(self._starter.bring_up(served))

    def enqueue(self, order: EnqueueOrder) -> None:
        """Give a message to a worker of an app that runs here, or what it gave up."""
        served = self._served.get((order.app, order.mode))
        if served is not None and served.site.condition in UP:
            self.later(self.workers.give(served.site.state, order))

    def restore_database(self, order: RestoreOrder) -> None:
        """Put an app's own database back, and start its release afresh on it: it may miss what that release needs.

        It takes its time, and nothing else that the control plane says waits for it.
        """
        self.later(self._restore_database(order))

    async def _restore_database(self, order: RestoreOrder) -> None:
        served = self._served.get((order.app, order.mode))
        if served is None or not await self._databases.restore(served.site.state, order):
            return
        if served.site.condition in UP | {"failed", "starting"}:
            await end(served.work)
            self._begin(served)

    def in_production(self) -> dict[str, tuple[AppState, Manifest]]:
        """Return what runs in production here, by app, each with the manifest of its release."""
        return in_production(self._served)

    def production_apps(self) -> frozenset[str] | None:
        """Return the apps that are to be in production here, None until the control plane has said."""
        apps = self.desired.apps if self.desired is not None else None
        return None if apps is None else frozenset(app.app for app in apps if app.mode == "production")

    def roll_up(self, seconds: float) -> None:
        """Report the requests of the last period, what apps ran into, and how full their storage is."""
        self.watching.roll_up(seconds)
        self.later(self._shop.storage.look())

    def _key_changes(self) -> KeyChanges:
        return self.desired.key_changes if self.desired is not None else KeyChanges()

    async def attest_again(self, seconds: float = _ATTEST_SECONDS) -> None:
        """Attest again what was attested longer ago than so many seconds."""
        for served in list(self._served.values()):
            instance = served.instance
            if instance is not None and time.monotonic() - served.attested >= seconds:
                await self._attest(served, instance, RENEWED)

    async def _attest(self, served: Served, instance: Instance, because: str) -> None:
        served.attested = time.monotonic()
        await self._shop.attester.attest(instance, because)

    async def expire_leases(self) -> None:
        """Stop apps whose lease ran out while the control plane was silent."""
        silent = time.monotonic() - self._last_heard
        for served in list(self._served.values()):
            if served.site.condition in UP | {"starting"} and silent > served.wanted.lease_seconds:
                await self._stop(served, "stopped", "the control plane was not heard for longer than the lease")
                served.awaits_control = True

    async def close(self) -> None:
        """Stop everything."""
        await self._databases.close()
        await self.runs.close()
        for key in list(self._served):
            await self._forget(key)
        await self._candidates.close()
        await self._retired.close()
        if self._chores:
            await asyncio.wait(self._chores)
        await self._shop.storage.close()

    async def _look_again(self, changes: KeyChanges) -> None:
        """Verify what runs by the keys as they are now: say what would not start any more, and stop it when that is
        what was asked for with the key that ended.
        """
        stops = any(key.stops for key in changes.ending)
        self._retired.cool()
        await self._candidates.look_again(stops)
        for served in list(self._served.values()):
            state = served.site.state
            if served.site.condition not in UP:
                continue
            try:
                await self._shelf.verify(state)
            except SignatureError as fault:
                self._tell.refused(state, fault.message, running=not stops)
                if stops:
                    await self._stop(served, "refused", fault.message)
            except BailiwickError as fault:
                _LOG.warning("%s could not be verified again: %s", state.app, fault.message)

    # -- inner steps ---------------------------------------------------------------------------------------------

    async def _converge(self, key: Key, state: AppState) -> None:
        served = self._served.get(key)
        if served is None:
            served = self._served[key] = Served(state, Site(f"{state.host}.{self._suffix}", state))
            self._sites.put(served.site)
        self._guard.watch(watched_of(state), state.guardrails)
        before, served.wanted = served.wanted, state
        served.awaits_control = False
        if state.status == "killed":
            served.ran = None
            self._stopped_here.known(key)
            served.site.state = state
            if served.site.condition != "killed":
                await self._stop(served, "killed", state.killed_because)
            served.site.words = state.killed_because
            return
        if served.draining is not None:
            await self._stop(served, "stopped", "it was brought back while its last requests ended")
        if state.branch and before.release != state.release:
            self._stopped_here.known(key)  # somebody pushed since: another release, another chance
        why = self._stopped_here.why(key)
        if why is not None:
            served.site.stop("killed", why)
            return
        served.site.known.clear()
        is_up = served.site.condition in UP
        if is_up and served.ran is not None and served.ran.release == state.release:
            state = served.wanted = state.model_copy(update={"frozen": ""})
        # Until the new release takes over, what is up is still the old one; who may use it is as of now.
        up = served.site.state.release if served.instance is not None else state.release
        if not (state.frozen and is_up):
            served.site.state = state.model_copy(update={"release": up})
        same = (before.release, opened(before), before.frozen) == (state.release, opened(state), state.frozen)
        at_work = served.work is not None and not served.work.done()
        if same and (at_work or served.site.condition in UP):
            return
        await end(served.work)
        self._begin(served)

    async def _stop(self, served: Served, condition: Literal["killed", "refused", "stopped"], words: str) -> None:
        """Serve nothing more at once, then end the sandbox."""
        key = key_of(served.site.state)
        served.site.stop(condition, words)
        self._candidates.cut(key, words)
        self._retired.cut(key, words)
        served.awaits_control = False
        draining, served.draining = served.draining, None
        await end(draining)
        self._guard.start_afresh(watched_of(served.wanted))
        self._calls.end_release(served.site.state.app, served.site.state.release)
        await end(served.work)
        await self.workers.end(key, words)
        if served.site.state.mode == "production":
            await self.runs.end(served.site.state.app)
        instance, served.instance = served.instance, None
        if instance is not None:
            self._pool.drop(instance.socket)
            await instance.stop()
        await self._candidates.end(key)
        await self._retired.end(key, words)
        self._tell.status(served.site.state, "stopped", words)

    def _set_desired(self, desired: DesiredState, drain_seconds: float = 0) -> DesiredState:
        """Act on a desired state from now on, with the ways closed that this plane closed by itself; return that."""
        self.desired = self._stopped_here.close_ways(desired)
        self._cut(self.desired, drain_seconds)
        return self.desired

    def _close_ways(self) -> None:
        """Act on the desired state anew: this plane has closed a way by itself."""
        if self.desired is not None:
            self._set_desired(self.desired)

    def later(self, chore: Coroutine[None, None, None]) -> None:
        """Do something beside, to its end, whatever becomes of whoever asked."""
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _forget(self, key: Key) -> None:
        served = self._served.pop(key)
        await self._stop(served, "stopped", "this app is not served here any more")
        self._guard.forget(watched_of(served.wanted))
        self._sites.remove(served.site.host)
