"""Families of tokens: opened by a person's yes, kept up by refresh tokens that work once, ended as a whole."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.credentials import Credentials, hash_of, identity_of
from bailiwick.control.identity.oauth.errors import OAuthError
from bailiwick.control.identity.oauth.model import Granted, Issued
from bailiwick.control.identity.services import MachineTokens, service_row
from bailiwick.control.identity.tables import FamilyRow, PersonRow, RefreshTokenRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.ids import new_id, new_secret
from bailiwick.core.principals import Identity, SignIn

ACCESS_LIFETIME = timedelta(minutes=15)
IDLE = timedelta(days=7)
ABSOLUTE = timedelta(days=30)


class Families:
    """Makes, keeps and ends them inside the caller's transaction, with their audit events."""

    def __init__(self, audit: AuditLog, authorizer: Authorizer, credentials: Credentials, clock: Clock) -> None:
        self._audit = audit
        self._authorizer = authorizer
        self._credentials = credentials
        self._clock = clock

    def open(self, session: Session, granted: Granted, *, audience: str, address: str) -> tuple[str, Issued]:
        """Begin a family for a program that calls from `address`; return its id and its first tokens.

        Raises `CredentialRefusedError` when what the person held has ended since their yes.
        """
        person = self._credentials.living(session, granted.email, granted.epoch)
        now = self._clock()
        family = FamilyRow(
            id=new_id("fam"),
            client=granted.client,
            email=person.email,
            epoch=person.epoch,
            audiences=list(granted.audiences),
            address=address,
            created=now,
            last_used=now,
            expires=now + ABSOLUTE,
            authenticated=granted.authenticated,
            second_factor=granted.second_factor,
            ended=None,
            agent=granted.agent,
        )
        session.add(family)
        session.flush()
        facts: dict[str, ContextFact] = {"client": family.client, "audiences": granted.audiences, "address": address}
        if family.agent:
            facts["agent"] = family.agent
        self._audit.note(session, f"user:{person.email}", "session.created", resource_of(family), context=facts)
        return family.id, self._issue(session, family, person, audience)

    def renew(self, session: Session, family: FamilyRow, *, audience: str, address: str) -> Issued:
        """Return the next tokens of a family. Raises `CredentialRefusedError` when what the person held has ended."""
        person = self._credentials.living(session, family.email, family.epoch)
        family.last_used = self._clock()
        who = f"user:{person.email}"
        facts: dict[str, ContextFact] = {"audience": audience, "address": address}
        self._audit.note(session, who, "token.refreshed", resource_of(family), context=facts)
        return self._issue(session, family, person, audience)

    def end(self, session: Session, family_id: str) -> FamilyRow | None:
        """End a family with every token in it; return it, or None where it had ended already."""
        statement = update(FamilyRow).where(FamilyRow.id == family_id, FamilyRow.ended.is_(None))
        return session.scalar(statement.values(ended=self._clock()).returning(FamilyRow))

    def end_reused(self, session: Session, family_id: str | None, action: str, because: str) -> None:
        """End a family because something of it was shown a second time, if it had come to be and goes on."""
        ended = self.end(session, family_id) if family_id is not None else None
        if ended is not None:
            who = f"user:{ended.email}"
            self._audit.note(session, who, action, resource_of(ended), outcome=Outcome.REFUSED, reason=because)

    def signed_in_at(self, sign_in: SignIn | None) -> datetime | None:
        """Return when a sign-in was, where that is known."""
        return None if sign_in is None else self._clock() - timedelta(seconds=sign_in.age_seconds)

    def _issue(self, session: Session, family: FamilyRow, person: PersonRow, audience: str) -> Issued:
        """Make a pair of tokens; none outlives the family."""
        now = self._clock()
        left = family.expires - now
        access, ends = self._access(session, family, person, audience)
        refresh = new_secret("bwr")
        row = RefreshTokenRow(secret_hash=hash_of(refresh), family=family.id, expires=now + min(IDLE, left), used=None)
        session.add(row)
        return Issued(access, int((ends - now).total_seconds()), refresh, audience)

    def _access(self, session: Session, family: FamilyRow, person: PersonRow, audience: str) -> tuple[str, datetime]:
        """Make an access token and return it with its end: the person's own, or their agent's where it is one."""
        left = family.expires - self._clock()
        sign_in = self._credentials.sign_in_of(family)
        if family.agent:
            return self._agents(session, family, identity_of(person, sign_in), audience)
        access = self._credentials.issue_token(
            session,
            person,
            audience=audience,
            lifetime=min(ACCESS_LIFETIME, left),
            purpose=family.client,
            sign_in=sign_in,
            family=family.id,
        )
        return access.secret, access.expires

    def _agents(self, session: Session, family: FamilyRow, person: Identity, audience: str) -> tuple[str, datetime]:
        """Make an access token with which an agent works for a person, as a token exchange does.

        Raises `OAuthError` where the person may not start it (any more), or it may not work at all; the family ends.
        """
        try:
            self._authorizer.require(session, person, "agent.start", ORGANIZATION, {"agent": family.agent})
            token = MachineTokens(self._clock).issue(
                session,
                service_row(session, family.agent),
                audience=audience,
                person=person,
                family=family.id,
                latest=family.expires,
            )
        except BailiwickError as fault:
            family.ended = self._clock()
            raise OAuthError("invalid_grant", fault.message, hint=fault.hint) from fault
        return token.secret, token.expires


def resource_of(family: FamilyRow) -> str:
    """Return the written name of a family: to people it is one of their sessions."""
    return f"session:{family.id}"
