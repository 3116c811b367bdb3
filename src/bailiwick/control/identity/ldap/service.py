"""Keeps directories that are read over LDAP in step: when each is read, what comes of it, and when to stop and ask."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bailiwick.control.identity.authorizer import ORGANIZATION
from bailiwick.control.identity.directory import runs
from bailiwick.control.identity.directory.model import DirectoryClient
from bailiwick.control.identity.directory.runs import UNFINISHED, Run, RunState
from bailiwick.control.identity.directory.service import DirectoryService
from bailiwick.control.identity.ldap.applying import Applying
from bailiwick.control.identity.ldap.errors import ReadingBrokenOffError
from bailiwick.control.identity.ldap.meaning import Wanted, understand
from bailiwick.control.identity.ldap.model import LdapSource, Snapshot
from bailiwick.control.identity.ldap.plan import Known, Plan, compare, known_of
from bailiwick.core.errors import BailiwickError, ConflictError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_trace_id
from bailiwick.core.principals import Identity, Principal

_LOG = logging.getLogger("bailiwick.ldap")
_TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
_SHOWN_STEPS = 50
_RETRY_SECONDS = 300.0


@dataclass(frozen=True)
class LdapSync:
    """Reads directories, when somebody asks and by itself. Nothing is kept here: all state is in rows.

    `ending` is set when the process is to end: a reading stops between two of its steps.
    """

    directory: DirectoryService
    sources: Mapping[str, LdapSource]
    ending: threading.Event = field(default_factory=threading.Event)

    def ask(self, by: Identity, name: str, *, dry_run: bool = False, accept: bool = False) -> Run:
        """Ask for a directory to be read soon; `accept` lets it switch off as many people as the last one stopped at.

        Raises `NotFoundError` when no such directory is read, `ConflictError` when it is being read or nothing waits.
        """
        directory = self.directory
        with directory.store.transaction() as session:
            decision = directory.authorizer.require(session, by, "directory.manage", ORGANIZATION)
            if name not in self.sources:
                raise NotFoundError(
                    f"no directory '{name[:60]}' is read over LDAP", hint="settings name them, under ldap"
                )
            if any(run.state in UNFINISHED for run in runs.of(session, name)):
                raise ConflictError(f"'{name}' is being read", hint=f"bailiwick directory show {name}")
            accepted = _accepted(runs.last(session, name), name) if accept else 0
            run = runs.add(session, name, str(by.principal), directory.clock(), dry_run=dry_run, accepted=accepted)
            directory.audit.note(
                session,
                str(by.principal),
                "directory.sync-asked",
                f"directory:{name}",
                deciders=decision.deciders,
                context={"run": run.id, "dry_run": dry_run, "accepted": accepted},
            )
        return run

    def work(self, name: str) -> None:
        """Read a directory when somebody asked or its time has come. Safe to repeat, and at any time: of several
        processes one does it, and what another one left half done is done again.
        """
        with self._alone(name) as mine:
            run = self._next(name) if mine else None
            if run is not None:
                self._perform(run)

    @contextmanager
    def _alone(self, name: str) -> Iterator[bool]:
        """Yield whether nobody else is at this directory; the lock ends with the connection, however that ends."""
        key = {"name": f"bailiwick-ldap {self.directory.store.tenant} {name}"}
        with self.directory.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mine = bool(connection.scalar(_TRY_LOCK, key))
            try:
                yield mine
            finally:
                if mine:
                    connection.execute(_UNLOCK, key)

    def _next(self, name: str) -> Run | None:
        now = self.directory.clock()
        with self.directory.store.transaction() as session:
            known = runs.of(session, name)
            for run in known:
                if run.state is RunState.RUNNING:
                    words = "broken off: the control plane stopped; the next one goes on"
                    runs.change(session, run.id, state=RunState.FAILED, finished=now, words=words)
            asked = [run for run in known if run.state is RunState.ASKED]
            if asked:
                chosen = asked[-1]
            elif self._is_due(known, name):
                chosen = runs.add(session, name, str(self._client(name).identity.principal), now,
                                  dry_run=False, accepted=0)  # fmt: skip
            else:
                return None
            runs.change(session, chosen.id, state=RunState.RUNNING, stage="reading")
            return chosen

    def _is_due(self, known: list[Run], name: str) -> bool:
        ended = next((run for run in known if run.finished is not None and not run.dry_run), None)
        if ended is None or ended.finished is None:
            return True
        usual = self.sources[name].interval_seconds
        wait = min(usual, _RETRY_SECONDS) if ended.state is RunState.FAILED else usual
        return self.directory.clock() >= ended.finished + timedelta(seconds=wait)

    def _perform(self, run: Run) -> None:
        # A control plane that reads no directory starts without what reads them.
        from bailiwick.control.identity.ldap.reading import read  # noqa: PLC0415

        try:
            snapshot = read(self.sources[run.directory], lambda count: self._progress(run, count))
            self._compare(run, snapshot)
        except BailiwickError as fault:
            self._end(run, RunState.FAILED, fault.message, {})
        except Exception:
            trace = new_trace_id()
            _LOG.exception("reading the directory %s failed, trace %s", run.directory, trace)
            self._end(run, RunState.FAILED, f"a fault of ours, trace {trace}", {})

    def _compare(self, run: Run, snapshot: Snapshot) -> None:
        source = self.sources[run.directory]
        wanted = understand(source, snapshot, self.directory.clock())
        with self.directory.store.transaction() as session:
            known = known_of(session, run.directory)
        plan = compare(known, wanted, source.brake)
        counts = _counts(snapshot, wanted, plan)
        if run.dry_run:
            held = "; it would stop and ask, because that is many" if plan.held else ""
            self._end(run, RunState.DONE, f"nothing was changed: this was a dry run{held}", counts)
        elif plan.held and plan.at_stake > run.accepted:
            self._end(run, RunState.HELD, _held_words(source, plan, known), counts)
        else:
            self._apply(run, plan, known, wanted, counts)

    def _apply(self, run: Run, plan: Plan, known: list[Known], wanted: Wanted, counts: dict[str, Any]) -> None:
        def progress(session: Session, done: int) -> None:
            self._go_on()
            runs.change(session, run.id, done=min(done, len(plan.steps)))

        with self.directory.store.transaction() as session:
            runs.change(session, run.id, stage="writing", total=len(plan.steps), done=0)
        applying = Applying.of(self.directory, self._client(run.directory), known, progress)
        problems = [*wanted.problems, *applying.apply(plan.steps)]
        applying.report(problems)
        self._end(run, RunState.DONE, "", {**counts, "problems": len(problems)})

    def _go_on(self) -> None:
        if self.ending.is_set():
            raise ReadingBrokenOffError("broken off: the control plane stops; the next reading goes on")

    def _progress(self, run: Run, count: int) -> None:
        self._go_on()
        with self.directory.store.transaction() as session:
            runs.change(session, run.id, done=count)

    def _end(self, run: Run, state: RunState, words: str, counts: Mapping[str, Any]) -> None:
        """Keep how a reading ended. What repeats by itself is audited when it begins, not each time."""
        with self.directory.store.transaction() as session:
            before = runs.last(session, run.directory)
            fields = {"state": state, "words": words, "counts": dict(counts), "finished": self.directory.clock()}
            runs.change(session, run.id, **fields)
            stays = before is not None and before.state is state and before.words == words
            if state is not RunState.DONE and not (stays and run.asked_by.startswith("service:")):
                self.directory.audit.note(
                    session,
                    str(self._client(run.directory).identity.principal),
                    "directory.sync-held" if state is RunState.HELD else "directory.sync-failed",
                    f"directory:{run.directory}",
                    outcome=Outcome.REFUSED if state is RunState.HELD else Outcome.FAILED,
                    reason=words,
                    context={"run": run.id, "asked_by": run.asked_by},
                )

    @staticmethod
    def _client(name: str) -> DirectoryClient:
        return DirectoryClient(name, Identity.of_service(Principal("service", f"directory/{name}")), token_id="")


def _accepted(last: Run | None, name: str) -> int:
    if last is None or last.state is not RunState.HELD:
        raise ConflictError(
            f"nothing of '{name}' waits for an answer",
            hint=f"read it without --accept: bailiwick directory sync {name}",
        )
    return int(last.counts["at_stake"])


def _counts(snapshot: Snapshot, wanted: Wanted, plan: Plan) -> dict[str, Any]:
    return {
        "people": len(wanted.users),
        "groups": len(wanted.groups),
        "without_address": wanted.without_address,
        "members_outside": wanted.outside,
        "referrals": snapshot.referrals,
        "problems": len(wanted.problems),
        **plan.counts(),
        "steps": [step.words[:200] for step in plan.steps[:_SHOWN_STEPS]],
    }


def _held_words(source: LdapSource, plan: Plan, known: list[Known]) -> str:
    active = sum(1 for item in known if item.is_active)
    return (
        f"stopped: {plan.switched_off} of {active} people would be switched off and "
        f"{plan.at_stake - plan.switched_off} groups would be gone, which is more than {source.brake.percent} %; "
        f"when that is right: bailiwick directory sync {source.name} --accept"
    )
