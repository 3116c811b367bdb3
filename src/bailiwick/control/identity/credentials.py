"""Credentials that we issue: browser sessions, tokens and one-time codes. Only their hashes are kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.errors import CredentialRefusedError
from bailiwick.control.identity.model import IssuedToken, NewSession, Origin, Proof, ProviderSession, SignedIn
from bailiwick.control.identity.tables import CodeRow, FamilyRow, PersonRow, SessionRow, TokenRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id, new_secret
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.principals import Identity, Principal, SignIn

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
CODE_LIFETIME = timedelta(seconds=60)
_SEEN_EVERY = timedelta(minutes=1)
_REFUSED = "this credential is not valid here"


def hash_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits; looking it up by hash leaks no timing of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def identity_of(person: PersonRow, sign_in: SignIn | None = None) -> Identity:
    """Return a person's identity with the names of their groups, and how they signed in where that is known."""
    names = {f"user:{person.email}", *(f"group:{group}" for group in person.groups)}
    attributes = {key: str(value) for key, value in person.attributes.items()}
    return Identity(Principal("user", person.email), frozenset(names), attributes, person.epoch, sign_in)


class Credentials:
    """Makes and checks credentials inside the caller's transaction. Each dies when its person's epoch rises."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def open_session(self, session: Session, person: PersonRow, proof: Proof, origin: Origin) -> NewSession:
        """Make a browser session that remembers how its person signed in."""
        new = NewSession(new_secret("bws"), new_id("ses"), secrets.token_urlsafe(32))
        now = self._clock()
        row = SessionRow(
            secret_hash=hash_of(new.secret),
            session_id=new.session_id,
            email=person.email,
            epoch=person.epoch,
            csrf_token=new.csrf_token,
            created=now,
            last_seen=now,
            provider=proof.provider,
            provider_session=proof.session,
            address=origin.address,
            browser=origin.browser,
            provider_called=proof.called,
            provider_ends=proof.ends,
            authenticated=proof.time,
            second_factor=proof.second_factor,
        )
        session.add(row)
        return new

    def session_owner(self, session: Session, secret: str) -> SignedIn:
        """Return whose browser session this is; raise `CredentialRefusedError` when it is nobody's any more."""
        row = session.get(SessionRow, hash_of(secret))
        now = self._clock()
        if row is None or now - row.last_seen > IDLE or now - row.created > ABSOLUTE or _ended(row, now):
            raise CredentialRefusedError("your session has ended", hint="sign in again")
        person = self.living(session, row.email, row.epoch)
        if now - row.last_seen > _SEEN_EVERY:
            row.last_seen = now
        identity = identity_of(person, self.sign_in_of(row))
        return SignedIn(identity, row.session_id, person.name, row.csrf_token, row.provider)

    def close_session(self, session: Session, secret: str) -> tuple[str, ProviderSession] | None:
        """End a browser session; return whose it was, and the session at the identity provider that is behind it."""
        statement = delete(SessionRow).where(SessionRow.secret_hash == hash_of(secret)).returning(SessionRow)
        row = session.scalars(statement).one_or_none()
        if row is None:
            return None
        return row.email, ProviderSession(row.provider, row.provider_session, row.provider_called)

    def issue_token(
        self,
        session: Session,
        person: PersonRow,
        *,
        audience: str,
        lifetime: timedelta,
        purpose: str,
        sign_in: SignIn | None,
        family: str | None = None,
    ) -> IssuedToken:
        """Make a bearer token for one door; it remembers the sign-in behind it, and dies with its family."""
        now = self._clock()
        issued = IssuedToken(new_secret("bwt"), now + lifetime)
        row = TokenRow(
            secret_hash=hash_of(issued.secret),
            audience=audience,
            email=person.email,
            epoch=person.epoch,
            purpose=purpose,
            created=now,
            expires=issued.expires,
            authenticated=now - timedelta(seconds=sign_in.age_seconds) if sign_in else None,
            second_factor=sign_in is not None and sign_in.second_factor,
            family=family,
        )
        session.add(row)
        return issued

    def token_owner(self, session: Session, secret: str, *, audience: str) -> Identity:
        """Return whose token this is when it was made for this door, alone or with others."""
        row = session.get(TokenRow, hash_of(secret))
        fits = row is not None and audience in row.audience.split() and not self._over(row.expires)
        if row is None or not fits or (row.family is not None and not self.goes_on(session, row.family)):
            raise CredentialRefusedError(_REFUSED, hint="get a fresh token: bailiwick login")
        return identity_of(self.living(session, row.email, row.epoch), self.sign_in_of(row))

    def issue_code(self, session: Session, owner: SignedIn, *, audience: str, challenge: str) -> str:
        """Make a code that works once, within a minute, for whoever holds the challenge's verifier."""
        code = new_secret("bwc")
        row = CodeRow(
            code_hash=hash_of(code),
            audience=audience,
            challenge=challenge,
            email=owner.identity.principal.name,
            epoch=owner.identity.epoch,
            session_id=owner.session_id,
            expires=self._clock() + CODE_LIFETIME,
        )
        session.add(row)
        return code

    def redeem_code(self, session: Session, code: str, *, audience: str, verifier: str) -> SignedIn:
        """Return who is behind a code. It is used up whatever the outcome, so that guessing has one try."""
        statement = delete(CodeRow).where(CodeRow.code_hash == hash_of(code)).returning(CodeRow)
        row = session.scalars(statement).one_or_none()
        # Committed even when the code is refused: a code that was shown once is spent.
        if row is None:
            raise CredentialRefusedError(_REFUSED, hint="sign in again")
        fits = secrets.compare_digest(row.challenge, pkce_challenge(verifier)) and row.audience == audience
        if not fits or self._over(row.expires):
            raise SpentCodeError(_REFUSED, hint="sign in again")
        person = self.living(session, row.email, row.epoch)
        behind = session.scalar(select(SessionRow).where(SessionRow.session_id == row.session_id))
        return SignedIn(identity_of(person, self.sign_in_of(behind)), row.session_id, person.name)

    def sign_in_of(self, row: SessionRow | TokenRow | FamilyRow | None) -> SignIn | None:
        """Return how and how long ago the person behind a credential signed in, where that is known."""
        if row is None or row.authenticated is None:
            return None
        age = self._clock() - row.authenticated
        return SignIn(max(0, int(age.total_seconds())), row.second_factor)

    def living(self, session: Session, email: str, epoch: int) -> PersonRow:
        """Return whose credential this is; raise `CredentialRefusedError` when what they held has ended since."""
        query = select(PersonRow).where(PersonRow.email == email)
        person = session.scalars(query).one_or_none()
        if person is None or not person.active or person.epoch != epoch:
            raise CredentialRefusedError("this credential was revoked", hint="sign in again")
        return person

    def goes_on(self, session: Session, family: str) -> bool:
        """Return whether the tokens of a family are good."""
        row = session.get(FamilyRow, family)
        return row is not None and row.ended is None and not self._over(row.expires)

    def _over(self, expires: datetime) -> bool:
        return self._clock() >= expires


def _ended(row: SessionRow, now: datetime) -> bool:
    """Return whether the provider said that a session is over by now."""
    return row.provider_ends is not None and now >= row.provider_ends


class SpentCodeError(CredentialRefusedError):
    """A code was shown with the wrong verifier, at the wrong door or too late; it is spent all the same."""
