"""Apps' own databases in the life of a plane: ready before a release serves, rehearsed and put back when asked."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import (
    AnyReport,
    AppState,
    AuditReport,
    DatabaseReport,
    RehearsalReport,
    RehearsalStep,
    RehearsalWanted,
    RestoreOrder,
    SnapshotSeen,
)
from bailiwick.core.migrations import Migration
from bailiwick.dataplane.agent.releases import Prepared
from bailiwick.dataplane.databases import BranchDatabases, Databases, Moved, Rehearsed, rehearse

_WORDS = 2000
_PLANE_HAS_NONE = "apps get no databases of their own at the plane of production: app_databases is not set there"


class OwnDatabases:
    """What a host does with databases, and what it tells of them. Without a keeper there are none."""

    def __init__(
        self,
        keeper: Databases | None,
        plane: str,
        report: Callable[[AnyReport], None],
        clock: Callable[[], datetime],
        remembered: Path,
    ) -> None:
        self._keeper = keeper
        self._plane = plane
        self._report = report
        self._clock = clock
        self._of_branches = BranchDatabases(keeper, remembered) if keeper is not None else None
        self._rehearsed: set[str] = set()
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def ready(self, state: AppState, prepared: Prepared, *, wanted: bool) -> bool:
        """Bring an app's database to where a release needs it, and tell what was done; raise when it cannot be.

        Returns whether anything was taken back, so that what was served may not find what it needs.

        A release that is not the `wanted` one is only kept alive: what the wanted one needs is not taken away for it.
        """
        if prepared.manifest.database is None or self._keeper is None:
            return False
        if state.branch and self._of_branches is not None:
            await self._of_branches.remember(state)
        files = {path: file.content for path, file in prepared.verified.files.items()}
        branch: dict[str, ContextFact] = {"branch": state.branch} if state.branch else {}
        try:
            moved = await self._keeper.ready(state, files, may_go_back=wanted, accept_loss=state.accept_loss)
        except BailiwickError as fault:
            self._event(state, "database.migrated", Outcome.FAILED, fault.message, {"mode": state.mode, **branch})
            await self._tell(state, fault.message)
            raise
        if moved.changed:
            self._event(state, "database.migrated", Outcome.SUCCESS, "", {**_facts(state, moved), **branch})
        await self._tell(state, "")
        return bool(moved.back)

    async def restore(self, state: AppState, order: RestoreOrder) -> bool:
        """Put an app's database back as it is asked, and tell how that went; return whether it was done."""
        to = order.moment.isoformat() if order.moment is not None else order.snapshot
        facts: dict[str, ContextFact] = {"mode": state.mode, "to": to, "asked_by": order.asked_by}
        if self._keeper is None:
            return False
        try:
            if order.moment is not None:
                before = await self._keeper.restore_moment(state, order.moment)
            else:
                before = await self._keeper.restore(state, order.snapshot)
        except BailiwickError as fault:
            self._event(state, "database.restored", Outcome.FAILED, fault.message, facts)
            return False
        self._event(state, "database.restored", Outcome.SUCCESS, "", {**facts, "before": before.id})
        await self._tell(state, "")
        return True

    async def drop_others(self, wanted: Iterable[AppState]) -> None:
        """Remove the databases of branches whose previews ended."""
        if self._of_branches is not None:
            await self._of_branches.drop_others(wanted)

    def rehearse(self, wanted: Iterable[RehearsalWanted]) -> None:
        """Begin the rehearsals that are asked for and were not begun yet, one after the other."""
        for item in wanted:
            if item.deploy not in self._rehearsed:
                self._rehearsed.add(item.deploy)
                task = asyncio.create_task(self._rehearse(item))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is being rehearsed; it begins anew with the plane."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _rehearse(self, wanted: RehearsalWanted) -> None:
        async with self._turn:
            done = Rehearsed(passed=False, why=_PLANE_HAS_NONE)
            if self._keeper is not None:
                found = [Migration(item.number, item.name, item.up, item.down) for item in wanted.migrations]
                done = await rehearse(self._keeper, wanted.tenant, wanted.app, found)
        self._report(
            RehearsalReport(
                deploy=wanted.deploy,
                app=wanted.app,
                passed=done.passed,
                why=done.why[:_WORDS],
                diff=done.diff,
                notes=tuple(done.notes[:200]),
                steps=tuple(
                    RehearsalStep(title=step.title, up_ms=step.up_ms, down_ms=step.down_ms, locks=step.locks)
                    for step in done.steps
                ),
                time=self._clock(),
            )
        )

    async def _tell(self, state: AppState, fault: str) -> None:
        """Tell how a database is now; where it cannot be looked at, the fault is told alone."""
        assert self._keeper is not None  # noqa: S101 - only called where there is one
        if state.branch:
            return  # what is shown of an app is main's; a branch's fault is told with its preview
        migrations: tuple[str, ...] = ()
        try:
            migrations = tuple(item.migration.title for item in await self._keeper.applied(state) if item.finished)
        except BailiwickError as also:
            fault = fault or also.message
        seen = [
            SnapshotSeen(id=item.id, time=item.time, why=item.why, release=item.release, bytes=item.bytes)
            for item in self._keeper.kept(state)
        ]
        self._report(
            DatabaseReport(
                app=state.app,
                mode=state.mode,
                release=state.release,
                migrations=migrations,
                snapshots=tuple(seen),
                fault=fault[:_WORDS],
                any_moment_since=self._keeper.log.since() if self._keeper.log is not None else None,
                time=self._clock(),
            )
        )

    def _event(
        self, state: AppState, action: str, outcome: Outcome, reason: str, context: dict[str, ContextFact]
    ) -> None:
        event = AuditEvent(
            time=self._clock(),
            tenant=state.tenant,
            actor=f"plane:{self._plane}",
            action=action,
            resource=f"app:{state.app}",
            outcome=outcome,
            reason=reason[:_WORDS],
            app=state.app,
            release=state.release,
            plane=self._plane,
            context=context,
        )
        self._report(AuditReport(event=event))


def _facts(state: AppState, moved: Moved) -> dict[str, ContextFact]:
    return {
        "mode": state.mode,
        "ran": tuple(moved.forward),
        "took_back": tuple(moved.back),
        "lost": tuple(moved.lost),
        "snapshot": moved.snapshot,
        "milliseconds": round(sum(moved.milliseconds.values()), 2),
        "locks": tuple(sorted({lock for locks in moved.locks.values() for lock in locks})),
    }
