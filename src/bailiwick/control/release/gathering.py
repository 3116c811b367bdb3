"""The one place where all that a decision about a deploy rests on is put together."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import CatalogService
from bailiwick.control.gates import GateFacts
from bailiwick.control.guardrails import everybody_at
from bailiwick.control.identity import Authorizer, answering
from bailiwick.control.release.contents import integrations_of
from bailiwick.control.release.model import Candidate, DeployState
from bailiwick.control.release.packing import Sources, current_release
from bailiwick.control.release.production import Production
from bailiwick.control.release.rows import asked_facts
from bailiwick.control.release.tables import CurrentRow, DeployRow
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.policy import ContextValue
from bailiwick.core.reach import Reach
from bailiwick.core.reach_news import news
from bailiwick.core.reach_words import Line


class Gathering:
    """Answers with facts as they are now, in the caller's transaction."""

    def __init__(
        self, authorizer: Authorizer, catalog: CatalogService, sources: Sources, production: Production
    ) -> None:
        self._authorizer = authorizer
        self._catalog = catalog
        self._sources = sources
        self._production = production

    def facts(self, session: Session, row: DeployRow) -> GateFacts:
        """Return what a deploy is, and what is new in it against what production runs now."""
        before, after = self._production.reach(session, row.app), Reach.model_validate(row.reach)
        users_before, users_after = self._users_before(session, row.app), self.users(session, row.app)
        wider = sorted(set(users_after) - set(users_before)) if users_before is not None else []
        return GateFacts(
            deploy=row.id,
            app=row.app,
            tree=row.tree,
            first=row.first_deploy,
            fixes=row.fixes,
            before=before,
            after=after,
            users_before=users_before,
            users_after=users_after,
            new=(
                *news(before, after),
                *(Line("audience", f"{name} may use it") for name in wider),
                *self._purpose(session, row, after),
            ),
            asked=self.asked(session, row),
            emergency=row.emergency,
        )

    def asked(self, session: Session, row: DeployRow) -> dict[str, ContextValue]:
        """Return what policy is told of a deploy that somebody wants to decide about."""
        return asked_facts(session, row, self.authors(session, row))

    def authors(self, session: Session, row: DeployRow) -> frozenset[str]:
        """Return who wrote what a deploy would bring: against what ran when it was asked for, and what runs now."""
        if row.state != DeployState.REQUESTED:
            return frozenset(row.authors)
        served = current_release(session, row.app, PRODUCTION)
        app = self._catalog.app(session, row.app)
        now = self._sources.authors(session, app, row.commit, since=served.commit if served else "")
        return frozenset(row.authors) | answering(session, now)

    def users(self, session: Session, app_path: str) -> tuple[str, ...]:
        """Return the written names of who may use an app in production."""
        holders = self._authorizer.holders(session, f"app:{app_path}")["app-user"]
        return tuple(sorted({*holders, *everybody_at(session, app_path)}))

    @staticmethod
    def _users_before(session: Session, app_path: str) -> tuple[str, ...] | None:
        """Return who could use what is served when it went out; None when nothing is, or nobody wrote it down."""
        query = (
            select(DeployRow.users)
            .join(CurrentRow, CurrentRow.release == DeployRow.release)
            .where(CurrentRow.app == app_path, CurrentRow.mode == PRODUCTION)
        )
        found = session.scalar(query)
        return tuple(found) if found is not None else None

    def _purpose(self, session: Session, row: DeployRow, after: Reach) -> list[Line]:
        """Return what the app is for, where that changed: it is a part of the design, which somebody must approve."""
        if current_release(session, row.app, PRODUCTION) is None:
            return []
        app = self._catalog.app(session, row.app)
        before, design = self._production.running_design(session, app), self._production.design(app, row.commit, after)
        if before is None or (before.purpose, before.kind) == (design.purpose, design.kind):
            return []
        return [Line("purpose", f"is for: {design.purpose} ({design.kind})")]


def candidate_of(row: DeployRow) -> Candidate:
    """Return a deploy as what freezes are asked about."""
    return Candidate(
        row.app, row.tree, row.commit, integrations_of(row.integrations), tuple(row.authors), row.release, row.fixes
    )
