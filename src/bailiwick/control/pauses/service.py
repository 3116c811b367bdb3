"""The verbs of pauses: pause, resume, list. A pause outlives releases, restarts and kills; only `resume` ends it."""

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.pauses.errors import NotPausedError, PausedAlreadyError
from bailiwick.control.pauses.model import Pause
from bailiwick.control.pauses.tables import PauseRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.manifest import Worker
from bailiwick.core.modes import Mode
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

# Whoever may set work going may hold it; what must not be let go by them is for the kill switch.
_ACTION = "app.run-job"
_LONGEST_REASON = 300


class PauseService:
    """Each verb is one transaction with its audit event; `on_change` brings it to the planes.

    `workers` are those of what an app serves in a mode; it raises `NotFoundError` when that is nothing.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        workers: Callable[[Session, App, Mode], Mapping[str, Worker]],
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._workers = workers
        self._clock = clock
        self._on_change = on_change

    def pause(self, identity: Identity, app: str, worker: str, reason: str, *, mode: Mode) -> Pause:
        """Hold a worker where it is; raise `PausedAlreadyError` when it is held."""
        reason = given_reason(reason, "say why it must wait", what="a pause")[:_LONGEST_REASON]
        with self._store.transaction() as session:
            found, decision = self._require(session, identity, app)
            there = self._workers(session, found, mode)
            if worker not in there:
                known = ", ".join(sorted(there)) or "none"
                raise NotFoundError(f"{found.path} has no worker '{worker[:40]}' in {mode}", hint=f"there are: {known}")
            row = PauseRow(
                app=found.path, mode=mode, worker=worker, paused_by=str(identity.principal),
                paused_at=self._clock(), reason=reason,
            )  # fmt: skip
            session.add(row)
            try:
                session.flush()
            except IntegrityError:
                raise PausedAlreadyError(
                    f"{worker} of {found.path} is paused in {mode} already", hint=f"bailiwick worker list {found.path}"
                ) from None
            self._note(session, identity, "worker.paused", decision, row, reason)
            paused = _pause(row)
        self._on_change()
        return paused

    def resume(self, identity: Identity, app: str, worker: str, reason: str, *, mode: Mode) -> Pause:
        """Let a worker go on; raise `NotPausedError` when nobody holds it."""
        reason = given_reason(reason, "say why it may go on", what="going on")
        with self._store.transaction() as session:
            found, decision = self._require(session, identity, app)
            query = select(PauseRow).where(PauseRow.app == found.path, PauseRow.mode == mode, PauseRow.worker == worker)
            row = session.scalars(query.with_for_update()).one_or_none()
            if row is None:
                raise NotPausedError(
                    f"{worker[:40]} of {found.path} is not paused in {mode}", hint=f"bailiwick worker list {found.path}"
                )
            self._note(session, identity, "worker.resumed", decision, row, reason)
            resumed = _pause(row)
            session.delete(row)
        self._on_change()
        return resumed

    def _require(self, session: Session, identity: Identity, app: str) -> tuple[App, Decision]:
        found = self._catalog.readable_app(session, identity, app)
        return found, self._authorizer.require(session, identity, _ACTION, found.resource)

    def _note(
        self, session: Session, identity: Identity, action: str, decision: Decision, row: PauseRow, reason: str
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"app:{row.app}",
            reason=reason,
            deciders=decision.deciders,
            app=row.app,
            context={"worker": row.worker, "mode": row.mode},
        )


def pauses_of(session: Session, app: str) -> list[Pause]:
    """Return what is held of an app."""
    query = select(PauseRow).where(PauseRow.app == app).order_by(PauseRow.mode.desc(), PauseRow.worker)
    return [_pause(row) for row in session.scalars(query)]


def words_by_worker(session: Session) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return what is said of each worker that is held, by app and mode."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in session.scalars(select(PauseRow)):
        found.setdefault((row.app, row.mode), {})[row.worker] = _pause(row).words
    return found


def _pause(row: PauseRow) -> Pause:
    mode: Mode = "production" if row.mode == "production" else "preview"
    return Pause(row.app, mode, row.worker, row.paused_by, row.paused_at, row.reason)
