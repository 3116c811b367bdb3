"""Branches beside main: what is asked of whoever keeps their previews, and how one is deleted."""

from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.source.authorship import pushers_of
from bailiwick.control.source.errors import PushRefusedError
from bailiwick.control.source.repositories import NOTHING, Repositories
from bailiwick.core.principals import Principal


class Branches(Protocol):
    """Keeps what is beside main."""

    def require_room(self, session: Session, app: App, branch: str) -> None:
        """Return when an app may have a preview of a branch (still or anew); raise with words when not."""

    def words(self, session: Session, app: App, branch: str, *, own_database: bool) -> tuple[str, ...]:
        """Return what whoever pushed is told of the preview of a branch."""

    def deleted(self, session: Session, app: App, branch: str, by: str) -> None:
        """End what was kept of a branch, in the transaction in which it is deleted."""


def require_deletable(
    session: Session, repositories: Repositories, app: App, branch: str, old: str, who: Principal
) -> None:
    """Return when a branch is where whoever deletes it believes, and they pushed to it; raise `PushRefusedError`."""
    if old == NOTHING or repositories.head(app.id, branch) != old:
        raise PushRefusedError(f"the branch '{branch}' is not at what you know of it", hint="git fetch --prune")
    pushed = {Principal.parse(name).answerable for name in pushers_of(session, app.path, branch)}
    if who.answerable not in pushed:
        raise PushRefusedError(
            f"'{branch}' is deleted by somebody who pushed to it",
            hint=f"its preview can be ended: bailiwick preview end {app.path} {branch}",
        )
