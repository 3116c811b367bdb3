"""The register of previews: what pushes put into it, what planes say of them, and what planes are told of ended ones.

The caller brings the transaction.
"""

from datetime import timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App
from bailiwick.control.previews.errors import NoRoomError
from bailiwick.control.previews.model import Preview, PreviewState
from bailiwick.control.previews.tables import PreviewRow
from bailiwick.core.branches import branch_label
from bailiwick.core.clock import Clock
from bailiwick.core.events import Outcome
from bailiwick.core.messages import AppReport, EndedPreview, KillReport

# Branches whose previews ended are kept too, so that their addresses say so: there is an end to those as well.
_MOST_BRANCHES = 200
_WORDS = 2000
# So long an address says that its preview ended.
_SAID_FOR = timedelta(days=30)


class Served(Protocol):
    """What is needed of the release domain."""

    def serve_branch(self, session: Session, app_path: str, branch: str, release: str) -> None:
        """Serve a release as the preview of a branch."""

    def end_branch(self, session: Session, app_path: str, branch: str) -> None:
        """Serve no preview of a branch any more."""


class Pushed(Protocol):
    """What is needed of a push."""

    @property
    def commit(self) -> str:
        """The commit."""

    @property
    def tree(self) -> str:
        """Its tree."""

    @property
    def author(self) -> str:
        """Who pushed it, as a written principal."""

    @property
    def branch(self) -> str:
        """Where to."""


class PreviewRegister:
    """Previews of branches, `most` of them live for each app, each for some days after its last push."""

    def __init__(self, audit: AuditLog, releases: Served, clock: Clock, *, days: int, most: int, url: str) -> None:
        """`url` is the address of a preview, with `{host}` for its name."""
        self._audit = audit
        self._releases = releases
        self._clock = clock
        self._span = timedelta(days=days)
        self._most = most
        self._url = url

    # -- what pushes do -------------------------------------------------------------------------------------------

    def require_room(self, session: Session, app: App, branch: str) -> None:
        """Return when an app may have a preview of a branch, still or anew; raise `NoRoomError` with words when not."""
        rows = session.scalars(select(PreviewRow).where(PreviewRow.app == app.path).with_for_update()).all()
        label = branch_label(branch)
        others = [row for row in rows if row.branch != branch]
        same = next((row for row in others if row.label == label), None)
        if same is not None:
            raise NoRoomError(
                f"the preview of '{branch}' would have the address of that of '{same.branch}'",
                hint="choose another name for the branch",
            )
        live = sorted((row for row in others if row.state == PreviewState.LIVE), key=lambda row: row.pushed_at)
        if len(live) >= self._most:
            oldest = live[0]
            raise NoRoomError(
                f"{app.path} has {len(live)} previews of branches, the most that it may have; the oldest is of "
                f"'{oldest.branch}', pushed on {oldest.pushed_at:%Y-%m-%d} by {oldest.pushed_by}",
                hint=f"end one that is not needed: bailiwick preview end {app.path} {oldest.branch}",
            )
        if len(others) >= _MOST_BRANCHES:
            raise NoRoomError(
                f"{app.path} has {len(others)} branches, the most that are kept",
                hint="delete some that are merged: git push --delete origin NAME",
            )

    def pushed(self, session: Session, app: App, push: Pushed, release: str) -> None:
        """Remember that a release is the preview of a branch now, for its full time."""
        now = self._clock()
        label = branch_label(push.branch)
        values = {
            "label": label,
            "host": f"{label}.{app.host}",
            "state": PreviewState.LIVE.value,
            "release": release,
            "commit": push.commit,
            "tree": push.tree,
            "pushed_by": push.author,
            "pushed_at": now,
            "ends_at": now + self._span,
            "ended_at": None,
            "ended_by": "",
            "reason": "",
            "status": "starting",
            "words": "",
        }
        row = insert(PreviewRow).values(app=app.path, branch=push.branch, **values)
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "branch"], set_=values))

    def words(self, session: Session, app: App, branch: str, *, own_database: bool) -> tuple[str, ...]:
        """Return what whoever pushed to a branch is told of its preview."""
        row = self.row(session, app.path, branch)
        if row is None:
            return ()
        lines = [f"It answers at {self.address(preview_of(row))}", f"until {row.ends_at:%Y-%m-%d %H:%M} UTC."]
        if own_database:
            lines.append("It has a database of its own, which begins empty and ends with it.")
        return (f"{lines[0]} {lines[1]}", *lines[2:])

    def deleted(self, session: Session, app: App, branch: str, by: str) -> None:
        """End and forget the preview of a branch that is deleted; the log keeps that it was there."""
        row = self.row(session, app.path, branch, lock=True)
        if row is None:
            return
        if row.state == PreviewState.LIVE:
            self.end(session, row, PreviewState.ENDED, by, "its branch was deleted")
        session.delete(row)
        session.flush()

    # -- how one begins and ends -----------------------------------------------------------------------------------

    def end(
        self,
        session: Session,
        row: PreviewRow,
        state: PreviewState,
        by: str,
        reason: str,
        deciders: tuple[str, ...] = (),
    ) -> None:
        """Serve a preview no more, and write down why."""
        row.state, row.ended_at, row.ended_by, row.reason = state.value, self._clock(), by, reason
        session.flush()
        self._releases.end_branch(session, row.app, row.branch)
        self.note(session, row, f"preview.{state.value}", by, reason, deciders)

    def renew(self, session: Session, row: PreviewRow) -> None:
        """Give a preview its full time again; what had ended is served again."""
        if row.state != PreviewState.LIVE:
            row.status, row.words = "starting", ""
            self._releases.serve_branch(session, row.app, row.branch, row.release)
        row.state, row.ended_at, row.ended_by, row.reason = PreviewState.LIVE.value, None, "", ""
        row.ends_at = self._clock() + self._span
        session.flush()

    def note(
        self, session: Session, row: PreviewRow, action: str, by: str, reason: str, deciders: tuple[str, ...] = ()
    ) -> None:
        """Add to the log what becomes of a preview."""
        self._audit.note(
            session,
            by,
            action,
            f"app:{row.app}",
            outcome=Outcome.SUCCESS,
            reason=reason,
            app=row.app,
            release=row.release,
            deciders=deciders,
            context={"branch": row.branch, "commit": row.commit, "until": row.ends_at.isoformat()},
        )

    # -- what planes say and hear ----------------------------------------------------------------------------------

    def take_status(self, session: Session, report: AppReport) -> None:
        """Remember how the preview of a branch is doing; what is said of an earlier release is of no use."""
        row = self.row(session, report.app, report.branch, lock=True)
        if row is not None and row.release == report.release and row.state == PreviewState.LIVE:
            row.status, row.words = report.status, report.words[:_WORDS]

    def stopped(self, session: Session, report: KillReport, plane: str) -> None:
        """Remember that a plane stopped the preview of a branch by itself: this one alone ends."""
        row = self.row(session, report.app, report.branch, lock=True)
        if row is not None and row.release == report.release and row.state == PreviewState.LIVE:
            self.end(session, row, PreviewState.STOPPED, f"plane:{plane}", report.because)

    def ended(self, session: Session) -> tuple[EndedPreview, ...]:
        """Return the addresses where planes say that a preview ended, and how it comes back."""
        gone = (PreviewRow.state != PreviewState.LIVE, PreviewRow.ended_at > self._clock() - _SAID_FOR)
        query = select(PreviewRow).where(*gone).order_by(PreviewRow.app, PreviewRow.branch)
        return tuple(_ended(row) for row in session.scalars(query))

    # -- what others ask -------------------------------------------------------------------------------------------

    def address(self, preview: Preview) -> str:
        """Return where a preview answers."""
        return self._url.format(host=preview.host)

    def live_host(self, session: Session, app_path: str, branch: str) -> str | None:
        """Return the name at which the preview of a branch answers now, or None."""
        row = self.row(session, app_path, branch)
        return row.host if row is not None and row.state == PreviewState.LIVE else None

    def live(self, session: Session) -> dict[str, int]:
        """Return how many previews of branches are served, by app."""
        query = select(PreviewRow.app, func.count()).where(PreviewRow.state == PreviewState.LIVE)
        return {row[0]: row[1] for row in session.execute(query.group_by(PreviewRow.app))}

    def row(self, session: Session, app_path: str, branch: str, *, lock: bool = False) -> PreviewRow | None:
        """Return the row of a branch, or None."""
        query = select(PreviewRow).where(PreviewRow.app == app_path, PreviewRow.branch == branch)
        return session.scalars(query.with_for_update() if lock else query).one_or_none()


def preview_of(row: PreviewRow) -> Preview:
    """Return a row as a preview."""
    return Preview(
        app=row.app,
        branch=row.branch,
        host=row.host,
        state=PreviewState(row.state),
        release=row.release,
        commit=row.commit,
        pushed_by=row.pushed_by,
        pushed_at=row.pushed_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        reason=row.reason,
        status=row.status,
        words=row.words,
    )


def _ended(row: PreviewRow) -> EndedPreview:
    verbs = {
        PreviewState.EXPIRED: "expired, because nothing was pushed to it for long enough",
        PreviewState.STOPPED: "was stopped, because it failed too often",
    }
    verb = verbs.get(PreviewState(row.state), "was ended")
    when = f" on {row.ended_at:%Y-%m-%d}" if row.ended_at is not None else ""
    return EndedPreview(
        host=row.host,
        words=f"The preview of '{row.branch}' of {row.app} {verb}{when}.",
        hint=f"Push to the branch again, or: bailiwick preview renew {row.app} {row.branch}",
    )
