"""Puts together what the domains remember: the revisions of an app, and where its lines come from."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.history.model import Blame, Revision, RevisionPage
from bailiwick.control.release import PRODUCTION, DeployService, Release, ReleaseService
from bailiwick.control.review import ReviewService
from bailiwick.control.source import BlamedLine, PushRecord, SourceService
from bailiwick.control.studio import StudioService
from bailiwick.core.errors import NotFoundError
from bailiwick.core.principals import Identity

MAX_PAGE = 100


class HistoryService:
    """Answers for whoever may read an app. The caller brings the transaction."""

    def __init__(
        self,
        *,
        catalog: CatalogService,
        sources: SourceService,
        reviews: ReviewService,
        deploys: DeployService,
        releases: ReleaseService,
        work: StudioService,
    ) -> None:
        self._catalog = catalog
        self._sources = sources
        self._reviews = reviews
        self._deploys = deploys
        self._releases = releases
        self._work = work

    def revisions(
        self, session: Session, identity: Identity, app_path: str, *, cursor: str = "", limit: int = 30
    ) -> RevisionPage:
        """Return an app's pushes with what came of them, refused ones too, in a fixed number of questions."""
        app = self._catalog.readable_app(session, identity, app_path)
        most = min(max(limit, 1), MAX_PAGE)
        pushes = self._sources.pushes_before(session, app.path, cursor, most + 1)
        shown = pushes[:most]
        return RevisionPage(self._revisions(session, app, shown), shown[-1].id if len(pushes) > most else "")

    def since(self, session: Session, app: App, base: str, commit: str) -> tuple[Revision, ...]:
        """Return what leads from one accepted commit (empty: from nothing) to a later one, newest first."""
        pushes = self._sources.accepted_pushes(session, app.path)
        commits = [push.commit for push in pushes]
        end = commits.index(commit) + 1 if commit in commits else 0
        begin = commits.index(base) + 1 if base in commits[:end] else 0
        return self._revisions(session, app, pushes[begin:end][::-1][:MAX_PAGE])

    def revision(self, session: Session, identity: Identity, push_id: str) -> tuple[App, Revision, str]:
        """Return a push with its app, and the commit that was on its branch or on main before it (empty: none)."""
        unknown = NotFoundError(f"there is no push '{push_id[:60]}', or you may not see it")
        try:
            push = self._sources.push(session, push_id)
            app = self._catalog.readable_app(session, identity, push.app)
        except NotFoundError as fault:
            raise unknown from fault
        earlier = [
            item
            # The first push to a branch is held against what was on main.
            for branch in dict.fromkeys((push.branch, ""))
            for item in reversed(self._sources.accepted_pushes(session, app.path, branch))
            if item.time < push.time
        ]
        (revision,) = self._revisions(session, app, [push])
        return app, revision, earlier[0].commit if earlier else ""

    def blame(
        self, session: Session, identity: Identity, app_path: str, path: str, line: int, *, at: str = ""
    ) -> Blame:
        """Return why a line is there at `production`, at a commit that was taken, or (`at` is empty) at the newest."""
        app = self._catalog.readable_app(session, identity, app_path)
        commit = self.resolve(session, app, at)
        (found,) = self._sources.blame(app, commit, path, line, line)
        return self._explained(session, app, path, commit, found)

    def resolve(self, session: Session, app: App, at: str) -> str:
        """Return the commit that is meant: `production`, one that was taken, or (empty) the newest."""
        if at == PRODUCTION:
            running = [used for used in self._releases.in_use(session, app=app.path) if used.mode == PRODUCTION]
            if not running:
                raise NotFoundError(f"{app.path} is not in production", hint="ask without production for the newest")
            return running[0].commit
        push = self._sources.accepted(session, app, at, anywhere=True) if at else self._sources.head(session, app)
        if push is None:
            raise NotFoundError(
                f"{app.path} has no commit '{at[:40]}' that was taken" if at else f"nothing was pushed to {app.path}",
                hint=f"bailiwick history {app.path} shows what was",
            )
        return push.commit

    def _explained(self, session: Session, app: App, path: str, at: str, line: BlamedLine) -> Blame:
        push, commit = self._sources.push_with(session, app, line.commit)
        revision, since = None, None
        if push is not None:
            (revision,) = self._revisions(session, app, [push])
            landed = self._sources.landed(session, app, line.commit) if push.branch else push
            since = self._in_production_since(session, app, landed) if landed is not None else None
        return Blame(app.path, path, at, line, commit, revision, since)

    def _in_production_since(self, session: Session, app: App, push: PushRecord) -> Release | None:
        """Return the first production release that holds what a push brought: main only ever moves forward."""
        pushes = self._sources.accepted_pushes(session, app.path)
        commits = [item.commit for item in pushes if (item.time, item.id) >= (push.time, push.id)]
        releases = self._releases.releases_of(session, app.path, commits)
        return next((item for item in releases if item.mode == PRODUCTION), None)

    def _revisions(self, session: Session, app: App, pushes: Sequence[PushRecord]) -> tuple[Revision, ...]:
        taken = [push.commit for push in pushes if push.accepted]
        commits = self._sources.commits_of(session, [push.id for push in pushes if push.accepted])
        # Of what was taken the last word counts: it may have been withdrawn since.
        newest = self._reviews.newest(session, app.path, [push.tree for push in pushes if push.accepted])
        last = {push.id: newest.get(push.tree, push.review) if push.accepted else push.review for push in pushes}
        reviews = self._reviews.summaries(session, list(last.values()))
        deploys = self._deploys.deploys_of(session, app.path, taken)
        releases = self._releases.releases_of(session, app.path, taken)
        work = self._work.work_of(session, app.path, taken)
        return tuple(
            Revision(
                push=push,
                commits=tuple(commits.get(push.id, ())),
                review=reviews.get(last[push.id]),
                deploys=tuple(item for item in deploys if push.accepted and item.commit == push.commit),
                releases=tuple(item for item in releases if push.accepted and item.commit == push.commit),
                work=work.get(push.commit) if push.accepted else None,
            )
            for push in pushes
        )
