"""What people do with previews of branches: look at them, end one before its time, and give one its time again."""

from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.previews.errors import NoPreviewError
from bailiwick.control.previews.model import Preview, PreviewState
from bailiwick.control.previews.register import PreviewRegister, preview_of
from bailiwick.control.previews.tables import PreviewRow
from bailiwick.control.review import Standing
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store


class Verdicts(Protocol):
    """What is needed of the review domain."""

    def standing(self, session: Session, app: str, tree: str) -> Standing:
        """Return the signed verdict on a tree when it is good now, else why there is none."""


class PreviewService:
    """Opens the transaction and asks policy; what it changes is audited with it."""

    def __init__(
        self,
        register: PreviewRegister,
        *,
        store: Store,
        authorizer: Authorizer,
        catalog: CatalogService,
        verdicts: Verdicts,
    ) -> None:
        self.register = register
        self._store = store
        self._authorizer = authorizer
        self._catalog = catalog
        self._verdicts = verdicts

    def list(self, session: Session, identity: Identity, app_path: str) -> list[Preview]:
        """Return the previews of branches of an app that the asker may read: what is served first, newest first."""
        app = self._catalog.readable_app(session, identity, app_path)
        rows = session.scalars(select(PreviewRow).where(PreviewRow.app == app.path))
        found = sorted((preview_of(row) for row in rows), key=lambda item: item.pushed_at, reverse=True)
        return sorted(found, key=lambda item: item.state != PreviewState.LIVE)

    def end(self, identity: Identity, app_path: str, branch: str, reason: str = "") -> Preview:
        """End a preview before its time. Whoever may push to the app may, and whoever may stop it.

        Raises `NoPreviewError` when there is none that is served.
        """
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._may_end(session, identity, app)
            row = self._row(session, app, branch)
            if row.state != PreviewState.LIVE:
                raise NoPreviewError(f"the preview of '{branch[:100]}' has ended already: it is {row.state}")
            words = given_reason(reason, "", what="the end of a preview") if reason else "it is not needed any more"
            self.register.end(session, row, PreviewState.ENDED, str(identity.principal), words, decision.deciders)
            return preview_of(row)

    def renew(self, identity: Identity, app_path: str, branch: str) -> Preview:
        """Give a preview its full time from now on; one that ended is served again, if its review is still good.

        Raises `NoPreviewError` where only another push brings it back, and `NoRoomError`.
        """
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.push", app.resource)
            row = self._row(session, app, branch)
            if row.state != PreviewState.LIVE:
                self.register.require_room(session, app, branch)
                standing = self._verdicts.standing(session, app.path, row.tree)
                if standing.verdict is None:
                    raise NoPreviewError(
                        f"what was pushed to '{branch}' is not served again: {standing.reason}",
                        hint="push to the branch again: it is reviewed by what holds now",
                    )
            self.register.renew(session, row)
            self.register.note(session, row, "preview.renewed", str(identity.principal), "", decision.deciders)
            return preview_of(row)

    def _may_end(self, session: Session, identity: Identity, app: App) -> Decision:
        """Return the decision that lets somebody end a preview: they may push to the app, or stop it."""
        pushes = self._authorizer.decide(session, identity, "app.push", app.resource)
        return pushes if pushes.allowed else self._authorizer.require(session, identity, "app.kill", app.resource)

    def _row(self, session: Session, app: App, branch: str) -> PreviewRow:
        row = self.register.row(session, app.path, branch, lock=True)
        if row is None:
            raise NoPreviewError(
                f"{app.path} has no preview of a branch '{branch[:100]}'", hint=f"bailiwick preview list {app.path}"
            )
        return row
