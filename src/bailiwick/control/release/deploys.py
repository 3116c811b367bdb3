"""Deploys: the wish to bring a commit to production, and the decisions about it."""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.design import Design
from bailiwick.control.release.deciding import Deciding
from bailiwick.control.release.gathering import candidate_of
from bailiwick.control.release.model import Deploy, DeployState, DeployView, Judgement, ReachChange
from bailiwick.control.release.parts import DeployParts
from bailiwick.control.release.reach_words import compare
from bailiwick.control.release.requesting import Requesting
from bailiwick.control.release.rows import deploy_of
from bailiwick.control.release.tables import DeployRow
from bailiwick.core.principals import Identity
from bailiwick.core.reach import Reach

_MOST_NAMED = 20
_LOOKED_THROUGH = 10  # of decided deploys, for each that is shown: others may not be seen


class DeployService:
    """Brings reviewed commits to production by policy and approval."""

    def __init__(self, parts: DeployParts) -> None:
        self._parts = parts
        self._packer = parts.packer
        self._requesting = Requesting(parts)
        self._deciding = Deciding(parts)
        self._production = parts.production
        self.emergencies = parts.emergencies

    def request(
        self,
        identity: Identity,
        app_path: str,
        commit: str = "",
        fixes: str = "",
        plan: Mapping[str, Any] | None = None,
        emergency: str = "",
    ) -> Deploy:
        """Ask to bring a reviewed commit (the newest, when none is named) to production; `fixes` names the freeze that
        it is the fix of, `plan` the steps of its rollout, which are more careful than those that the app has. What it
        depends on is built before anybody is asked: raises `NotBuiltError` when it cannot be. `emergency` says why it
        cannot wait for its rule and its change window: two people approve it, and a third looks at it later.

        What nobody must approve by the rules is released at once, or as soon as nothing is against it.
        """
        asked = self._requesting.request(identity, app_path, commit, fixes, plan, emergency)
        if not self._deciding.advance(asked.id):
            return asked
        with self._parts.store.transaction() as session:
            return self.deploy(session, asked.id)

    def approve(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Approve a deploy; when the rule is met and policy has all that it wants, it is signed and goes to production.

        Raises `AlreadyApprovedError`, and `NoSeatError` when the rule demands others.
        """
        return self._deciding.approve(identity, deploy_id, reason)

    def withdraw(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Take back one's own approval of a deploy that was not published yet."""
        return self._deciding.withdraw(identity, deploy_id, reason)

    def reject(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Say no to a deploy, with a reason for whoever asked."""
        return self._deciding.reject(identity, deploy_id, reason)

    def keep(self) -> None:
        """Let requests expire, write down which approvals are void, and go on with what nobody must approve."""
        self._deciding.keep()
        self.emergencies.keep()

    def explain_approval(self, session: Session, identity: Identity, deploy_id: str) -> Judgement:
        """Answer whether this person may approve, for whom, and by which policies; nothing is done."""
        return self._deciding.explain(session, identity, self._parts.row(session, deploy_id))

    def visible_app(self, session: Session, identity: Identity, deploy_id: str) -> App:
        """Return the app of a deploy for whoever may see it: who decides in somebody's place must see what about."""
        return self._parts.visible_app(session, identity, self._parts.row(session, deploy_id))

    def why_frozen(self, session: Session, deploy_id: str) -> str:
        """Return who froze what a deploy would bring to production, and why, or nothing."""
        return self._parts.freezes.why_not(session, candidate_of(self._parts.row(session, deploy_id)))

    def standing(
        self, session: Session, identity: Identity, deploy_id: str, people: Iterable[Identity] = ()
    ) -> DeployView | None:
        """Return how a deploy that waits stands, and whether somebody could help it; None for one that is decided.

        Of `people`, those who could take a seat that is missing are named.
        """
        row = self._parts.row(session, deploy_id)
        if row.state != DeployState.REQUESTED:
            return None
        parts, resource = self._parts, f"app:{row.app}"
        facts = parts.gathering.facts(session, row)
        weighed = parts.desk.weigh(session, facts)
        held = parts.authorizer.holders_of(session, [resource])[resource]

        def could_help(one: Identity) -> bool:
            return (
                parts.desk.could_help(session, one, held.roles, weighed)
                and parts.authorizer.decide_held(one, "app.approve", resource, held, facts.asked).allowed
            )

        judged = parts.deciders.judge(session, identity, row.app, facts.asked)
        # Policy is asked about those who hold a role there, not about everybody.
        known = frozenset().union(*held.roles.values())
        asked = (one for one in people if one.names & known) if weighed.missing else ()
        return DeployView(
            weighed=weighed,
            new=facts.new,
            before=facts.before,
            expires_at=row.requested_at + parts.waits_for,
            you_could_help=judged.decision.within_reach
            and parts.desk.could_help(session, identity, held.roles, weighed, judged.behalf),
            could=tuple(str(one.principal) for one in islice(filter(could_help, asked), _MOST_NAMED)),
            window=parts.window(session, row.app),
            emergency=row.emergency,
            against=self._deciding.against(session, row, facts, weighed),
        )

    def deploy(self, session: Session, deploy_id: str) -> Deploy:
        """Return a deploy."""
        return deploy_of(self._parts.row(session, deploy_id))

    def waits(self, session: Session, deploy_id: str) -> bool:
        """Return whether a deploy still waits for a decision."""
        query = select(DeployRow.id).where(DeployRow.id == deploy_id, DeployRow.state == DeployState.REQUESTED)
        return session.scalar(query) is not None

    def deploys(self, session: Session, app_path: str, limit: int = 20) -> list[Deploy]:
        """Return an app's deploys, newest first."""
        query = select(DeployRow).where(DeployRow.app == app_path).order_by(DeployRow.requested_at.desc())
        return [deploy_of(row) for row in session.scalars(query.limit(limit))]

    def deploys_of(self, session: Session, app_path: str, commits: Collection[str]) -> list[Deploy]:
        """Return the deploys of commits of an app, oldest first."""
        query = select(DeployRow).where(DeployRow.app == app_path, DeployRow.commit.in_(commits))
        return [deploy_of(row) for row in session.scalars(query.order_by(DeployRow.requested_at))]

    def inbox(self, session: Session, identity: Identity) -> list[Deploy]:
        """Return the deploys that wait for a decision, of apps that the asker may read or decide about in somebody's
        place, oldest first.
        """
        query = select(DeployRow).where(DeployRow.state == DeployState.REQUESTED).order_by(DeployRow.requested_at)
        rows = session.scalars(query).all()
        readable = self._parts.catalog.readable(session, identity, {row.app for row in rows})
        if self._parts.deciders.helps_somebody(session, identity):
            readable |= {row.app for row in rows if row.app not in readable and self._helps(session, identity, row)}
        return [deploy_of(row) for row in rows if row.app in readable]

    def decided_lately(self, session: Session, identity: Identity, limit: int = 20) -> list[Deploy]:
        """Return what was decided last about apps that the asker may read, newest first."""
        query = select(DeployRow).where(DeployRow.decided_at.is_not(None)).order_by(DeployRow.decided_at.desc())
        rows = session.scalars(query.limit(limit * _LOOKED_THROUGH)).all()
        readable = self._parts.catalog.readable(session, identity, {row.app for row in rows})
        return [deploy_of(row) for row in rows if row.app in readable][:limit]

    def _helps(self, session: Session, identity: Identity, row: DeployRow) -> bool:
        judged = self._deciding.explain(session, identity, row)
        return bool(judged.behalf) and judged.decision.within_reach

    def waits_for(self, session: Session, identity: Identity, deploys: Iterable[Deploy]) -> frozenset[str]:
        """Return the ids of those deploys that wait for this person: whose approval would bring them on."""
        views = ((deploy.id, self.standing(session, identity, deploy.id)) for deploy in deploys)
        return frozenset(name for name, view in views if view is not None and view.you_could_help)

    def reach_change(self, session: Session, deploy_id: str) -> ReachChange:
        """Return what a deploy would change in the app's reach, against what is in production now."""
        row = self._parts.row(session, deploy_id)
        return compare(self.production_reach(session, row.app), Reach.model_validate(row.reach))

    def design(self, app: App, commit: str, reach: Reach) -> Design:
        """Return the design of an app at a commit with a reach."""
        return self._production.design(app, commit, reach)

    def production_design(self, session: Session, app: App) -> Design | None:
        """Return the design of what is in production, which was approved with its deploy; None when nothing is."""
        return self._production.running_design(session, app)

    def production_reach(self, session: Session, app_path: str) -> Reach | None:
        """Return the reach of what is in production, or None."""
        return self._production.reach(session, app_path)

    def production_reaches(self, session: Session) -> dict[str, Reach]:
        """Return the reach of what is in production, by the path of the app."""
        return self._production.reaches(session)
