"""Rehearsals: asked with each deploy that brings migrations, done by the plane of production, signed here."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.databases.model import MigrationLine, Rehearsal, RehearsalState
from bailiwick.control.databases.tables import RehearsalRow
from bailiwick.control.signing import LiveKey
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.chain import rehearsal_statement
from bailiwick.core.clock import Clock
from bailiwick.core.events import Outcome
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import MigrationText, RehearsalReport, RehearsalWanted
from bailiwick.core.migrations import FOLDER, Loss, Migration, classify, losses, migrations_of, still_read
from bailiwick.core.statements import Envelope, sign_statement
from bailiwick.store import Store

_PRODUCTION = "production"


class RehearsalService:
    """Keeps rehearsals. The caller brings the transaction; `tell` is called once one was asked or is done."""

    def __init__(self, *, store: Store, audit: AuditLog, key: LiveKey, clock: Clock, tell: Callable[[], None]) -> None:
        self._store = store
        self._audit = audit
        self._key = key
        self._clock = clock
        self._tell = tell

    def ask(
        self,
        session: Session,
        deploy: str,
        app: str,
        tree: str,
        manifest: Manifest,
        files: Sequence[TreeFile],
        running: Sequence[TreeFile],
    ) -> None:
        """Have the migrations of a deploy rehearsed, when it brings any; older ones that still wait are given up.

        Of the `running` release it is remembered what it still reads of what the new migrations take away.
        Raises `MigrationsError` when nobody could run them.
        """
        given_up = update(RehearsalRow).where(RehearsalRow.app == app, RehearsalRow.state == RehearsalState.WAITING)
        superseded = {"why": "a later deploy took its place"}
        session.execute(given_up.values(state=RehearsalState.FAILED, result=superseded, done_at=self._clock()))
        if manifest.database is None:
            return
        found = migrations_of({file.path: file.content for file in files})
        if not found:
            return
        session.add(
            RehearsalRow(
                deploy=deploy,
                app=app,
                tree=tree,
                state=RehearsalState.WAITING,
                migrations=[_text(item).model_dump(mode="json") for item in found],
                result={"breaks": _breaks(found, running)},
                statement=None,
                asked_at=self._clock(),
                done_at=None,
            )
        )
        session.flush()
        self._store.after_commit(session, self._tell)

    def of_deploy(self, session: Session, deploy: str) -> Rehearsal | None:
        """Return how the rehearsal of a deploy stands, or None when it needs none."""
        row = session.scalars(select(RehearsalRow).where(RehearsalRow.deploy == deploy)).one_or_none()
        return _rehearsal(row) if row is not None else None

    def wanted(self, session: Session, modes: frozenset[str]) -> tuple[RehearsalWanted, ...]:
        """Return what a plane that serves these modes must rehearse now."""
        if _PRODUCTION not in modes:
            return ()
        waiting = select(RehearsalRow).where(RehearsalRow.state == RehearsalState.WAITING)
        return tuple(
            RehearsalWanted(
                deploy=row.deploy,
                app=row.app,
                tenant=row.tenant,
                migrations=tuple(MigrationText.model_validate(item) for item in row.migrations),
            )
            for row in session.scalars(waiting.order_by(RehearsalRow.asked_at))
        )

    def take(self, session: Session, plane: str, report: RehearsalReport) -> None:
        """Remember how a rehearsal went, as a signed statement; what nobody waits for any more is left alone."""
        query = select(RehearsalRow).where(RehearsalRow.deploy == report.deploy, RehearsalRow.app == report.app)
        row = session.scalars(query.with_for_update()).one_or_none()
        if row is None or row.state != RehearsalState.WAITING:
            return
        told = report.model_dump(mode="json", include={"why", "diff", "notes", "steps"})
        result = {**told, "breaks": row.result.get("breaks", [])}
        migrations = [_migration(item) for item in row.migrations]
        statement = rehearsal_statement(
            app=row.app, tree=row.tree, plane=plane, passed=report.passed, why=report.why,
            migrations={item.title: item.digest for item in migrations},
        )  # fmt: skip
        row.state = RehearsalState.PASSED if report.passed else RehearsalState.FAILED
        row.result, row.done_at = result, self._clock()
        row.statement = json.loads(sign_statement(statement, self._key.now(session)).model_dump_json(by_alias=True))
        self._audit.note(
            session,
            f"plane:{plane}",
            "migration.rehearsed",
            f"app:{row.app}",
            outcome=Outcome.SUCCESS if report.passed else Outcome.FAILED,
            reason=report.why,
            app=row.app,
            plane=plane,
            context={"deploy": row.deploy, "migrations": tuple(item.title for item in migrations)},
        )
        self._store.after_commit(session, self._tell)


def _breaks(found: Sequence[Migration], running: Sequence[TreeFile]) -> list[str]:
    """Return what the running release still reads of what migrations that are new to it take away."""
    code = {file.path: file.content for file in running}
    new = [item for item in found if f"{FOLDER}{item.title}.up.sql" not in code]
    return list(still_read(code, new))


def _text(migration: Migration) -> MigrationText:
    return MigrationText(number=migration.number, name=migration.name, up=migration.up, down=migration.down)


def _migration(item: dict[str, Any]) -> Migration:
    return Migration(item["number"], item["name"], item["up"], item["down"])


def _rehearsal(row: RehearsalRow) -> Rehearsal:
    steps = {item["title"]: item for item in row.result.get("steps", ())}
    return Rehearsal(
        deploy=row.deploy,
        app=row.app,
        tree=row.tree,
        state=RehearsalState(row.state),
        why=str(row.result.get("why", "")),
        diff=tuple(row.result.get("diff", ())),
        notes=tuple(row.result.get("notes", ())),
        breaks=tuple(row.result.get("breaks", ())),
        migrations=tuple(_line(_migration(item), steps) for item in row.migrations),
        asked_at=row.asked_at,
        done_at=row.done_at,
        statement=Envelope.model_validate(row.statement) if row.statement else None,
    )


def _line(migration: Migration, steps: dict[str, Any]) -> MigrationLine:
    step = steps.get(migration.title, {})
    return MigrationLine(
        title=migration.title,
        kind=str(classify(migration)),
        destroys=tuple(map(_words, losses(migration.title, migration.up))),
        loses=tuple(map(_words, losses(migration.title, migration.down))),
        up_ms=float(step.get("up_ms", 0.0)),
        down_ms=float(step.get("down_ms", 0.0)),
        locks=tuple(step.get("locks", ())),
    )


def _words(loss: Loss) -> str:
    return f"{loss.way} {loss.what}"
