"""Where releases go out to production: at once, or as the candidate of a rollout."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.release import Candidate, Outgoing, Sources, manifest_of, serve_in_production, served_release
from bailiwick.control.rollouts.errors import PlanRefusedError
from bailiwick.control.rollouts.model import Plan, PlanKind, RolloutState, less_careful, plan_of
from bailiwick.control.rollouts.plans import effective
from bailiwick.control.rollouts.rows import running
from bailiwick.control.rollouts.tables import WishRow
from bailiwick.control.rollouts.transitions import KEEPER, Transitions
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.migrations import migrations_of
from bailiwick.core.rollouts import SideCounts

# Returns how many requests a release of an app answered in the last hour, and how many failed.
Answered = Callable[[Session, str, str], tuple[int, int]]


class RolloutOutlet:
    """What the release domain asks. The caller brings the transaction and has asked policy."""

    def __init__(self, *, transitions: Transitions, sources: Sources, answered: Answered) -> None:
        self._transitions = transitions
        self._sources = sources
        self._answered = answered

    def wish(self, session: Session, app: App, deploy: str, plan: Mapping[str, Any]) -> None:
        """Remember that whoever asks for a deploy wants it brought out with more care than is planned for the app.

        Raises `PlanRefusedError` for a plan that is less careful.
        """
        wanted, planned = plan_of(plan), effective(session, app.resource)
        why = less_careful(wanted, planned.plan)
        if why:
            raise PlanRefusedError(
                f"the plan is less careful than that of {planned.scope}: {why}",
                hint=f"there: {planned.plan.words}; who may change it: bailiwick who-can rollout.plan {app.resource}",
            )
        session.add(WishRow(deploy=deploy, plan=wanted.model_dump(mode="json")))
        session.flush()

    def hold_still(self, session: Session, app: str) -> None:
        """Let no rollout of an app move until the transaction is over."""
        running(session, app, lock=True)

    def bring_out(self, session: Session, outgoing: Outgoing) -> None:
        """Serve a release in production, at once or in steps as is planned. What is under way already ends."""
        app = outgoing.app
        self.supersede(session, app.path, KEEPER, f"{outgoing.release} goes out")
        plan, stable = self._plan(session, outgoing), served_release(session, app.path)
        if plan.kind is PlanKind.STAGED and stable is not None:
            why = self._why_at_once(app, stable, outgoing.files)
            if not why:
                requests, errors = self._answered(session, app.path, stable.release)
                self._transitions.begin(
                    session,
                    app=app.path,
                    deploy=outgoing.deploy,
                    stable=stable.release,
                    candidate=outgoing.release,
                    plan=plan,
                    baseline=SideCounts(requests=requests, errors=errors),
                )
                return
            self._transitions.skip(session, app.path, outgoing.release, why)
        serve_in_production(session, app.path, outgoing.release)

    def supersede(self, session: Session, app: str, by: str, why: str) -> None:
        """End a rollout that is under way, as something else is served from now on."""
        row = running(session, app, lock=True)
        if row is not None:
            self._transitions.end(session, row, RolloutState.SUPERSEDED, by, why)

    def _plan(self, session: Session, outgoing: Outgoing) -> Plan:
        """Return the plan for a deploy: what was wished for, unless what is planned for the app is stricter by now."""
        planned = effective(session, outgoing.app.resource).plan
        wish = session.scalars(select(WishRow).where(WishRow.deploy == outgoing.deploy)).one_or_none()
        if wish is None:
            return planned
        wanted = plan_of(wish.plan)
        return planned if less_careful(wanted, planned) else wanted

    def _why_at_once(self, app: App, stable: Candidate, files: Sequence[TreeFile]) -> str:
        """Return why two releases of an app cannot be served side by side, or nothing."""
        if manifest_of(files).has_jobs_only:
            return "it has jobs only: there are no requests to share out"
        before = self._sources.files(app, stable.commit)
        if _digests(files) != _digests(before) or _has_database(files) != _has_database(before):
            return "its migrations change the database that both releases would use"
        return ""


def _digests(files: Sequence[TreeFile]) -> list[str]:
    return [item.digest for item in migrations_of({file.path: file.content for file in files})]


def _has_database(files: Sequence[TreeFile]) -> bool:
    return manifest_of(files).database is not None
