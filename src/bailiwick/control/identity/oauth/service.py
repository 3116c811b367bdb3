"""The authorization server's verbs: let a program in, keep it in, notice what was stolen. One transaction each."""

import re
import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import Authorizer
from bailiwick.control.identity.credentials import Credentials, hash_of
from bailiwick.control.identity.model import SignedIn
from bailiwick.control.identity.oauth.clients import Client, find_client
from bailiwick.control.identity.oauth.devices import Devices
from bailiwick.control.identity.oauth.errors import OAuthError, bad_grant
from bailiwick.control.identity.oauth.families import Families, resource_of
from bailiwick.control.identity.oauth.model import AuthorizationRequest, Granted, Issued
from bailiwick.control.identity.oauth.outcomes import lasting
from bailiwick.control.identity.oauth.parameters import Parameters
from bailiwick.control.identity.oauth.registration import Registration, note_used
from bailiwick.control.identity.oauth.resources import Resources
from bailiwick.control.identity.tables import AuthorizationCodeRow, FamilyRow, RefreshTokenRow, TokenRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_secret
from bailiwick.core.pkce import pkce_challenge
from bailiwick.store import Store

CODE_LIFETIME = timedelta(seconds=60)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class TokenService:
    """Gives programs tokens in a person's name, and takes them back; `devices` is for those without a browser,
    `registration` for those that nobody set up here.
    """

    def __init__(
        self, store: Store, audit: AuditLog, authorizer: Authorizer, resources: Resources, clock: Clock
    ) -> None:
        self.resources = resources
        self._store = store
        self._audit = audit
        self._clock = clock
        self._families = Families(audit, authorizer, Credentials(clock), clock)
        self.devices = Devices(store, self._families, resources, clock)
        self.registration = Registration(store, clock)

    def client(self, parameters: Parameters) -> Client:
        """Return the client that a request names; raise `OAuthError` where there is none."""
        with self._store.transaction() as session:
            return find_client(session, parameters.get("client_id"))

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
            authenticated=self._families.signed_in_at(identity.sign_in),
            second_factor=identity.sign_in is not None and identity.sign_in.second_factor,
            expires=self._clock() + CODE_LIFETIME,
            spent=None,
            family=None,
            agent=request.to.client.agent,
        )
        with self._store.transaction() as session:
            session.add(row)
            note_used(session, request.to.client.id, self._clock)
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
                because = "an authorization code was shown a second time"
                self._families.end_reused(session, row.family, "code.reused", because)
                raise bad_grant()
            row.spent = self._clock()
            proven = _VERIFIER.fullmatch(verifier) and secrets.compare_digest(row.challenge, pkce_challenge(verifier))
            same = row.client == client.id and row.redirect_uri == redirect_uri
            if not (proven and same) or self._clock() >= row.expires:
                raise bad_grant()
            granted = _granted(row)
            audience = self.resources.audiences(resources, granted.audiences)[0]
            row.family, issued = self._families.open(session, granted, audience=audience, address=address)
            return issued

        return lasting(self._store, redeemed)

    def refresh(self, client: Client, refresh_token: str, *, resources: tuple[str, ...], address: str) -> Issued:
        """Return the next tokens for a refresh token, which is spent (RFC 9700, section 4.14.2).

        One that is shown again was stolen, or its thief was faster: everything in its family dies. There is no
        grace for a lost answer, as a thief would have it too. `address` is where the client calls from. Raises
        `OAuthError`.
        """

        def refreshed(session: Session) -> Issued:
            query = select(RefreshTokenRow).where(RefreshTokenRow.secret_hash == hash_of(refresh_token))
            row = session.scalars(query.with_for_update()).one_or_none()
            if row is None:
                raise bad_grant()
            if row.used is not None:
                because = "a refresh token was shown a second time"
                self._families.end_reused(session, row.family, "token.reused", because)
                raise bad_grant()
            family = session.get_one(FamilyRow, row.family)
            now = self._clock()
            if family.client != client.id or family.ended is not None or now >= min(row.expires, family.expires):
                raise bad_grant()
            audience = self.resources.audiences(resources, tuple(family.audiences))[0]
            row.used = now
            return self._families.renew(session, family, audience=audience, address=address)

        return lasting(self._store, refreshed)

    def revoke(self, client: Client, token: str) -> None:
        """End the family that a token belongs to, whichever token of it (RFC 7009). An unknown one is none the less
        gone; one of another client raises `OAuthError`.
        """
        with self._store.transaction() as session:
            found = session.get(RefreshTokenRow, hash_of(token)) or session.get(TokenRow, hash_of(token))
            if found is None:
                return
            family = session.get(FamilyRow, found.family) if found.family is not None else None
            if family is None or family.client != client.id:
                raise OAuthError("unauthorized_client", "this token was not given to this program")
            if self._families.end(session, family.id) is not None:
                who = f"user:{family.email}"
                self._audit.note(session, who, "session.ended", resource_of(family), context={"client": client.id})


def _granted(row: AuthorizationCodeRow) -> Granted:
    return Granted(
        row.client, tuple(row.audiences), row.email, row.epoch, row.authenticated, row.second_factor, row.agent
    )
