"""What is in production: its reach and its design, as they were approved."""

from collections import OrderedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.design import Design, design_of
from bailiwick.control.release.packing import Sources, current_release, manifest_of
from bailiwick.control.release.tables import CurrentRow, DeployRow
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.reach import Reach

_MOST_KEPT = 512


class Production:
    """Answers about releases that are served. Designs are kept: a commit and a reach never have another one."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._designs: OrderedDict[tuple[str, str, str], Design] = OrderedDict()

    def design(self, app: App, commit: str, reach: Reach) -> Design:
        """Return the design of an app at a commit with a reach."""
        key = (app.id, commit, reach.digest())
        found = self._designs.get(key)
        if found is None:
            files = self._sources.files(app, commit)
            found = self._designs[key] = design_of(manifest_of(files), reach, files)
            while len(self._designs) > _MOST_KEPT:
                self._designs.popitem(last=False)
        return found

    def running_design(self, session: Session, app: App) -> Design | None:
        """Return the design of what is served, or None."""
        reach, served = self.reach(session, app.path), current_release(session, app.path, PRODUCTION)
        return self.design(app, served.commit, reach) if served is not None and reach is not None else None

    def reach(self, session: Session, app_path: str) -> Reach | None:
        """Return the reach of what is served, or None."""
        served = (
            select(DeployRow.reach)
            .join(CurrentRow, CurrentRow.release == DeployRow.release)
            .where(CurrentRow.app == app_path, CurrentRow.mode == PRODUCTION)
        )
        found = session.scalars(served.limit(1)).one_or_none()
        return Reach.model_validate(found) if found is not None else None

    def reaches(self, session: Session) -> dict[str, Reach]:
        """Return the reach of what is served, by the path of the app."""
        served = (
            select(DeployRow.app, DeployRow.reach)
            .join(CurrentRow, CurrentRow.release == DeployRow.release)
            .where(CurrentRow.app == DeployRow.app, CurrentRow.mode == PRODUCTION)
        )
        return {row.app: Reach.model_validate(row.reach) for row in session.execute(served)}
