"""Stops: the kill switch by hand and by itself, and how a person brings an app back."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.release.errors import NotDecidableError
from bailiwick.control.release.model import PREVIEW, PRODUCTION, AppKilled, Kill, StateChanged
from bailiwick.control.release.packing import Notify
from bailiwick.control.release.tables import KillRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.ids import new_id
from bailiwick.core.messages import KillReport
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_EVERYWHERE = ""


class StopService:
    """Stops apps and lets them run again. `notify` is called once a change is durable."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        clock: Clock,
        notify: Notify,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock
        self._notify = notify

    def kill(self, identity: Identity, app_path: str, reason: str) -> Kill:
        """Stop an app everywhere, now. Stopping one that is stopped everywhere changes nothing."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.kill", app.resource)
            standing = self.standing(session, app.path)
            everywhere = next((kill for kill in standing if kill.mode == _EVERYWHERE), None)
            if everywhere is not None:
                return everywhere
            because = reason.strip() or "no reason was given"
            who = str(identity.principal)
            row = self._add(session, app.path, _EVERYWHERE, because, who, "")
            self._audit.note(
                session,
                who,
                "app.killed",
                app.resource,
                reason=because,
                app=app.path,
                deciders=decision.deciders,
                before={"stopped": _modes(standing)},
                after={"stopped": ("everywhere",)},
            )
            killed = AppKilled(app.path, (PREVIEW, PRODUCTION), because)
            self._store.after_commit(session, lambda: self._notify(killed))
            return _kill(row)

    def record_automatic(self, session: Session, report: KillReport, *, plane: str, evidence: str) -> None:
        """Remember that a plane stopped an app by itself, in the mode that it serves."""
        if any(kill.stops(report.mode) for kill in self.standing(session, report.app)):
            return
        by = f"plane:{plane}"
        self._add(session, report.app, report.mode, report.because, by, evidence)
        self._audit.note(
            session,
            by,
            "app.killed",
            f"app:{report.app}",
            reason=report.because,
            app=report.app,
            release=report.release,
            plane=plane,
            context={"evidence": evidence, "automatic": True, "mode": report.mode},
        )
        killed = AppKilled(report.app, (report.mode,), report.because)
        self._store.after_commit(session, lambda: self._notify(killed))

    def revive(self, identity: Identity, app_path: str, reason: str) -> Kill:
        """Let a stopped app run again, in every mode in which it was stopped; a person must say why."""
        if not reason.strip():
            raise InvalidInputError("a revival needs a reason", hint="say what was wrong and why it is well now")
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.revive", app.resource)
            rows = self._standing_rows(session, app.path)
            if not rows:
                raise NotDecidableError(f"{app.path} is not stopped")
            for row in rows:
                row.revived_by = str(identity.principal)
                row.revive_reason = reason.strip()
                row.revived_at = self._clock()
            self._audit.note(
                session,
                str(identity.principal),
                "app.revived",
                app.resource,
                reason=reason.strip(),
                app=app.path,
                deciders=decision.deciders,
                before={"stopped": _modes(rows)},
                after={"stopped": ()},
            )
            self._store.after_commit(session, lambda: self._notify(StateChanged()))
            return _kill(rows[0])

    def standing(self, session: Session, app_path: str) -> list[Kill]:
        """Return the stops that an app is under, those of every mode first."""
        return [_kill(row) for row in self._standing_rows(session, app_path)]

    def standing_in(self, session: Session, app_path: str, mode: str) -> Kill | None:
        """Return the stop that keeps an app from running in a mode, or None."""
        return next((kill for kill in self.standing(session, app_path) if kill.stops(mode)), None)

    def _standing_rows(self, session: Session, app_path: str) -> list[KillRow]:
        query = select(KillRow).where(KillRow.app == app_path, KillRow.revived_at.is_(None))
        return list(session.scalars(query.order_by(KillRow.mode, KillRow.time)))

    def _add(self, session: Session, app_path: str, mode: str, because: str, by: str, evidence: str) -> KillRow:
        row = KillRow(
            id=new_id("kil"),
            app=app_path,
            mode=mode,
            because=because,
            by=by,
            time=self._clock(),
            evidence=evidence,
            revived_by="",
            revive_reason="",
            revived_at=None,
        )
        session.add(row)
        session.flush()
        return row


def _modes(stops: Sequence[Kill | KillRow]) -> tuple[str, ...]:
    """Return in which modes an app is stopped, as the audit log says it."""
    return tuple(stop.mode or "everywhere" for stop in stops)


def _kill(row: KillRow) -> Kill:
    return Kill(
        id=row.id,
        app=row.app,
        mode=row.mode,
        because=row.because,
        by=row.by,
        time=row.time,
        evidence=row.evidence,
        revived_by=row.revived_by,
        revive_reason=row.revive_reason,
        revived_at=row.revived_at,
    )
