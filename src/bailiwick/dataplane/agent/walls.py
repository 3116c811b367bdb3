"""What apps run into at the walls of their sandboxes, in words: limits, with what was being served, and refused calls.

What is counted goes to the app's page with every report; the audit log hears of a limit at once and then at most once a
minute, and of a refused call once for each release.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import AnyReport, AppState, AuditReport, WallNote, WallsReport
from bailiwick.core.syscall_words import meaning_of
from bailiwick.dataplane.agent.no_process import NoProcess
from bailiwick.dataplane.listening import Room
from bailiwick.dataplane.router import Site
from bailiwick.dataplane.sandbox import Exit, Reached, Sandbox

_LOOK_SECONDS, _LOOK_AFTER_FAILURE_SECONDS = 5.0, 0.3
_TELL_SECONDS = 2.0
_EVENT_SECONDS, _END_SECONDS = 60.0, 5.0
_MOST_TOLD = 10_000
_JUST_FAILED = timedelta(seconds=3)
_WORDS = 500
_Key = tuple[str, str, str, str]


class Walled(Protocol):
    """What is needed of an instance."""

    looked_at: float

    @property
    def state(self) -> AppState:
        """The app as it was to be served when it was started."""

    @property
    def sandbox(self) -> Sandbox | NoProcess:
        """Where it runs, if anything does."""

    @property
    def room(self) -> Room:
        """How many connections to what it declared may be open at once."""


class Walls:
    """What is told of the walls of one plane."""

    def __init__(self, plane: str, report: Callable[[AnyReport], None], clock: Callable[[], datetime]) -> None:
        self._plane = plane
        self._report = report
        self._clock = clock
        self._notes: dict[_Key, dict[tuple[str, str], WallNote]] = {}
        self._told: dict[tuple[_Key, str], float] = {}
        self._noted: dict[tuple[_Key, str], float] = {}
        self._reported = 0.0

    def look(self, instance: Walled, site: Site, *, failed: bool = False) -> None:
        """See what an instance ran into since the last look: every few seconds, and when a request failed."""
        now = time.monotonic()
        if now - instance.looked_at < (_LOOK_AFTER_FAILURE_SECONDS if failed else _LOOK_SECONDS):
            if failed:
                instance.looked_at -= _LOOK_SECONDS  # not now, but with the next tick
            return
        instance.looked_at = now
        self._see(instance, self._doing(site))

    def reached(self, state: AppState, limit: str, words: str, doing: str = "") -> None:
        """Tell that something ran into a limit."""
        self._limit(state, Reached(limit, words), doing)

    def ended(self, instance: Walled, site: Site | None, ended: Exit) -> str:
        """Tell what an instance ran into last, and return in words how it ended."""
        doing = self._doing(site) if site is not None else ""
        self._see(instance, doing)
        if ended.reached is None:
            return f"it ended by itself with code {ended.code}"
        words = self._words(f"stopped: {ended.reached.words}", doing)
        self._event(
            instance.state, "limit.reached", Outcome.FAILED, words, {"limit": ended.reached.limit, "stopped": True}
        )
        self._note(
            instance.state,
            "limit",
            ended.reached.limit,
            words,
            count=0 if self._just_noted(instance, ended.reached) else 1,
        )
        return words

    def tell(self) -> None:
        """Report what was seen, every few seconds."""
        if not self._notes or time.monotonic() - self._reported < _TELL_SECONDS:
            return
        self._reported = time.monotonic()
        seen, self._notes = self._notes, {}
        for (app, mode, release, branch), notes in seen.items():
            report = {"app": app, "mode": mode, "release": release, "branch": branch, "notes": tuple(notes.values())}
            self._report(WallsReport.model_validate(report))

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _see(self, instance: Walled, doing: str) -> None:
        state = instance.state
        for reached in [*instance.sandbox.reached(), *_of_room(instance.room)]:
            self._limit(state, reached, doing)
        for call in instance.sandbox.refused_calls():
            words = f"{call.name}: it would {meaning_of(call.name)}"
            self._note(state, "call", call.name, words, call.count, call.first, call.last)
            if self._is_new(state, f"call {call.name}", forget_after=None):
                context: dict[str, ContextFact] = {"call": call.name, "count": call.count}
                self._event(state, "system-call.refused", Outcome.REFUSED, f"the system call {words}", context)

    def _limit(self, state: AppState, reached: Reached, doing: str) -> None:
        words = self._words(reached.words, doing)
        self._noted[_key_of(state), reached.limit] = time.monotonic()
        self._note(state, "limit", reached.limit, words)
        if self._is_new(state, f"limit {reached.limit}", forget_after=_EVENT_SECONDS):
            context: dict[str, ContextFact] = {"limit": reached.limit, "stopped": False}
            self._event(state, "limit.reached", Outcome.FAILED, words, context)

    def _just_noted(self, instance: Walled, reached: Reached) -> bool:
        """Whether what ended an instance was counted already, at the request that failed by it."""
        noted = self._noted.get((_key_of(instance.state), reached.limit))
        return noted is not None and time.monotonic() - noted < _END_SECONDS

    def _words(self, words: str, doing: str) -> str:
        return f"{words} at {self._clock():%H:%M:%S}{f' while serving {doing}' if doing else ''}"[:_WORDS]

    def _doing(self, site: Site) -> str:
        """Return what failed just now, last first, and what is served: a request ends with the process it was in."""
        since = self._clock() - _JUST_FAILED
        failed = [f"{item.method} {item.path}" for item in site.recent if item.failed and item.time > since]
        return _listed([*reversed(failed), *(item.what for item in site.in_flight)])

    def _note(
        self,
        state: AppState,
        wall: str,
        name: str,
        words: str,
        count: int = 1,
        first: datetime | None = None,
        last: datetime | None = None,
    ) -> None:
        notes = self._notes.setdefault(_key_of(state), {})
        before = notes.get((wall, name))
        now = self._clock()
        if before is not None:
            first, count = before.first, before.count + count
        note = {"wall": wall, "name": name, "words": words[:_WORDS], "count": count}
        notes[wall, name] = WallNote.model_validate({**note, "first": first or now, "last": last or now})

    def _is_new(self, state: AppState, what: str, *, forget_after: float | None) -> bool:
        key, now = (_key_of(state), what), time.monotonic()
        told = self._told.get(key)
        if told is not None and (forget_after is None or now - told < forget_after):
            return False
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
            self._noted.clear()
        self._told[key] = now
        return True

    def _event(
        self, state: AppState, action: str, outcome: Outcome, words: str, context: Mapping[str, ContextFact]
    ) -> None:
        event = AuditEvent(
            time=self._clock(),
            tenant=state.tenant,
            actor=f"app:{state.app}",
            action=action,
            resource=f"app:{state.app}",
            outcome=outcome,
            reason=words,
            app=state.app,
            release=state.release,
            plane=self._plane,
            context={"mode": state.mode, **({"branch": state.branch} if state.branch else {}), **context},
        )
        self._report(AuditReport(event=event))


def _key_of(state: AppState) -> _Key:
    return (state.app, state.mode, state.release, state.branch)


def _of_room(room: Room) -> Iterable[Reached]:
    if room.take_refused():
        yield Reached("connections", f"{room.most} open connections to integrations, models and databases reached")


def _listed(items: Sequence[str]) -> str:
    different = list(dict.fromkeys(items))
    if len(different) <= 1:
        return "".join(different)
    return f"{different[0]} and {len(different) - 1} more"
