"""Deciding about deploys that wait: approvals, rejections, what becomes of both when time passes."""

import logging
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.design import design_of
from bailiwick.control.gates import GateFacts, RuleKind, Weighed
from bailiwick.control.release.errors import FrozenError, NotDecidableError, NotRehearsedError
from bailiwick.control.release.gathering import candidate_of
from bailiwick.control.release.model import Deploy, DeployState, Judgement
from bailiwick.control.release.packing import manifest_of
from bailiwick.control.release.parts import DeployParts
from bailiwick.control.release.publishing import RELEASER, Cleared, Publisher
from bailiwick.control.release.rows import deploy_of, require_approver
from bailiwick.control.release.tables import DeployRow
from bailiwick.core.errors import BailiwickError, ForbiddenError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.reach import Reach
from bailiwick.core.reasons import given_reason

_LOG = logging.getLogger("bailiwick.control.release")
_KEEPER = "service:release"
_AT_ONCE = 100


class Deciding:
    """Each verb is one transaction under the lock of the deploy's row: of two who decide at once, one goes first."""

    def __init__(self, parts: DeployParts) -> None:
        self._parts = parts
        self._publisher = Publisher(parts)

    def approve(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Approve a deploy; when the rule is met and policy has all that it wants, the release goes to production: at
        once, or, by `keep`, when its change window opens.
        """
        reason = given_reason(reason, "say in a few words what you looked at", what="an approval")
        parts, app_path = self._parts, self._up_to_date(deploy_id)
        with parts.freezes.refusals(identity, app_path), parts.store.transaction() as session:
            row = parts.row(session, deploy_id, lock=True)
            self._hold_still(session, row)
            judged = self._may_decide(session, identity, row)
            if judged.decision.allowed:
                self._take(session, identity, row, reason, judged)
        require_approver(judged.decision)
        return deploy_of(row)

    def withdraw(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Take back one's own approval of a deploy that was not published yet."""
        reason = given_reason(reason, "say what you found", what="taking an approval back")
        parts = self._parts
        with parts.store.transaction() as session:
            row = parts.row(session, deploy_id, lock=True)
            parts.visible_app(session, identity, row)
            self._require_waiting(row)
            if parts.desk.withdraw(session, row.id, str(identity.principal)) is None:
                raise NotDecidableError("no approval of yours stands here", hint="the deploy's page shows whose do")
            parts.note(session, str(identity.principal), "deploy.approval-withdrawn", row, None, reason=reason)
        return deploy_of(row)

    def reject(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Say no to a deploy, with a reason for whoever asked."""
        reason = given_reason(reason, "say what must change", what="a rejection")
        parts = self._parts
        self._up_to_date(deploy_id)
        with parts.store.transaction() as session:
            row = parts.row(session, deploy_id, lock=True)
            judged = self._may_decide(session, identity, row)
            if judged.decision.allowed:
                row.state, row.decided_by = DeployState.REJECTED, str(identity.principal)
                row.decided_at, row.reason, row.decided_for = parts.clock(), reason, judged.behalf
                parts.note(
                    session, row.decided_by, "deploy.rejected", row, judged.decision, reason=reason, more=_for(judged)
                )
        require_approver(judged.decision)
        return deploy_of(row)

    def explain(self, session: Session, identity: Identity, row: DeployRow) -> Judgement:
        """Answer whether this person may decide, for whom, and by which policies; nothing is done."""
        return self._parts.deciders.judge(session, identity, row.app, self._parts.gathering.asked(session, row))

    def against(self, session: Session, row: DeployRow, facts: GateFacts, weighed: Weighed) -> str:
        """Return what holds up a deploy that has all that its rule demands, in words; its change window apart."""
        return self._publisher.against(session, Cleared(row, facts, weighed, RELEASER, "")) if weighed.met else ""

    def keep(self) -> None:
        """Let time do its work on everything that waits: requests expire, approvals become void, and what has all that
        its rule demands goes on once nothing is against it. Safe to repeat.
        """
        with self._parts.store.transaction() as session:
            query = select(DeployRow.id).where(DeployRow.state == DeployState.REQUESTED)
            waiting = session.scalars(query.order_by(DeployRow.requested_at).limit(_AT_ONCE)).all()
        for deploy_id in waiting:
            try:
                self._up_to_date(deploy_id)
                self.advance(deploy_id)
            except BailiwickError:
                _LOG.exception("the deploy %s could not be looked after", deploy_id)

    def advance(self, deploy_id: str) -> bool:
        """Publish a deploy that has all that its rule demands: nobody's approval, or approvals that waited for its
        change window and still count. Return whether it was; what is against it now is asked again by `keep`.
        """
        parts = self._parts
        try:
            with parts.store.transaction() as session:
                row = parts.row(session, deploy_id, lock=True)
                self._hold_still(session, row)
                facts = parts.gathering.facts(session, row)
                weighed = parts.desk.weigh(session, facts)
                if row.state != DeployState.REQUESTED or self._is_late(row) or not weighed.met:
                    return False
                if not parts.may_go_out(session, row):
                    return False
                reason = _why_now(weighed)
                self._publisher.publish(session, Cleared(row, facts, weighed, RELEASER, reason))
        except (ForbiddenError, NotRehearsedError):
            return False
        return True

    def _hold_still(self, session: Session, row: DeployRow) -> None:
        """Let no freeze begin and no rollout move while a release may be made; locked as by whoever moves one."""
        self._parts.freezes.hold_off(session)
        self._parts.outlet.hold_still(session, row.app)

    def _take(self, session: Session, identity: Identity, row: DeployRow, reason: str, judged: Judgement) -> None:
        """Sign and keep an approval, and publish when it was the last that was missing."""
        parts = self._parts
        facts = parts.gathering.facts(session, row)
        weighed = parts.desk.weigh(session, facts)
        parts.desk.require_wanted(session, identity, facts, weighed, judged.behalf)
        fixes, refusal = self._fixes(session, identity, row)
        seats = parts.desk.seats_of(session, identity, row.app, weighed.demand, judged.behalf)
        self._sign(
            session, identity, row, facts, weighed, behalf=judged.behalf, reason=reason, fixes=fixes, seats=seats
        )
        parts.note(
            session,
            str(identity.principal),
            "deploy.approved",
            row,
            judged.decision,
            reason=reason,
            more={"seats": seats, "rule": weighed.demand.rule.name, **_for(judged)},
        )
        weighed = parts.desk.weigh(session, facts)
        if not weighed.met:
            return
        cleared = Cleared(row, facts, weighed, identity, reason, refusal, judged.behalf)
        if parts.may_go_out(session, row):
            self._publisher.publish(session, cleared)
        else:
            # It waits for its window only when somebody vouched for it: nobody is there to ask when that opens.
            self._publisher.require_vouched(session, cleared)

    def _sign(
        self,
        session: Session,
        identity: Identity,
        row: DeployRow,
        facts: GateFacts,
        weighed: Weighed,
        *,
        behalf: str,
        reason: str,
        fixes: Sequence[str],
        seats: Sequence[str],
    ) -> None:
        parts, reach = self._parts, Reach.model_validate(row.reach)
        files = parts.sources.files(parts.catalog.app(session, row.app), row.commit)
        statement = parts.signer.approval(
            session,
            app=row.app,
            tree=row.tree,
            reach=reach,
            approver=str(identity.principal),
            reason=reason,
            deploy=row.id,
            design=design_of(manifest_of(files), reach, files).digest(),
            fixes=fixes,
            seats=seats,
            policy=weighed.basis.policy,
            behalf=behalf,
        )
        parts.desk.add(
            session,
            new_id("apr"),
            facts,
            identity=identity,
            behalf=behalf,
            seats=seats,
            reason=reason,
            basis=weighed.basis,
            fixes=fixes,
            statement=statement,
        )

    def _fixes(
        self, session: Session, identity: Identity, row: DeployRow
    ) -> tuple[Sequence[str], ForbiddenError | None]:
        """Return the freezes that somebody lets the deploy pass, or why they may not.

        Of several approvers one is enough, so whoever may not approves without vouching; whether somebody did is asked
        when the release is made.
        """
        try:
            return self._parts.freezes.vouch(session, identity, candidate_of(row), row.requested_by), None
        except FrozenError:
            raise
        except ForbiddenError as refusal:
            return (), refusal

    def _up_to_date(self, deploy_id: str) -> str:
        """Write down what time and changes did to a deploy that waits; return its app."""
        parts = self._parts
        with parts.store.transaction() as session:
            row = parts.row(session, deploy_id, lock=True)
            if row.state == DeployState.REQUESTED:
                self._expire_or_void(session, row)
            return row.app

    def _expire_or_void(self, session: Session, row: DeployRow) -> None:
        parts = self._parts
        if self._is_late(row):
            days = parts.waits_for.days
            row.state, row.decided_by, row.decided_at = DeployState.EXPIRED, _KEEPER, parts.clock()
            row.reason = f"nobody decided within {days} days: ask again"
            parts.note(session, _KEEPER, "deploy.expired", row, None, reason=row.reason)
            return
        for approval in parts.desk.write_void(session, parts.gathering.facts(session, row)):
            parts.note(
                session,
                _KEEPER,
                "deploy.approval-void",
                row,
                None,
                reason=approval.void_why,
                more={"approver": approval.approver},
            )

    def _is_late(self, row: DeployRow) -> bool:
        return self._parts.clock() - row.requested_at > self._parts.waits_for

    @staticmethod
    def _require_waiting(row: DeployRow) -> None:
        if row.state != DeployState.REQUESTED:
            raise NotDecidableError(f"this deploy is {row.state} already")

    def _may_decide(self, session: Session, identity: Identity, row: DeployRow) -> Judgement:
        """Return whether this person may decide about a deploy that waits; a refusal is audited.

        Raises `NotFoundError` for whoever may not even see the app.
        """
        parts = self._parts
        parts.visible_app(session, identity, row)
        judged = parts.deciders.settle(session, identity, row.app, parts.gathering.asked(session, row))
        self._require_waiting(row)
        if not judged.decision.allowed:
            parts.note(
                session,
                str(identity.principal),
                "deploy.approval-refused",
                row,
                judged.decision,
                reason=judged.decision.reason,
                outcome=Outcome.REFUSED,
                more=_for(judged),
            )
        return judged


def _why_now(weighed: Weighed) -> str:
    """Return why a deploy goes out that nobody decides about at this moment."""
    if weighed.demand.kind is RuleKind.AUTOMATIC:
        return f"{weighed.demand.why}; nothing is new in its reach"
    return f"approved by {' and '.join(item.approver for item in weighed.counted)}; nothing is against it any more"


def _for(judged: Judgement) -> dict[str, ContextFact]:
    """Return in whose place somebody decided, as the audit log says it."""
    return {"behalf": judged.behalf} if judged.behalf else {}
