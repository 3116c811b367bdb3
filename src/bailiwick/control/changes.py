"""Ties services that tell of changes to those that must hear of them, which are made later."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.identity import InFlight
from bailiwick.control.planes import PlaneHub
from bailiwick.control.release import AppKilled, Change, JobAsked, ReleaseService, UsedTree
from bailiwick.control.rereview import RereviewService
from bailiwick.control.source import PushRecord
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.messages import KillOrder, RunJobOrder
from bailiwick.core.statements import Envelope


class ChangeRelay:
    """Passes changes on to data planes, to work in flight and to the release domain, once these are here."""

    def __init__(self) -> None:
        self.hub: PlaneHub | None = None
        self.in_flight: InFlight | None = None
        self.releases: ReleaseService | None = None
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

    def notify(self, change: Change) -> None:
        """Give orders first and at once, then as `refresh` does."""
        if self.hub is None:
            return
        match change:
            case AppKilled():
                self.hub.broadcast(KillOrder(app=change.app, modes=change.modes, because=change.because))
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
        return self.releases.preview(session, app, push, verdict, files)
