"""Releases: previews of what was just accepted, what is in use, and jobs."""

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.capabilities import OpenFor
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.release.model import DeployState, JobAsked, MessageAsked, Release, StateChanged, UsedTree
from bailiwick.control.release.packing import (
    Notify,
    Packer,
    PackOrder,
    ReviewedCommit,
    Sources,
    current_release,
    make_current,
    manifest_of,
)
from bailiwick.control.release.rows import release_of
from bailiwick.control.release.tables import CandidateRow, CurrentRow, DeployRow, ReleaseRow
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.manifest import Manifest, Worker
from bailiwick.core.modes import PLANE_OF_MODE, PREVIEW, PRODUCTION, Mode
from bailiwick.core.principals import Identity
from bailiwick.core.statements import Envelope
from bailiwick.store import Store

# How many earlier production releases of an app are kept ready for a rollback.
_FALLBACKS = 2
_MESSAGE_BYTES = 64 * 1024


class ReleaseService:
    """What was packed and signed. `notify` is called once a change is durable."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        integrations: IntegrationService,
        open_for: OpenFor,
        sources: Sources,
        packer: Packer,
        notify: Notify,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._integrations = integrations
        self._open_for = open_for
        self._sources = sources
        self._packer = packer
        self._notify = notify

    def preview(
        self,
        session: Session,
        app: App,
        reviewed: ReviewedCommit,
        verdict: Envelope,
        files: Sequence[TreeFile],
        branch: str = "",
    ) -> str:
        """Make what was just accepted the preview of the app or of a branch, in the transaction of the push.

        Returns the release's id.
        """
        order = PackOrder(
            mode=PREVIEW,
            commit=reviewed.commit,
            tree=reviewed.tree,
            authors=frozenset({reviewed.author}),
            verdict=verdict,
            resolved=self._integrations.resolve(
                session, manifest_of(files), app.folder, PLANE_OF_MODE[PREVIEW], self._open_for(session, app.path)
            ),
            files=files,
            branch=branch,
        )
        release = self._packer.pack(session, app, order)
        self._audit.note(
            session,
            reviewed.author,
            "release.previewed",
            app.resource,
            app=app.path,
            release=release,
            context={"branch": branch} if branch else {},
        )
        self._store.after_commit(session, lambda: self._notify(StateChanged()))
        return release

    def serve_branch(self, session: Session, app_path: str, branch: str, release: str) -> None:
        """Serve a release again as the preview of a branch, in the caller's transaction."""
        make_current(session, app_path, PREVIEW, release, branch=branch)
        self._store.after_commit(session, lambda: self._notify(StateChanged()))

    def end_branch(self, session: Session, app_path: str, branch: str) -> None:
        """Serve no preview of a branch any more, in the caller's transaction."""
        assert branch, "main's preview does not end"  # noqa: S101 - a fault of ours
        own = (CurrentRow.app == app_path, CurrentRow.mode == PREVIEW, CurrentRow.branch == branch)
        session.execute(delete(CurrentRow).where(*own))
        self._store.after_commit(session, lambda: self._notify(StateChanged()))

    def run_job(self, identity: Identity, app_path: str, job: str) -> str:
        """Ask production to run a job of the app once, now; return the run's id."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.run-job", app.resource)
            served = current_release(session, app.path, PRODUCTION)
            manifest = self.production_manifest(session, app)
            if served is None or manifest is None:
                raise NotFoundError(f"{app.path} is not in production", hint=f"bailiwick deploy {app.path}")
            jobs = manifest.jobs
            if job not in jobs:
                raise NotFoundError(
                    f"{app.path} has no job '{job[:60]}'", hint=f"there are: {', '.join(sorted(jobs)) or 'none'}"
                )
            asked = JobAsked(app.path, job, new_id("run"), str(identity.principal))
            self._audit.note(
                session,
                asked.asked_by,
                "job.requested",
                app.resource,
                app=app.path,
                release=served.id,
                deciders=decision.deciders,
                context={"job": job, "run": asked.run},
            )
            self._store.after_commit(session, lambda: self._notify(asked))
            return asked.run

    def send_message(
        self, identity: Identity, app_path: str, worker: str, message: str = "", *, mode: Mode = PRODUCTION
    ) -> None:
        """Ask for a message (JSON) to be given to a worker of an app, or, without one, for what it gave up."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.run-job", app.resource)
            served, workers = self._served_workers(session, app, mode)
            if worker not in workers or not workers[worker].queue:
                known = ", ".join(sorted(name for name, item in workers.items() if item.queue)) or "none"
                raise NotFoundError(f"{app.path} has no queue '{worker[:40]}'", hint=f"there are: {known}")
            _require_json(message)
            asked = MessageAsked(app.path, mode, worker, message, not message, str(identity.principal))
            self._audit.note(
                session,
                asked.asked_by,
                "message.requested" if message else "message.revival-requested",
                app.resource,
                app=app.path,
                release=served.id,
                deciders=decision.deciders,
                context={"worker": worker, "mode": mode},
            )
            self._store.after_commit(session, lambda: self._notify(asked))

    def workers(self, session: Session, app: App, mode: Mode) -> Mapping[str, Worker]:
        """Return the workers of what an app serves in a mode; raise `NotFoundError` when that is nothing."""
        return self._served_workers(session, app, mode)[1]

    def _served_workers(self, session: Session, app: App, mode: Mode) -> tuple[ReleaseRow, Mapping[str, Worker]]:
        served = current_release(session, app.path, mode)
        if served is None:
            way = "deploy" if mode == "production" else "push"
            raise NotFoundError(f"{app.path} is not in {mode}", hint=f"bailiwick {way} {app.path}")
        return served, manifest_of(self._sources.files(app, served.commit)).workers

    def production_manifest(self, session: Session, app: App) -> Manifest | None:
        """Return the manifest of what an app has in production, None when it has nothing there."""
        served = current_release(session, app.path, PRODUCTION)
        return manifest_of(self._sources.files(app, served.commit)) if served is not None else None

    def releases(self, session: Session, app_path: str, limit: int = 20) -> list[Release]:
        """Return an app's releases, newest first."""
        current = set(session.scalars(select(CurrentRow.release).where(CurrentRow.app == app_path)))
        query = select(ReleaseRow).where(ReleaseRow.app == app_path).order_by(ReleaseRow.created_at.desc())
        return [release_of(row, current) for row in session.scalars(query.limit(limit))]

    def releases_of(self, session: Session, app_path: str, commits: Collection[str]) -> list[Release]:
        """Return the releases of commits of an app, oldest first."""
        current = set(session.scalars(select(CurrentRow.release).where(CurrentRow.app == app_path)))
        query = select(ReleaseRow).where(ReleaseRow.app == app_path, ReleaseRow.commit.in_(commits))
        return [release_of(row, current) for row in session.scalars(query.order_by(ReleaseRow.created_at))]

    def in_use(self, session: Session, *, app: str = "") -> list[UsedTree]:
        """Return what runs, runs beside it, or waits for a decision, of all apps or of one, production first."""
        running = select(ReleaseRow.app, ReleaseRow.tree, ReleaseRow.commit, ReleaseRow.mode, ReleaseRow.id).join(
            CurrentRow, CurrentRow.release == ReleaseRow.id
        )
        beside = (
            select(ReleaseRow.app, ReleaseRow.tree, ReleaseRow.commit, ReleaseRow.mode, ReleaseRow.id)
            .join(CandidateRow, CandidateRow.release == ReleaseRow.id)
            .order_by(ReleaseRow.app)
        )
        waiting = select(DeployRow.app, DeployRow.tree, DeployRow.commit).where(
            DeployRow.state == DeployState.REQUESTED
        )
        if app:
            running, waiting = running.where(ReleaseRow.app == app), waiting.where(DeployRow.app == app)
            beside = beside.where(ReleaseRow.app == app)
        rows = session.execute(running.order_by(ReleaseRow.mode.desc(), ReleaseRow.app)).all()
        rows = [*rows, *session.execute(beside)]
        return [UsedTree(*row) for row in rows] + [UsedTree(*row, "", "") for row in session.execute(waiting)]

    def judged(self, session: Session, *, app: str = "") -> list[UsedTree]:
        """Return the trees whose verdicts are kept up to date: what is in use, then what a rollback would go to."""
        used = self.in_use(session, app=app)
        known = {(item.app, item.tree) for item in used}
        place = func.row_number().over(partition_by=ReleaseRow.app, order_by=ReleaseRow.created_at.desc())
        query = (
            select(ReleaseRow.app, ReleaseRow.tree, ReleaseRow.commit, place.label("place"))
            .outerjoin(CurrentRow, CurrentRow.release == ReleaseRow.id)
            .where(ReleaseRow.mode == PRODUCTION, CurrentRow.release.is_(None))
        )
        earlier = (query.where(ReleaseRow.app == app) if app else query).subquery()
        nearest = select(earlier.c.app, earlier.c.tree, earlier.c.commit).where(earlier.c.place <= _FALLBACKS)
        for row in session.execute(nearest):
            if (row.app, row.tree) not in known:
                known.add((row.app, row.tree))
                used.append(UsedTree(row.app, row.tree, row.commit, "", ""))
        return used


def _require_json(message: str) -> None:
    if len(message.encode()) > _MESSAGE_BYTES:
        raise InvalidInputError(f"a message by hand has {_MESSAGE_BYTES // 1024} KiB at most")
    try:
        json.loads(message or "null")
    except (ValueError, RecursionError):
        raise InvalidInputError("a message is JSON", hint="a text is written with its quotes: '\"text\"'") from None
