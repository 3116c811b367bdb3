"""Candidates: each runs beside what its app serves, for some people, until it takes over or goes away.

What goes wrong with one is told, and is no fault of the app: what was served before goes on for everybody.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bailiwick.core.attestation import STARTED
from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.messages import AnyReport, AppState, DesiredState, RequestTrace
from bailiwick.core.rollouts import CandidateCondition, RolloutReport, RolloutStep, SideCounts
from bailiwick.core.statements import SignatureError
from bailiwick.dataplane.agent.checks import is_healthy
from bailiwick.dataplane.agent.instance import Instance, Workshop, require_offered, start_instance
from bailiwick.dataplane.agent.retired import Retired
from bailiwick.dataplane.agent.served import end, opened
from bailiwick.dataplane.agent.shelf import ReleaseShelf
from bailiwick.dataplane.agent.stopped import Key
from bailiwick.dataplane.agent.telling import Telling
from bailiwick.dataplane.router import CallRegistry, Site, Sites

_LOG = logging.getLogger("bailiwick.plane.candidates")
_CHECK_SECONDS = 5.0
_AGAIN_SECONDS = 2.0
# With nothing to say, a rollout is told of so often: the control plane promotes nothing that it does not hear of.
_TELL_SECONDS = 5.0
_WORDS = 2000


@dataclass
class _Beside:
    """A candidate. `promoted` says that it is about to take over; the traces are those since the last report."""

    wanted: AppState
    step: RolloutStep
    site: Site
    condition: CandidateCondition = "starting"
    words: str = ""
    instance: Instance | None = None
    work: asyncio.Task[None] | None = None
    promoted: bool = False
    failed_checks: int = -1
    ours: list[RequestTrace] = field(default_factory=list)
    stable: list[RequestTrace] = field(default_factory=list)
    told: float = 0.0
    told_condition: str = ""


class Candidates:
    """The candidates of a plane."""

    def __init__(
        self,
        *,
        host_suffix: str,
        shelf: ReleaseShelf,
        shop: Workshop,
        sites: Sites,
        calls: CallRegistry,
        retired: Retired,
        tell: Telling,
        report: Callable[[AnyReport], None],
        later: Callable[[Coroutine[Any, Any, None]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._suffix = host_suffix
        self._shelf = shelf
        self._shop = shop
        self._sites = sites
        self._calls = calls
        self._retired = retired
        self._tell = tell
        self._report = report
        self._later = later
        self._clock = clock
        self._beside: dict[Key, _Beside] = {}

    # -- what the control plane says -----------------------------------------------------------------------------

    def take_away(self, desired: DesiredState) -> None:
        """Give nobody a candidate any more that is not wanted, and nobody who may not use it."""
        wanted = _wanted(desired)
        served: dict[Key, str] = {(app.app, app.mode): app.release for app in desired.apps}
        for key, beside in self._beside.items():
            state = wanted.get(key)
            if state is not None and _same(state, beside.wanted):
                beside.site.keep_to(state)
                continue
            beside.promoted = beside.instance is not None and served.get(key) == beside.wanted.release
            if not beside.promoted:
                self._sites.drop_candidate(beside.site)

    async def take(self, desired: DesiredState) -> list[Key]:
        """Start and end candidates, and let each have the share of its step; return the apps whose one ended."""
        wanted, ended = _wanted(desired), []
        for key, beside in list(self._beside.items()):
            state = wanted.get(key)
            if not beside.promoted and (state is None or not _same(state, beside.wanted)):
                await self._end(key)
                ended.append(key)
        for key, state in wanted.items():
            self._want(key, state)
        return ended

    def take_over(self, state: AppState) -> tuple[Instance, Site] | None:
        """Return the candidate that is this release and opens the same, which its app serves from now on."""
        key = (state.app, state.mode)
        beside = self._beside.get(key)
        if beside is None or not beside.promoted or beside.instance is None or beside.instance.sandbox.is_over:
            return None
        if (beside.wanted.release, opened(beside.wanted)) != (state.release, opened(state)):
            return None
        del self._beside[key]
        if beside.work is not None:
            beside.work.cancel()
        self._sites.drop_candidate(beside.site)
        return beside.instance, beside.site

    async def let_go(self, key: Key) -> None:
        """End what was about to take over and did not."""
        beside = self._beside.get(key)
        if beside is not None and beside.promoted:
            await self._end(key)

    def leave(self, key: Key) -> None:
        """Give nobody a candidate any more; what it has in flight goes on until its app is stopped."""
        beside = self._beside.get(key)
        if beside is not None:
            self._sites.drop_candidate(beside.site)

    def cut(self, key: Key, words: str) -> None:
        """Give nobody a candidate any more, and cut what it has in flight: its app was stopped."""
        beside = self._beside.get(key)
        if beside is not None:
            beside.site.stop("stopped", words)
            self._sites.drop_candidate(beside.site)
            self._calls.end_release(beside.wanted.app, beside.wanted.release)

    async def end(self, key: Key) -> None:
        """End a candidate, when there is one."""
        if key in self._beside:
            await self._end(key)

    async def close(self) -> None:
        """End all."""
        for key in list(self._beside):
            await self._end(key)

    async def look_again(self, stops: bool) -> None:
        """Verify what runs by the keys as they are now; `stops` says that what does not verify must end."""
        for beside in list(self._beside.values()):
            try:
                await self._shelf.verify(beside.wanted)
            except SignatureError as fault:
                self._tell.refused(beside.wanted, fault.message, running=True)
                if stops:
                    self._give_up(beside, "refused", fault.message)
            except BailiwickError as fault:
                _LOG.warning("the candidate of %s could not be verified again: %s", beside.wanted.app, fault.message)

    # -- what the router sees ------------------------------------------------------------------------------------

    def observe(self, site: Site, trace: RequestTrace) -> bool:
        """Count an answered request for the side that answered; return whether that was a candidate.

        One that fails as much as stops an app gets no more requests, at once; its app goes on.
        """
        beside = self._beside.get((site.state.app, site.state.mode))
        if beside is None:
            return False
        if site is not beside.site:
            beside.stable.append(trace)
            return False
        beside.ours.append(trace)
        why = site.spike.observe(time.monotonic(), failed=trace.failed)
        if why and beside.condition == "running":
            self._give_up(beside, "failed", why)
        return True

    def roll_up(self, seconds: float) -> None:
        """Report what both sides answered since the last time."""
        for beside in self._beside.values():
            if beside.instance is not None:
                self._shop.walls.look(beside.instance, beside.site)
            if beside.ours:
                self._tell.requests(beside.wanted, beside.ours, seconds)
            news = beside.ours or beside.stable or beside.condition != beside.told_condition
            if news or time.monotonic() - beside.told >= _TELL_SECONDS:
                self._tell_of(beside)

    def _tell_of(self, beside: _Beside) -> None:
        beside.told, beside.told_condition = time.monotonic(), beside.condition
        ours, beside.ours = beside.ours, []
        stable, beside.stable = beside.stable, []
        self._report(
            RolloutReport(
                app=beside.wanted.app,
                rollout=beside.step.rollout,
                step=beside.step.number,
                condition=beside.condition,
                words=beside.words[:_WORDS],
                failed_checks=beside.failed_checks,
                stable=SideCounts.of((trace.status, trace.milliseconds) for trace in stable),
                candidate=SideCounts.of((trace.status, trace.milliseconds) for trace in ours),
                time=self._clock(),
            )
        )

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _want(self, key: Key, state: AppState) -> None:
        step = state.step
        assert step is not None  # noqa: S101 - candidates are told with their step
        beside = self._beside.get(key)
        if beside is None:
            site = Site(f"{state.host}.{self._suffix}", state)
            beside = self._beside[key] = _Beside(state, step, site)
        elif step != beside.step:
            # What was answered until now belongs to the step before.
            self._tell_of(beside)
        beside.wanted, beside.step = state, step
        if beside.condition == "running":
            self._sites.put_candidate(beside.site, step)
        elif state.frozen and beside.condition in {"starting", "frozen"}:
            if beside.work is not None:
                beside.work.cancel()
            beside.work, beside.condition, beside.words = None, "frozen", state.frozen
        elif beside.work is None and beside.condition in {"starting", "frozen"}:
            beside.condition, beside.words = "starting", ""
            beside.work = asyncio.create_task(self._bring_up(beside))

    async def _bring_up(self, beside: _Beside) -> None:
        """Start a candidate, let it have its requests, and look after it; a fault of ours is said, too."""
        try:
            while (instance := await self._started(beside)) is None:  # noqa: ASYNC110 - what is away says nothing
                await asyncio.sleep(_AGAIN_SECONDS)
            site = beside.site
            site.serve(beside.wanted, instance.socket, instance.files)
            site.declare(instance.manifest)
            beside.instance, beside.condition, beside.words = instance, "running", ""
            self._sites.put_candidate(site, beside.step)
            self._later(self._shop.attester.attest(instance, STARTED))
            await self._watch(beside, instance)
        except SignatureError as fault:
            self._shelf.forget(beside.wanted)
            self._tell.refused(beside.wanted, fault.message, running=True)
            self._give_up(beside, "refused", fault.message)
        except (BailiwickError, OSError) as fault:
            words = fault.message if isinstance(fault, BailiwickError) else str(fault)
            self._give_up(beside, "failed", f"it did not start: {words}")
        except Exception as fault:
            _LOG.exception("the candidate of %s could not be kept up", beside.wanted.app)
            self._give_up(beside, "failed", f"this plane failed at it: {type(fault).__name__}")

    async def _started(self, beside: _Beside) -> Instance | None:
        """Return the candidate once it answers, None when it should be tried again: something of ours is away."""
        await self._shop.networks.until_ready()
        try:
            prepared = await self._shelf.prepare(beside.wanted)
        except UnavailableError:
            return None
        require_offered(prepared.manifest, self._shop)
        return await start_instance(beside.wanted, prepared, self._shop)

    async def _watch(self, beside: _Beside, instance: Instance) -> None:
        """Ask for its health again and again, until it ends by itself."""
        path = instance.manifest.app.health
        ended = asyncio.ensure_future(instance.sandbox.wait())
        try:
            while not ended.done():
                if path and instance.socket is not None:
                    healthy = await is_healthy(instance.socket, path)
                    beside.failed_checks = 0 if healthy else max(beside.failed_checks, 0) + 1
                await asyncio.wait([ended], timeout=_CHECK_SECONDS)
        finally:
            ended.cancel()
        found = ended.result()
        self._give_up(beside, "failed", self._shop.walls.ended(instance, beside.site, found))

    def _give_up(self, beside: _Beside, condition: CandidateCondition, words: str) -> None:
        """Give nobody the candidate any more; what it answers just now may end. What was said first stays said."""
        if beside.condition in {"failed", "refused"}:
            return
        beside.condition, beside.words = condition, words
        self._sites.drop_candidate(beside.site)
        instance, beside.instance = beside.instance, None
        if instance is not None:
            self._retired.put(instance, beside.site, keep=False)

    async def _end(self, key: Key) -> None:
        beside = self._beside.pop(key)
        self._sites.drop_candidate(beside.site)
        await end(beside.work)
        instance, beside.instance = beside.instance, None
        if instance is not None:
            self._retired.put(instance, beside.site, keep=False)


def _wanted(desired: DesiredState) -> Mapping[Key, AppState]:
    return {
        (state.app, state.mode): state
        for state in desired.candidates
        if state.status == "running" and state.step is not None
    }


def _same(state: AppState, other: AppState) -> bool:
    """Whether two states mean the same candidate, in whatever step."""
    if state.step is None or other.step is None:
        return False
    return (state.step.rollout, state.release, opened(state)) == (other.step.rollout, other.release, opened(other))
