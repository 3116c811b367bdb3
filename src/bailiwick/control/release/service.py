"""Releases: previews of what was just accepted, rollback, and jobs."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.capabilities import OpenFor
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.release.model import (
    PLANE_OF_MODE,
    PREVIEW,
    PRODUCTION,
    DeployState,
    JobAsked,
    Release,
    StateChanged,
    UsedTree,
)
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
from bailiwick.control.release.tables import CurrentRow, DeployRow, ReleaseRow
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.statements import Envelope
from bailiwick.store import Store


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
        self, session: Session, app: App, reviewed: ReviewedCommit, verdict: Envelope, files: Sequence[TreeFile]
    ) -> str:
        """Make what was just accepted the app's preview, in the transaction of the push; return the release's id."""
        order = PackOrder(
            mode=PREVIEW,
            commit=reviewed.commit,
            tree=reviewed.tree,
            authors=frozenset({reviewed.author}),
            verdict=verdict,
            resolved=self._integrations.resolve(
                session, manifest_of(files), PLANE_OF_MODE[PREVIEW], self._open_for(session, app.path)
            ),
            files=files,
        )
        release = self._packer.pack(session, app, order)
        self._audit.note(session, reviewed.author, "release.previewed", app.resource, app=app.path, release=release)
        self._store.after_commit(session, lambda: self._notify(StateChanged()))
        return release

    def rollback(self, identity: Identity, app_path: str, release_id: str) -> Release:
        """Serve an earlier production release again; its chain is still the one that was approved."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.rollback", app.resource)
            row = session.get(ReleaseRow, release_id)
            if row is None or row.app != app.path or row.mode != PRODUCTION:
                raise NotFoundError(
                    f"'{release_id[:60]}' is no production release of {app.path}",
                    hint=f"bailiwick app show {app.path} lists its releases",
                )
            make_current(session, app.path, PRODUCTION, row.id)
            self._audit.note(
                session,
                str(identity.principal),
                "release.rolled-back",
                app.resource,
                app=app.path,
                release=row.id,
                deciders=decision.deciders,
            )
            self._store.after_commit(session, lambda: self._notify(StateChanged()))
            return _release(row, {row.id})

    def run_job(self, identity: Identity, app_path: str, job: str) -> str:
        """Ask production to run a job of the app once, now; return the run's id."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.run-job", app.resource)
            served = current_release(session, app.path, PRODUCTION)
            if served is None:
                raise NotFoundError(f"{app.path} is not in production", hint=f"bailiwick deploy {app.path}")
            jobs = manifest_of(self._sources.files(app, served.commit)).jobs
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

    def releases(self, session: Session, app_path: str, limit: int = 20) -> list[Release]:
        """Return an app's releases, newest first."""
        current = set(session.scalars(select(CurrentRow.release).where(CurrentRow.app == app_path)))
        query = select(ReleaseRow).where(ReleaseRow.app == app_path).order_by(ReleaseRow.created_at.desc())
        return [_release(row, current) for row in session.scalars(query.limit(limit))]

    def releases_of(self, session: Session, app_path: str, commits: Collection[str]) -> list[Release]:
        """Return the releases of commits of an app, oldest first."""
        current = set(session.scalars(select(CurrentRow.release).where(CurrentRow.app == app_path)))
        query = select(ReleaseRow).where(ReleaseRow.app == app_path, ReleaseRow.commit.in_(commits))
        return [_release(row, current) for row in session.scalars(query.order_by(ReleaseRow.created_at))]

    def in_use(self, session: Session, *, app: str = "") -> list[UsedTree]:
        """Return what runs or waits for a decision, of all apps or of one, production first."""
        running = select(ReleaseRow.app, ReleaseRow.tree, ReleaseRow.commit, ReleaseRow.mode, ReleaseRow.id).join(
            CurrentRow, CurrentRow.release == ReleaseRow.id
        )
        waiting = select(DeployRow.app, DeployRow.tree, DeployRow.commit).where(
            DeployRow.state == DeployState.REQUESTED
        )
        if app:
            running, waiting = running.where(ReleaseRow.app == app), waiting.where(DeployRow.app == app)
        rows = session.execute(running.order_by(ReleaseRow.mode.desc(), ReleaseRow.app)).all()
        return [UsedTree(*row) for row in rows] + [UsedTree(*row, "", "") for row in session.execute(waiting)]


def _release(row: ReleaseRow, current: set[str]) -> Release:
    return Release(
        id=row.id,
        app=row.app,
        mode=row.mode,
        commit=row.commit,
        tree=row.tree,
        authors=tuple(row.authors),
        approvers=tuple(row.approvers),
        artifact_sha256=row.artifact_sha256,
        created_at=row.created_at,
        current=row.id in current,
    )
