"""The authorization server's verbs: let a program in, keep it in, notice what was stolen. One transaction each."""

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.credentials import Credentials, hash_of
from bailiwick.control.identity.model import SignedIn
from bailiwick.control.identity.oauth.clients import Client
from bailiwick.control.identity.oauth.errors import OAuthError, bad_grant
from bailiwick.control.identity.oauth.families import Families
from bailiwick.control.identity.oauth.model import AuthorizationRequest, Issued
from bailiwick.control.identity.oauth.resources import Resources
from bailiwick.control.identity.tables import AuthorizationCodeRow, FamilyRow, RefreshTokenRow, TokenRow
from bailiwick.core.clock import Clock
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.ids import new_secret
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.principals import SignIn
from bailiwick.store import Store

CODE_LIFETIME = timedelta(seconds=60)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class TokenService:
    """Gives programs tokens in a person's name, and takes them back."""

    def __init__(self, store: Store, audit: AuditLog, resources: Resources, clock: Clock) -> None:
        self.resources = resources
        self._store = store
        self._audit = audit
        self._clock = clock
        self._credentials = Credentials(clock)
        self._families = Families(self._credentials, clock)

    def authorize(self, owner: SignedIn, request: AuthorizationRequest) -> str:
        """Return the code that a person's yes is worth: once, within a minute, to the client that asked."""
        code, identity = new_secret("bwc"), owner.identity
        row = AuthorizationCodeRow(
            code_hash=hash_of(code),
            client=request.to.client.id,
            redirect_uri=request.to.redirect_uri,
            challenge=request.challenge,
            audiences=list(request.audiences),
            email=identity.principal.name,
            epoch=identity.epoch,
            expires=self._clock() + CODE_LIFETIME,
            spent=None,
            family=None,
            **self._facts(identity.sign_in),
        )
        with self._store.transaction() as session:
            session.add(row)
        return code

    def redeem(
        self, client: Client, code: str, *, redirect_uri: str, verifier: str, resources: tuple[str, ...], address: str
    ) -> Issued:
        """Return the first tokens for a code (RFC 6749, section 4.1.3; RFC 7636, section 4.6).

        The code is spent whatever the outcome. One that is shown again was seen by somebody else: the tokens that
        were made from it die. `address` is where the client calls from. Raises `OAuthError`.
        """

        def redeemed(session: Session) -> Issued:
            query = select(AuthorizationCodeRow).where(AuthorizationCodeRow.code_hash == hash_of(code))
            row = session.scalars(query.with_for_update()).one_or_none()
            if row is None:
                raise bad_grant()
            if row.spent is not None:
                self._end_reused(session, row.family, "code.reused", "an authorization code was shown a second time")
                raise bad_grant()
            row.spent = self._clock()
            proven = _VERIFIER.fullmatch(verifier) and secrets.compare_digest(row.challenge, pkce_challenge(verifier))
            same = row.client == client.id and row.redirect_uri == redirect_uri
            if not (proven and same) or self._clock() >= row.expires:
                raise bad_grant()
            audience = self.resources.audiences(resources, tuple(row.audiences))[0]
            return self._begin(session, row, audience, address)

        return self._outcome(redeemed)

    def refresh(self, client: Client, refresh_token: str, *, resources: tuple[str, ...]) -> Issued:
        """Return the next tokens for a refresh token, which is spent (RFC 9700, section 4.14.2).

        One that is shown again was stolen, or its thief was faster: everything in its family dies. There is no
        grace for a lost answer, as a thief would have it too. Raises `OAuthError`.
        """

        def refreshed(session: Session) -> Issued:
            query = select(RefreshTokenRow).where(RefreshTokenRow.secret_hash == hash_of(refresh_token))
            row = session.scalars(query.with_for_update()).one_or_none()
            if row is None:
                raise bad_grant()
            if row.used is not None:
                self._end_reused(session, row.family, "token.reused", "a refresh token was shown a second time")
                raise bad_grant()
            family = session.get_one(FamilyRow, row.family)
            now = self._clock()
            if family.client != client.id or family.ended is not None or now >= min(row.expires, family.expires):
                raise bad_grant()
            audience = self.resources.audiences(resources, tuple(family.audiences))[0]
            person = self._credentials.living(session, family.email, family.epoch)
            row.used = family.last_used = now
            who = f"user:{person.email}"
            self._audit.note(session, who, "token.refreshed", _resource(family), context={"audience": audience})
            return self._families.issue(session, family, person, audience)

        return self._outcome(refreshed)

    def revoke(self, client: Client, token: str) -> None:
        """End the family that a token belongs to, whichever token of it (RFC 7009). An unknown one is none the less
        gone; one of another client raises `OAuthError`.
        """
        with self._store.transaction() as session:
            refresh = session.get(RefreshTokenRow, hash_of(token))
            access = session.get(TokenRow, hash_of(token))
            if refresh is None and access is None:
                return
            family_id = refresh.family if refresh is not None else access.family if access is not None else None
            family = session.get(FamilyRow, family_id) if family_id is not None else None
            if family is None or family.client != client.id:
                raise OAuthError("unauthorized_client", "this token was not given to this program")
            if self._families.end(session, family.id) is not None:
                who = f"user:{family.email}"
                self._audit.note(session, who, "session.ended", _resource(family), context={"client": client.id})

    def _begin(self, session: Session, row: AuthorizationCodeRow, audience: str, address: str) -> Issued:
        person = self._credentials.living(session, row.email, row.epoch)
        family = self._families.open(
            session,
            person,
            client=row.client,
            audiences=row.audiences,
            address=address,
            authenticated=row.authenticated,
            second_factor=row.second_factor,
        )
        row.family = family.id
        facts: dict[str, ContextFact] = {
            "client": row.client,
            "audiences": tuple(row.audiences),
            "address": family.address,
        }
        self._audit.note(session, f"user:{person.email}", "session.created", _resource(family), context=facts)
        return self._families.issue(session, family, person, audience)

    def _end_reused(self, session: Session, family_id: str | None, action: str, because: str) -> None:
        ended = self._families.end(session, family_id) if family_id is not None else None
        if ended is not None:
            who = f"user:{ended.email}"
            self._audit.note(session, who, action, _resource(ended), outcome=Outcome.REFUSED, reason=because)

    def _facts(self, sign_in: SignIn | None) -> dict[str, object]:
        """Return a sign-in as rows keep it: when it was, and whether with a second factor."""
        if sign_in is None:
            return {"authenticated": None, "second_factor": False}
        age = timedelta(seconds=sign_in.age_seconds)
        return {"authenticated": self._clock() - age, "second_factor": sign_in.second_factor}

    def _outcome(self, decide: Callable[[Session], Issued]) -> Issued:
        """Do it in a transaction, which a refusal does not take back: what is spent or ended stays so."""
        with self._store.transaction() as session:
            try:
                return decide(session)
            except OAuthError as fault:
                refused = fault
        raise refused


def _resource(family: FamilyRow) -> str:
    return f"session:{family.id}"
