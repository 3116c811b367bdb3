"""What the gateway asks token endpoints with: a client's own word, or an assertion about a person."""

import ssl
from datetime import datetime

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.messages import ClientCredentials, JwtBearer, OAuthClient, TokenExchange
from bailiwick.core.oauth import (
    ClientProof,
    IssuedToken,
    TokenEndpointError,
    client_certificate_of,
    exchange_form,
    jwt_bearer_form,
    new_dpop_key,
    prove,
)
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.upstreams import Upstreams
from bailiwick.token_posting import ask_token

Tokened = ClientCredentials | JwtBearer | TokenExchange
# What an answer says of the secret that was shown: it may be an old one.
_OF_THE_SECRET = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"})


class TokenAsker:
    """Asks with `secrets` of the vault."""

    def __init__(self, secrets: Credentials, upstreams: Upstreams, clock: Clock = utc_now) -> None:
        self._secrets = secrets
        self._upstreams = upstreams
        self._clock = clock

    async def ask(self, credential: Tokened, authority: str, *, person: str, actor: str) -> tuple[IssuedToken, str]:
        """Return a new token, for a person where it is of one, and the key that it is bound to, empty for none.

        Raises `TokenEndpointError` when there is no token.
        """
        now = self._clock()
        try:
            return await self._asked(credential, authority, person, actor, now)
        except TokenEndpointError as fault:
            if fault.error in _OF_THE_SECRET:
                for secret in credential.secrets:
                    self._secrets.forget(secret)
            raise

    async def _asked(
        self, credential: Tokened, authority: str, person: str, actor: str, now: datetime
    ) -> tuple[IssuedToken, str]:
        proof, certificate = await self._proof(credential, now)
        match credential:
            case JwtBearer():
                form = jwt_bearer_form(credential, await self._secrets.get(credential.secret), person, now)
            case TokenExchange():
                signs = await self._secrets.get(credential.signing_secret)
                form = exchange_form(credential, signs, person, actor, now)
            case _:
                form = {"grant_type": "client_credentials"}
                form |= {"scope": " ".join(credential.scopes)} if credential.scopes else {}
        context = await self._context(authority, certificate)
        key = new_dpop_key() if isinstance(credential, OAuthClient) and credential.dpop else ""
        whole = {**form, **proof.form}
        issued = await ask_token(credential.token_url, whole, proof.headers, context, key=key, clock=self._clock)
        return issued, key

    async def _proof(self, credential: Tokened, now: datetime) -> tuple[ClientProof, str]:
        """Return what shows who the client is, and the certificate (PEM) that it shows in TLS."""
        if not isinstance(credential, OAuthClient):
            return ClientProof(), ""
        secret = await self._secrets.get(credential.secret) if credential.secret else ""
        return prove(credential, secret, now), client_certificate_of(credential, secret)

    async def _context(self, authority: str, certificate: str) -> ssl.SSLContext:
        try:
            return await self._upstreams.context_for(authority, certificate)
        except ssl.SSLError:
            raise TokenEndpointError("cannot be checked by the authority of its registration") from None
