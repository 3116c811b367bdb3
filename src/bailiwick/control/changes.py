"""Ties services that tell of changes to those that must hear of them, which are made later."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.identity import InFlight
from bailiwick.control.planes import PlaneHub
from bailiwick.control.previews import PreviewRegister
from bailiwick.control.release import Change, JobAsked, MessageAsked, ReleaseService, UsedTree
from bailiwick.control.rereview import RereviewService
from bailiwick.control.source import PushRecord
from bailiwick.control.stops import StopChange, Stopped
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.messages import EnqueueOrder, KillOrder, RestoreOrder, RunJobOrder
from bailiwick.core.statements import Envelope


class ChangeRelay:
    """Passes changes on to data planes, to work in flight and to the release domain, once these are here."""

    def __init__(self) -> None:
        self.hub: PlaneHub | None = None
        self.in_flight: InFlight | None = None
        self.releases: ReleaseService | None = None
        self.previews: PreviewRegister | None = None
        self.rereviews: RereviewService | None = None
        self.slower: Callable[[], tuple[str, ...]] = tuple

    def refresh(self) -> None:
        """End what runs in the name of anybody whose access ended, and return once planes act on the change."""
        if self.in_flight is not None:
            self.in_flight.end_revoked()
        if self.hub is not None:
            self.hub.settle()

    def tell(self) -> None:
        """Tell planes in the middle of a transaction, which must not wait for them."""
        if self.hub is not None:
            self.hub.tell()

    def send(self, order: RestoreOrder) -> None:
        """Give planes an order that changes nothing of what they should be."""
        if self.hub is not None:
            self.hub.broadcast(order)

    def notify(self, change: Change | StopChange) -> None:
        """Give orders first and at once, then as `refresh` does."""
        if self.hub is None:
            return
        match change:
            case Stopped():
                self.hub.broadcast(
                    KillOrder(
                        scope=change.scope,
                        modes=change.modes,
                        because=change.because,
                        drain_seconds=change.drain_seconds,
                        apps=change.apps,
                    )
                )
            case MessageAsked():
                self.hub.broadcast(
                    EnqueueOrder(
                        app=change.app,
                        mode=change.mode,
                        worker=change.worker,
                        message=change.message,
                        revive=change.revive,
                        asked_by=change.asked_by,
                    )
                )
            case JobAsked():
                order = RunJobOrder(app=change.app, job=change.job, run=change.run, asked_by=change.asked_by)
                self.hub.broadcast(order)
        self.refresh()

    def accepted(
        self, session: Session, app: App, push: PushRecord, verdict: Envelope, files: Sequence[TreeFile]
    ) -> str:
        """Make the preview of a push that was taken, in its transaction; return the release.

        Engines for which no push waits are asked to read it.
        """
        assert self.releases is not None and self.rereviews is not None  # noqa: S101 - set before any push comes in
        if self.slower():
            used = UsedTree(app.path, push.tree, push.commit, "", "")
            self.rereviews.ask_for(session, [used], "slower engines read it")
        if not push.branch:
            return self.releases.preview(session, app, push, verdict, files)
        # Once more: others may have got what room there was while this was reviewed.
        self.require_room(session, app, push.branch)
        release = self.releases.preview(session, app, push, verdict, files, push.branch)
        self._register.pushed(session, app, push, release)
        return release

    def require_room(self, session: Session, app: App, branch: str) -> None:
        """Return when an app may have a preview of a branch."""
        self._register.require_room(session, app, branch)

    def words(self, session: Session, app: App, branch: str, *, own_database: bool) -> tuple[str, ...]:
        """Return what whoever pushed is told of the preview of a branch."""
        return self._register.words(session, app, branch, own_database=own_database)

    def deleted(self, session: Session, app: App, branch: str, by: str) -> None:
        """End the preview of a branch that is deleted."""
        self._register.deleted(session, app, branch, by)

    @property
    def _register(self) -> PreviewRegister:
        assert self.previews is not None  # noqa: S101 - set before any push comes in
        return self.previews
