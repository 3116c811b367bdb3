"""Rollback: an earlier production release is served again if it would pass today, or, in an emergency, although not."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.databases import GIVE_UP_DATA
from bailiwick.control.identity import Authorizer, answering
from bailiwick.control.release.contents import integrations_of
from bailiwick.control.release.errors import NotReviewedError, NotStartableError
from bailiwick.control.release.freezes import Freezes
from bailiwick.control.release.model import Candidate, Release, StateChanged
from bailiwick.control.release.packing import Notify, Verdicts, current_release, make_current
from bailiwick.control.release.rows import release_of
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.staging import Outlet
from bailiwick.control.release.tables import CandidateRow, ReleaseRow
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_FORCED = "release.rollback-forced"


@dataclass(frozen=True, slots=True)
class Fallback:
    """An earlier production release, and why it would not be deployed today (empty where it would)."""

    release: Release
    why_not: str


class RollbackService:
    """A release keeps the chain that was approved; what is asked anew is whether its tree passes the review now.

    `notify` is called once a change is durable, `ask_again` with app, commit, tree and why, when a verdict is good no
    more, `on_forced` with app and why, in the transaction of an emergency.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        verdicts: Verdicts,
        freezes: Freezes,
        outlet: Outlet,
        signer: ReleaseSigner,
        notify: Notify,
        ask_again: Callable[[str, str, str, str], None],
        on_forced: Callable[[Session, str, str], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._verdicts = verdicts
        self._freezes = freezes
        self._outlet = outlet
        self._signer = signer
        self._notify = notify
        self._ask_again = ask_again
        self._on_forced = on_forced

    def fallbacks(self, session: Session, identity: Identity, app_path: str, limit: int = 5) -> list[Fallback]:
        """Return the production releases before the one that is served, newest first, of an app that the asker may
        read.
        """
        app = self._catalog.readable_app(session, identity, app_path)
        served = current_release(session, app.path, PRODUCTION)
        query = select(ReleaseRow).where(ReleaseRow.app == app.path, ReleaseRow.mode == PRODUCTION)
        if served is not None:
            query = query.where(ReleaseRow.id != served.id)
        # A candidate is what comes next, until its rollout is over.
        query = query.where(ReleaseRow.id.not_in(select(CandidateRow.release).where(CandidateRow.app == app.path)))
        rows = session.scalars(query.order_by(ReleaseRow.created_at.desc()).limit(limit))
        return [Fallback(release_of(row, ()), self._why_not(session, row)) for row in rows]

    def explain_force(self, session: Session, identity: Identity, release: Release) -> Decision:
        """Answer whether this person may serve a release in an emergency, and by which policies; nothing is done."""
        facts = _authors(session, release.authors)
        return self._authorizer.decide(session, identity, "app.force-rollback", f"app:{release.app}", facts)

    def roll_back(self, identity: Identity, app_path: str, release_id: str, *, accept_loss: bool = False) -> Release:
        """Serve an earlier production release again; `accept_loss` gives up what its own database loses by it.

        Raises `NotReviewedError` when its tree has no verdict that is good now; a new review is asked for where only
        that is missing.
        """
        with self._freezes.refusals(identity, app_path), self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "app.rollback", app.resource)
            row = self._release(session, app, release_id)
            self._freezes.require_free(session, identity, _candidate(row))
            if accept_loss:
                self._authorizer.require(session, identity, GIVE_UP_DATA, app.resource)
            self._require_verdict(session, row)
            self._serve(session, identity, row, accept_loss=accept_loss)
            self._note(session, identity, "release.rolled-back", row, decision, accept_loss=accept_loss)
            return release_of(row, {row.id})

    def force(
        self,
        identity: Identity,
        app_path: str,
        release_id: str,
        reason: str,
        fixes: str = "",
        *,
        accept_loss: bool = False,
    ) -> Release:
        """Serve an earlier production release again although it may not pass the review: in an emergency, with a
        reason, by somebody who may approve and did not write it.

        It is reviewed again and, unless it passes, listed as unsafe from then on. A freeze stops it too, unless it is
        marked as the fix of that one (`fixes`) by somebody who may let fixes through.
        """
        reason = given_reason(reason, "say what the emergency is", what="an emergency rollback")
        with self._freezes.refusals(identity, app_path), self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            row = self._release(session, app, release_id)
            facts = _authors(session, row.authors)
            decision = self._authorizer.settle(session, identity, "app.force-rollback", app.resource, facts)
            if decision.allowed:
                if accept_loss:
                    self._authorizer.require(session, identity, GIVE_UP_DATA, app.resource)
                candidate = _candidate(row, fixes)
                passed = self._freezes.vouch(session, identity, candidate)
                self._outlet.hold_still(session, app.path)
                self._freezes.let_through(session, identity, passed, candidate, reason)
                standing = self._verdicts.standing(session, app.path, row.tree)
                self._serve(session, identity, row, accept_loss=accept_loss)
                found = standing.reason or "it passes"
                self._note(
                    session, identity, _FORCED, row, decision, reason=reason, standing=found, accept_loss=accept_loss
                )
                self._on_forced(session, app.path, "it was rolled back to in an emergency")
            else:
                self._note(session, identity, "release.rollback-refused", row, decision, reason=decision.reason)
            release = release_of(row, {row.id})
        decision.require("ask someone who may approve and did not write it: bailiwick who-can")
        return release

    def _why_not(self, session: Session, row: ReleaseRow) -> str:
        unstartable = self._signer.why_not_startable(session, row.chain)
        reason = unstartable or self._verdicts.standing(session, row.app, row.tree).reason
        return reason or self._freezes.why_not(session, _candidate(row))

    def _require_verdict(self, session: Session, row: ReleaseRow) -> None:
        standing = self._verdicts.standing(session, row.app, row.tree)
        if standing.verdict is not None:
            return
        if standing.again:
            self._ask_again(row.app, row.commit, row.tree, standing.again)
        wait = "try again in a minute, or " if standing.again else ""
        raise NotReviewedError(
            f"{row.id} cannot be served again now: {standing.reason}",
            hint=f"{wait}bring back another release; in an emergency, who may approve: bailiwick rollback --emergency",
        )

    def _release(self, session: Session, app: App, release_id: str) -> ReleaseRow:
        row = session.get(ReleaseRow, release_id)
        if row is None or row.app != app.path or row.mode != PRODUCTION:
            raise NotFoundError(
                f"'{release_id[:60]}' is no production release of {app.path}",
                hint=f"bailiwick app show {app.path} lists its releases",
            )
        unstartable = self._signer.why_not_startable(session, row.chain)
        if unstartable:
            raise NotStartableError(
                f"{row.id} would not start: {unstartable}", hint=f"deploy that commit again: {row.commit[:12]}"
            )
        return row

    def _serve(self, session: Session, identity: Identity, row: ReleaseRow, *, accept_loss: bool = False) -> None:
        self._outlet.supersede(session, row.app, str(identity.principal), f"{row.id} was rolled back to")
        make_current(session, row.app, PRODUCTION, row.id, accept_loss=accept_loss)
        self._store.after_commit(session, lambda: self._notify(StateChanged()))

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        row: ReleaseRow,
        decision: Decision,
        *,
        reason: str = "",
        standing: str = "",
        accept_loss: bool = False,
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"app:{row.app}",
            outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
            reason=reason,
            app=row.app,
            release=row.id,
            deciders=decision.deciders,
            context={
                "commit": row.commit,
                "tree": row.tree,
                **({"review": standing} if standing else {}),
                **({"accept_loss": True} if accept_loss else {}),
            },
        )


def _candidate(row: ReleaseRow, fixes: str = "") -> Candidate:
    return Candidate(
        row.app, row.tree, row.commit, integrations_of(row.integrations), tuple(row.authors), row.id, fixes
    )


def _authors(session: Session, authors: Collection[str]) -> dict[str, ContextValue]:
    return {"authors": answering(session, authors)}
