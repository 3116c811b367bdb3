"""Decisions by a mail's link: it must be ours, in time, unused, the visitor's own, and about what still waits."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer, people_called
from bailiwick.control.notices.errors import LinkRefusedError
from bailiwick.control.notices.links import LinkClaims, Links
from bailiwick.control.notices.tables import NoticeRow
from bailiwick.control.release import Deploy, DeployState
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import Outcome
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

APPROVE, REJECT = "approve", "reject"


class Deciding(Protocol):
    """What is needed of the release domain."""

    def deploy(self, session: Session, deploy_id: str) -> Deploy:
        """Return a deploy."""

    def approve(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Approve a deploy, when policy lets this person."""

    def reject(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Reject a deploy, when policy lets this person."""


class LinkDesk:
    """A link brings a person to a decision; who they are, and whether they may, is asked as everywhere else."""

    def __init__(
        self,
        links: Links,
        deploys: Deciding,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        clock: Clock,
    ) -> None:
        self._links = links
        self._deploys = deploys
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._clock = clock

    def open(self, identity: Identity, token: str) -> Deploy:
        """Return the deploy that a link of this person is about; opening it changes nothing.

        Raises `LinkRefusedError` with what became of it.
        """
        claims = self._links.read(token)
        with self._store.transaction() as session:
            return self._checked(session, identity, claims)[1]

    def proven(self, token: str, address: str) -> Identity | None:
        """Return the person of a link where policy lets it stand for their sign-in, and None where they must sign in.

        `address` is where the request comes from. Such a person has not signed in: policies that ask when they did
        refuse them. A link that opens nothing proves nobody.
        """
        try:
            claims = self._links.read(token)
            with self._store.transaction() as session:
                return next(iter(self._proven(session, claims, address)), None)
        except LinkRefusedError:
            return None

    def _proven(self, session: Session, claims: LinkClaims, address: str) -> Iterator[Identity]:
        for person in people_called(session, {claims.person}):
            one = replace(person, sign_in=None, address=address)
            row, deploy = self._checked(session, one, claims)
            age = (self._clock() - row.created_at) // timedelta(minutes=1)
            facts: dict[str, ContextValue] = {
                "first_deploy": deploy.first_deploy,
                "emergency": bool(deploy.emergency),
                "age_minutes": age,
            }
            decision = self._authorizer.decide(session, one, "app.approve-by-link", f"app:{deploy.app}", facts)
            if decision.allowed and row.content["epoch"] == person.epoch:
                yield one

    def approve(self, identity: Identity, token: str, reason: str) -> Deploy:
        """Approve by a link, which is used up by it."""
        return self._decide(identity, token, reason, APPROVE, self._deploys.approve)

    def reject(self, identity: Identity, token: str, reason: str) -> Deploy:
        """Reject by a link, which is used up by it."""
        return self._decide(identity, token, reason, REJECT, self._deploys.reject)

    def _decide(
        self,
        identity: Identity,
        token: str,
        reason: str,
        what: str,
        decide: Callable[[Identity, str, str], Deploy],
    ) -> Deploy:
        """Use the link up first, so that it never decides twice; it is given back when nothing was decided."""
        reason = given_reason(reason, what="a decision")
        claims = self._links.read(token)
        self._use(identity, claims, what)
        try:
            return decide(identity, claims.deploy, reason)
        except BailiwickError:
            with self._store.transaction() as session:
                row = _row(session, claims, lock=True)
                row.used_at, row.used_for = None, ""
            raise

    def _use(self, identity: Identity, claims: LinkClaims, what: str) -> None:
        refused: LinkRefusedError | None = None
        with self._store.transaction() as session:
            try:
                row, _ = self._checked(session, identity, claims, lock=True)
                row.used_at, row.used_for = self._clock(), what
            except LinkRefusedError as fault:
                # The refusal is durable before anybody hears of it.
                refused = fault
            self._note(session, identity, claims, what, refused)
        if refused is not None:
            raise refused

    def _checked(
        self, session: Session, identity: Identity, claims: LinkClaims, *, lock: bool = False
    ) -> tuple[NoticeRow, Deploy]:
        if str(identity.principal) != claims.person:
            raise LinkRefusedError(
                "this link was made for another person",
                hint="sign in as whoever got the mail, or look under Approvals what waits for you",
            )
        row = _row(session, claims, lock=lock)
        deploy = self._deploys.deploy(session, claims.deploy)
        card = f"how it stands: /approvals/{deploy.id}"
        if row.used_at is not None:
            words = f"this link was used at {row.used_at:%Y-%m-%d %H:%M} UTC by {row.person}, to {row.used_for}"
            raise LinkRefusedError(words, hint=card)
        if deploy.state is DeployState.SUPERSEDED or (deploy.tree, deploy.reach.digest()) != (
            claims.tree,
            claims.reach,
        ):
            raise LinkRefusedError(
                "what you were asked about has changed",
                hint="the newer request is under Approvals, with what is new in it",
            )
        if deploy.state is not DeployState.REQUESTED:
            words = f"this deploy is {deploy.state} already" + (
                f", by {deploy.decided_by}" if deploy.decided_by else ""
            )
            raise LinkRefusedError(words, hint=card)
        if self._clock() >= claims.ends:
            words = f"this link was good until {claims.ends:%Y-%m-%d %H:%M} UTC"
            raise LinkRefusedError(
                words, hint=f"the deploy still waits, and you can decide there: /approvals/{deploy.id}"
            )
        return row, deploy

    def _note(
        self, session: Session, identity: Identity, claims: LinkClaims, what: str, refused: LinkRefusedError | None
    ) -> None:
        app = self._deploys.deploy(session, claims.deploy).app
        self._audit.note(
            session,
            str(identity.principal),
            "notice.link-refused" if refused else "notice.link-used",
            f"app:{app}",
            outcome=Outcome.REFUSED if refused else Outcome.SUCCESS,
            reason=refused.message if refused else "",
            app=app,
            context={
                "notice": claims.notice,
                "deploy": claims.deploy,
                "for": what,
                "signed_in": identity.sign_in is not None,
            },
        )


def _row(session: Session, claims: LinkClaims, *, lock: bool = False) -> NoticeRow:
    query = select(NoticeRow).where(NoticeRow.id == claims.notice)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise LinkRefusedError("nobody knows of this link any more", hint="look under Approvals what waits for you")
    return row
