"""Staging: what brings a release out in steps, and what it needs to know and do here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.release.contents import integrations_of
from bailiwick.control.release.model import Candidate
from bailiwick.control.release.packing import current_release, make_current
from bailiwick.control.release.rows import asked_facts
from bailiwick.control.release.tables import CandidateRow, DeployRow, ReleaseRow
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import NotFoundError
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.policy import ContextValue
from bailiwick.core.rollouts import RolloutStep


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A release that was approved for production, the deploy that asked for it, and its files."""

    app: App
    release: str
    deploy: str
    files: Sequence[TreeFile]


class Outlet(Protocol):
    """What releases need of rollouts. The caller brings the transaction and has asked policy."""

    def wish(self, session: Session, app: App, deploy: str, plan: Mapping[str, Any]) -> None:
        """Remember that whoever asks for a deploy wants it brought out with more care than is planned for the app."""

    def hold_still(self, session: Session, app: str) -> None:
        """Let no rollout of an app move until the transaction is over. Before anything is audited in it: whoever moves
        one holds it first, and then the log.
        """

    def bring_out(self, session: Session, outgoing: Outgoing) -> None:
        """Serve a release in production, at once or in steps as is planned. What is under way already ends."""

    def supersede(self, session: Session, app: str, by: str, why: str) -> None:
        """End a rollout that is under way, as something else is served from now on."""


def candidate_release(session: Session, release: str) -> Candidate:
    """Return what freezes are asked about a release, with the mark of the deploy that asked for it."""
    row = session.get_one(ReleaseRow, release)
    deploy = session.scalars(select(DeployRow).where(DeployRow.release == release)).first()
    return Candidate(
        app=row.app,
        tree=row.tree,
        commit=row.commit,
        integrations=integrations_of(row.integrations),
        authors=tuple(row.authors),
        release=row.id,
        fixes=deploy.fixes if deploy is not None else "",
    )


def deploy_facts(session: Session, deploy: str) -> dict[str, ContextValue]:
    """Return what policy is told of whoever wants to let a release of a deploy further."""
    row = session.get(DeployRow, deploy)
    if row is None:
        raise NotFoundError(f"there is no deploy '{deploy[:60]}'")
    return asked_facts(session, row, frozenset(row.authors))


def served_release(session: Session, app: str) -> Candidate | None:
    """Return what is served in production, or None."""
    row = current_release(session, app, PRODUCTION)
    return candidate_release(session, row.id) if row is not None else None


def put_candidate(session: Session, app: str, release: str, step: RolloutStep) -> None:
    """Run a release beside the one that is served in production, for whom a step says."""
    told = {
        "release": release,
        "rollout": step.rollout,
        "step": step.number,
        "share": step.share,
        "names": sorted(step.names),
    }
    row = insert(CandidateRow).values(app=app, **told)
    session.execute(row.on_conflict_do_update(index_elements=["tenant", "app"], set_=told))


def drop_candidate(session: Session, app: str) -> None:
    """Run nothing beside the release that is served in production."""
    session.execute(delete(CandidateRow).where(CandidateRow.app == app))


def serve_in_production(session: Session, app: str, release: str) -> None:
    """Serve a release in production, and nothing beside it."""
    drop_candidate(session, app)
    make_current(session, app, PRODUCTION, release)
