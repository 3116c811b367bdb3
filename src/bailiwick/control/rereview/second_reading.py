"""Adds what independent reviewers object to a review that the engines have made."""

from collections.abc import Sequence
from dataclasses import replace

from bailiwick.control.catalog import App
from bailiwick.control.release import PRODUCTION, ReleaseService
from bailiwick.control.review import Report, merge
from bailiwick.control.reviewers import ReviewerService, Writers
from bailiwick.control.source import SourceService
from bailiwick.store import Store


class SecondReading:
    """Gives reviewers a tree, what production runs beside it, and the names of those who may not review it."""

    def __init__(
        self, *, store: Store, sources: SourceService, releases: ReleaseService, reviewers: ReviewerService
    ) -> None:
        self._store = store
        self._sources = sources
        self._releases = releases
        self._reviewers = reviewers

    def add(self, app: App, commit: str, report: Report) -> Report:
        """Return the report with what reviewers find, and their name among those who have read."""
        if not self._reviewers.names:
            return report
        with self._store.transaction() as session:
            served = next(
                (item.commit for item in self._releases.in_use(session, app=app.path) if item.mode == PRODUCTION), ""
            )
            agents, models = self._sources.made_by(session, app, commit, since=served)

        def before() -> Sequence[tuple[str, bytes]]:
            files = self._sources.files(app, served) if served and served != commit else ()
            return [(file.path, file.content) for file in files]

        found = self._reviewers.object_to(
            app.path,
            self._sources.change(app, commit),
            before=before,
            writers=Writers(agents, models),
            findings=report.findings,
        )
        return replace(
            report, findings=merge([*report.findings, *found]), slower=(*report.slower, *self._reviewers.names)
        )
