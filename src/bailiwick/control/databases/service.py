"""Databases of apps as their planes tell of them, and the return to a snapshot or a moment."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.databases.errors import MomentGoneError
from bailiwick.control.databases.model import OwnDatabase, SnapshotLine
from bailiwick.control.databases.tables import DatabaseRow
from bailiwick.control.identity import Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.messages import DatabaseReport, RestoreOrder, SnapshotSeen
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

GIVE_UP_DATA, PRODUCTION = "app.give-up-data", "production"


class DatabaseService:
    """Knows what planes said of apps' databases. `send` gives an order to planes once it is durable."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        send: Callable[[RestoreOrder], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._send = send
        self._clock = clock

    def databases(self, session: Session, identity: Identity, app_path: str) -> list[OwnDatabase]:
        """Return the databases of an app that the asker may read, production first."""
        app = self._catalog.readable_app(session, identity, app_path)
        rows = session.scalars(select(DatabaseRow).where(DatabaseRow.app == app.path).order_by(DatabaseRow.mode.desc()))
        return [_database(row) for row in rows]

    def record(self, session: Session, plane: str, report: DatabaseReport) -> None:
        """Remember what a plane said of a database."""
        said = {
            "plane": plane,
            "release": report.release,
            "migrations": list(report.migrations),
            "snapshots": [item.model_dump(mode="json") for item in report.snapshots],
            "fault": report.fault,
            "any_moment_since": report.any_moment_since,
            "time": report.time,
        }
        row = insert(DatabaseRow).values(app=report.app, mode=report.mode, **said)
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "mode"], set_=said))

    def restore(self, identity: Identity, app_path: str, snapshot: str, reason: str) -> OwnDatabase:
        """Have a database put back as a snapshot holds it; what came after is in a snapshot that is taken before.

        Raises `NotFoundError` for a snapshot that no plane told of.
        """
        with self._store.transaction() as session:
            known = self.databases(session, identity, app_path)
            found = next((item for item in known if snapshot in {kept.id for kept in item.snapshots}), None)
            self._ask(session, identity, app_path, found, {"snapshot": snapshot}, reason)
            if found is None:
                raise NotFoundError(
                    f"there is no snapshot '{snapshot[:60]}' of {app_path}",
                    hint=f"bailiwick database snapshots {app_path} lists them",
                )
            return found

    def restore_moment(
        self, identity: Identity, app_path: str, moment: datetime, reason: str, mode: str = PRODUCTION
    ) -> OwnDatabase:
        """Have a database put back as it was at a moment; what came after is in a snapshot that is taken before.

        Raises `NotFoundError` where there is no database, `MomentGoneError` where its plane cannot rebuild that moment.
        """
        if moment.tzinfo is None:
            raise InvalidInputError("say in which time zone that is", hint="for example 2026-11-29T06:00:00Z")
        with self._store.transaction() as session:
            found = next((item for item in self.databases(session, identity, app_path) if item.mode == mode), None)
            self._ask(session, identity, app_path, found, {"moment": moment.isoformat()}, reason)
            if found is None:
                raise NotFoundError(f"{app_path} has no database of its own in {mode[:40]}")
            since = found.any_moment_since
            if since is None:
                raise MomentGoneError(
                    f"{found.plane} keeps snapshots only", hint=f"bailiwick database snapshots {app_path} lists them"
                )
            if not since <= moment <= self._clock():
                raise MomentGoneError(
                    f"any moment from {since:%Y-%m-%d %H:%M:%S} UTC until now can be had, and this is none",
                    hint="name another, or a snapshot",
                )
            return found

    def _ask(
        self,
        session: Session,
        identity: Identity,
        app_path: str,
        found: OwnDatabase | None,
        to: Mapping[str, str],
        reason: str,
    ) -> None:
        """Give the order once all of this is durable, when somebody may; what is wrong with it undoes that."""
        reason = given_reason(reason, "say why what came since is given up", what="going back")
        app = self._catalog.readable_app(session, identity, app_path)
        decision = self._authorizer.require(session, identity, GIVE_UP_DATA, app.resource)
        if found is None:
            return
        self._audit.note(
            session,
            str(identity.principal),
            "database.restore-asked",
            app.resource,
            reason=reason,
            app=app.path,
            deciders=decision.deciders,
            context={**to, "mode": found.mode},
        )
        order = RestoreOrder.model_validate(
            {"app": app.path, "mode": found.mode, **to, "asked_by": str(identity.principal)}
        )
        self._store.after_commit(session, lambda: self._send(order))


def _database(row: DatabaseRow) -> OwnDatabase:
    seen = [SnapshotSeen.model_validate(item) for item in row.snapshots]
    return OwnDatabase(
        app=row.app,
        mode=row.mode,
        plane=row.plane,
        release=row.release,
        migrations=tuple(row.migrations),
        snapshots=tuple(SnapshotLine(item.id, item.time, item.why, item.release, item.bytes) for item in seen),
        fault=row.fault,
        any_moment_since=row.any_moment_since,
        time=row.time,
    )
