"""Deploys: the wish to bring a commit to production, and the decisions about it."""

from collections.abc import Callable, Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.capabilities import OpenFor
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.design import Design, design_of
from bailiwick.control.identity import Authorizer, answering
from bailiwick.control.integrations import IntegrationService, Resolved
from bailiwick.control.release.errors import AppIsStoppedError, NotDecidableError, NotReviewedError
from bailiwick.control.release.model import (
    PLANE_OF_MODE,
    PRODUCTION,
    Deploy,
    DeployState,
    ReachChange,
    StateChanged,
)
from bailiwick.control.release.packing import (
    Notify,
    Packer,
    PackOrder,
    ReviewedCommit,
    Sources,
    Verdicts,
    current_release,
    integrations_json,
    manifest_of,
)
from bailiwick.control.release.production import Production
from bailiwick.control.release.reach_words import compare
from bailiwick.control.release.rows import approval_facts, deploy_of, require_approver
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.stops import StopService
from bailiwick.control.release.tables import DeployRow, ReleaseRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.messages import IntegrationState
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.reach import Reach
from bailiwick.core.statements import Envelope
from bailiwick.store import Store

AskAgain = Callable[[str, str, str, str], None]
_MOST_GROWN = 50
_RELEASER = Identity.of_service(Principal("service", "release"))


class DeployService:
    """Brings reviewed commits to production by policy and approval. `notify` is called once a change is durable,
    `ask_again` with app, commit, tree and why, when a verdict is good no more.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        integrations: IntegrationService,
        open_for: OpenFor,
        sources: Sources,
        verdicts: Verdicts,
        signer: ReleaseSigner,
        packer: Packer,
        stops: StopService,
        clock: Clock,
        notify: Notify,
        ask_again: AskAgain,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._integrations = integrations
        self._open_for = open_for
        self._sources = sources
        self._verdicts = verdicts
        self._signer = signer
        self._packer = packer
        self._stops = stops
        self._clock = clock
        self._notify = notify
        self._ask_again = ask_again
        self._production = Production(sources)

    def request(self, identity: Identity, app_path: str, commit: str = "") -> Deploy:
        """Ask to bring a reviewed commit (the newest, when none is named) to production."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            self._authorizer.require(session, identity, "app.request-deploy", app.resource)
            reviewed = self._sources.accepted(session, app, commit) if commit else self._sources.head(session, app)
            if reviewed is None:
                raise NotReviewedError(
                    "there is no reviewed commit to deploy" if not commit else f"{commit[:12]} was not reviewed here",
                    hint="push to main first: what passes the review can be deployed",
                )
            self._require_verdict(session, app, reviewed)
            manifest = manifest_of(self._sources.files(app, reviewed.commit))
            resolved = self._integrations.resolve(
                session, manifest, PLANE_OF_MODE[PRODUCTION], self._open_for(session, app.path)
            )
            waiting = update(DeployRow).where(DeployRow.app == app.path, DeployRow.state == DeployState.REQUESTED)
            session.execute(waiting.values(state=DeployState.SUPERSEDED))
            row = self._new_row(session, identity, app, reviewed, resolved)
            self._audit.note(
                session,
                row.requested_by,
                "deploy.requested",
                app.resource,
                app=app.path,
                context={"deploy": row.id, "commit": row.commit},
            )
            return deploy_of(row)

    def _require_verdict(self, session: Session, app: App, reviewed: ReviewedCommit) -> None:
        standing = self._verdicts.standing(session, app.path, reviewed.tree)
        if standing.verdict is not None:
            return
        hint = "push to main first: what passes the review can be deployed"
        if standing.again:
            self._ask_again(app.path, reviewed.commit, reviewed.tree, standing.again)
            hint = "try again in a minute; what the new review finds is on the app's page"
        raise NotReviewedError(f"{reviewed.commit[:12]} cannot be deployed now: {standing.reason}", hint=hint)

    def explain_approval(self, session: Session, identity: Identity, deploy_id: str) -> Decision:
        """Answer whether this person may approve, and by which policies; nothing is done."""
        row = self._row(session, deploy_id)
        return self._authorizer.decide(session, identity, "app.approve", f"app:{row.app}", approval_facts(session, row))

    def approve(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Approve a deploy; when policy has all that it wants, the release is signed and goes to production."""
        if not reason.strip():
            raise InvalidInputError("an approval needs a reason", hint="say in a few words what you looked at")
        with self._store.transaction() as session:
            row = self._row(session, deploy_id, lock=True)
            decision = self._may_decide(session, identity, row)
            if decision.allowed:
                self._publish(session, identity, row, reason.strip(), decision)
        require_approver(decision)
        return deploy_of(row)

    def reject(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Say no to a deploy, with a reason for whoever asked."""
        if not reason.strip():
            raise InvalidInputError("a rejection needs a reason", hint="say what must change")
        with self._store.transaction() as session:
            row = self._row(session, deploy_id, lock=True)
            decision = self._may_decide(session, identity, row)
            if decision.allowed:
                self._close(row, identity, DeployState.REJECTED, reason.strip())
                self._note(session, identity, "deploy.rejected", row, decision, reason=row.reason)
        require_approver(decision)
        return deploy_of(row)

    def deploy(self, session: Session, deploy_id: str) -> Deploy:
        """Return a deploy."""
        return deploy_of(self._row(session, deploy_id))

    def deploys(self, session: Session, app_path: str, limit: int = 20) -> list[Deploy]:
        """Return an app's deploys, newest first."""
        query = select(DeployRow).where(DeployRow.app == app_path).order_by(DeployRow.requested_at.desc())
        return [deploy_of(row) for row in session.scalars(query.limit(limit))]

    def deploys_of(self, session: Session, app_path: str, commits: Collection[str]) -> list[Deploy]:
        """Return the deploys of commits of an app, oldest first."""
        query = select(DeployRow).where(DeployRow.app == app_path, DeployRow.commit.in_(commits))
        return [deploy_of(row) for row in session.scalars(query.order_by(DeployRow.requested_at))]

    def inbox(self, session: Session, identity: Identity) -> list[Deploy]:
        """Return the deploys that wait for a decision, of apps that the asker may read, oldest first."""
        query = select(DeployRow).where(DeployRow.state == DeployState.REQUESTED).order_by(DeployRow.requested_at)
        return [
            deploy_of(row)
            for row in session.scalars(query)
            if self._authorizer.decide(session, identity, "app.read", f"app:{row.app}").allowed
        ]

    def reach_change(self, session: Session, deploy_id: str) -> ReachChange:
        """Return what a deploy would change in the app's reach, against what is in production now."""
        row = self._row(session, deploy_id)
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

    def _new_row(
        self, session: Session, identity: Identity, app: App, reviewed: ReviewedCommit, resolved: Resolved
    ) -> DeployRow:
        earlier = select(ReleaseRow.id).where(ReleaseRow.app == app.path, ReleaseRow.mode == PRODUCTION).limit(1)
        served = current_release(session, app.path, PRODUCTION)
        authors = self._sources.authors(session, app, reviewed.commit, since=served.commit if served else "")
        row = DeployRow(
            id=new_id("dep"),
            app=app.path,
            commit=reviewed.commit,
            tree=reviewed.tree,
            authors=sorted(answering(session, authors | {reviewed.author})),
            requested_by=str(identity.principal),
            requested_at=self._clock(),
            state=DeployState.REQUESTED,
            first_deploy=session.scalar(earlier) is None,
            reach=resolved.reach.model_dump(mode="json"),
            integrations=integrations_json(resolved),
            decided_by="",
            decided_at=None,
            reason="",
            release="",
        )
        session.add(row)
        session.flush()
        return row

    def _may_decide(self, session: Session, identity: Identity, row: DeployRow) -> Decision:
        """Return whether this person may decide about a deploy that waits; a refusal is audited.

        Raises `NotFoundError` for whoever may not even see the app.
        """
        self._catalog.readable_app(session, identity, row.app)
        facts = approval_facts(session, row)
        decision = self._authorizer.settle(session, identity, "app.approve", f"app:{row.app}", facts)
        if row.state != DeployState.REQUESTED:
            raise NotDecidableError(f"this deploy is {row.state} already")
        if not decision.allowed:
            self._note(
                session,
                identity,
                "deploy.approval-refused",
                row,
                decision,
                reason=decision.reason,
                outcome=Outcome.REFUSED,
            )
        return decision

    def _publish(self, session: Session, identity: Identity, row: DeployRow, reason: str, decision: Decision) -> None:
        approver = str(identity.principal)
        app = self._catalog.app(session, row.app)
        verdict = self._passed_gate(session, app, row, approver)
        resolved = Resolved(
            tuple(IntegrationState.model_validate(item) for item in row.integrations["states"]),
            Reach.model_validate(row.reach),
        )
        files = self._sources.files(app, row.commit)
        design = design_of(manifest_of(files), resolved.reach, files)
        grown = design.grown_since(self.production_design(session, app))
        approval = self._signer.approval(
            app=row.app,
            tree=row.tree,
            reach=resolved.reach,
            approver=approver,
            reason=reason,
            deploy=row.id,
            design=design.digest(),
        )
        order = PackOrder(
            mode=PRODUCTION,
            commit=row.commit,
            tree=row.tree,
            authors=frozenset(row.authors),
            verdict=verdict,
            resolved=resolved,
            files=files,
            approvals=(approval,),
            approvers=(approver,),
        )
        row.release = self._packer.pack(session, app, order)
        self._close(row, identity, DeployState.RELEASED, reason)
        self._note(session, identity, "deploy.approved", row, decision, reason=reason)
        if grown:
            self._note_design(session, approver, row, design, grown)
        self._audit.note(
            session, "service:release", "release.published", app.resource, app=app.path, release=row.release
        )
        self._store.after_commit(session, lambda: self._notify(StateChanged()))

    def _note_design(
        self, session: Session, approver: str, row: DeployRow, design: Design, grown: tuple[str, ...]
    ) -> None:
        """Write down that the design was approved with this deploy: for the first time, or because it grew."""
        self._audit.note(
            session,
            approver,
            "design.approved",
            f"app:{row.app}",
            reason=row.reason,
            app=row.app,
            release=row.release,
            context={"deploy": row.id, "design": design.digest(), "grown": grown[:_MOST_GROWN]},
        )

    def _passed_gate(self, session: Session, app: App, row: DeployRow, approver: str) -> Envelope:
        """Return the verdict when policy lets the deploy go on; raise `AppIsStoppedError` with its words when not."""
        standing = self._verdicts.standing(session, row.app, row.tree)
        gate: dict[str, ContextValue] = {
            "review_passed": standing.verdict is not None,
            "approvals": frozenset({approver}),
            "authors": frozenset(row.authors),
            "killed": self._stops.standing_in(session, row.app, PRODUCTION) is not None,
        }
        decision = self._authorizer.settle(session, _RELEASER, "app.deploy", app.resource, gate)
        if standing.again:
            self._ask_again(row.app, row.commit, row.tree, standing.again)
        if standing.verdict is None or not decision.allowed:
            words = decision.reason if standing.verdict is not None else f"{row.commit[:12]}: {standing.reason}"
            raise AppIsStoppedError(words, deciders=decision.deciders)
        return standing.verdict

    def _close(self, row: DeployRow, identity: Identity, state: DeployState, reason: str) -> None:
        row.state = state
        row.decided_by = str(identity.principal)
        row.decided_at = self._clock()
        row.reason = reason

    def _row(self, session: Session, deploy_id: str, *, lock: bool = False) -> DeployRow:
        query = select(DeployRow).where(DeployRow.id == deploy_id)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no deploy '{deploy_id[:60]}'", hint="bailiwick approve --list shows what waits"
            )
        return row

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        row: DeployRow,
        decision: Decision,
        *,
        reason: str,
        outcome: Outcome = Outcome.SUCCESS,
    ) -> None:
        digest = Reach.model_validate(row.reach).digest()
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"app:{row.app}",
            outcome=outcome,
            reason=reason,
            app=row.app,
            deciders=decision.deciders,
            context={"deploy": row.id, "commit": row.commit, "tree": row.tree, "reach": digest},
        )
