"""What apps wrote, for their builders: decided here and at the plane that keeps it, and audited once in a while."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bailiwick.control.asking.plane import PlaneAsking
from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App
from bailiwick.control.identity import Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.messages import LogAnswer, LogWanted, Severity
from bailiwick.core.modes import PLANE_OF_MODE, PREVIEW, Mode
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity
from bailiwick.store import Store

# Whoever follows a log asks again and again, and is in the audit log once in so long.
_AUDITED_EVERY = timedelta(minutes=5)
_MOST_FOLLOWING = 10_000
_MOST_WAITING = 8


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines of an app's log: those of `LogWanted`, without the app."""

    mode: Mode = PREVIEW
    branch: str = ""
    last: int = 50
    after: int = 0
    since: datetime | None = None
    text: str = ""
    trace: str = ""
    severity: Severity = ""
    wait_seconds: float = 0


@dataclass(frozen=True)
class AppLogService:
    """Reads logs of apps. `readable` returns an app when somebody may see it, and `plane` is asked."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    readable: Callable[[Session, Identity, str], App]
    plane: PlaneAsking
    clock: Clock
    _following: dict[tuple[str, ...], datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_MOST_WAITING))

    def read(self, identity: Identity, app_path: str, query: LogQuery) -> LogAnswer:
        """Return lines, oldest first, without secrets and personal data; raise `ForbiddenError` for no builder of it.

        Masked and redacted they come from the plane, which keeps the newest only.
        """
        context: dict[str, ContextValue] = {"mode": query.mode, "plane": PLANE_OF_MODE[query.mode]}
        with self.store.transaction() as session:
            app = self.readable(session, identity, app_path)
            decision = self.authorizer.require(session, identity, "app.read-log", f"app:{app.path}", context)
            masker = self.audit.masker(session)
            if self._is_new(identity, app.path, query):
                self.audit.note(
                    session,
                    str(identity.principal),
                    "app-log.read",
                    f"app:{app.path}",
                    app=app.path,
                    deciders=tuple(decision.deciders),
                    plane=PLANE_OF_MODE[query.mode],
                    context={"mode": query.mode, "branch": query.branch},
                )
        wanted = LogWanted(
            app=app.path,
            mode=query.mode,
            branch=query.branch,
            last=query.last,
            after=query.after,
            since=query.since,
            text=query.text,
            trace=query.trace,
            severity=query.severity,
            wait_seconds=query.wait_seconds,
        )
        answer = self._asked(identity, wanted)
        # The vault knows values that the plane never fetched.
        lines = tuple(line.model_copy(update={"text": masker.mask(line.text)}) for line in answer.lines)
        return answer.model_copy(update={"lines": lines})

    def _asked(self, identity: Identity, wanted: LogWanted) -> LogAnswer:
        if not wanted.wait_seconds or not self._waits.acquire(blocking=False):
            # A thread is held while somebody waits: where many do, the others are answered at once.
            return self.plane.log(identity, wanted.model_copy(update={"wait_seconds": 0}))
        try:
            return self.plane.log(identity, wanted)
        finally:
            self._waits.release()

    def _is_new(self, identity: Identity, app: str, query: LogQuery) -> bool:
        """Return whether a reading is to be audited: it does not go on with one that lately was."""
        now, key = self.clock(), (str(identity.principal), app, query.mode, query.branch)
        with self._lock:
            last = self._following.get(key)
            if query.after and last is not None and now - last < _AUDITED_EVERY:
                return False
            if len(self._following) >= _MOST_FOLLOWING:
                self._following.clear()
            self._following[key] = now
            return True
