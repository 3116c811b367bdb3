"""What the gateway asks token endpoints with: a client's own word, or an assertion about a person."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import TypeVar

from bailiwick.core import sts
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.messages import AwsRole, ClientCredentials, JwtBearer, OAuthClient, TokenExchange
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
from bailiwick.token_posting import ask_token, post

Tokened = ClientCredentials | JwtBearer | TokenExchange
# What an answer says of the secret that was shown: it may be an old one.
_OF_THE_SECRET = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"}) | sts.OF_THE_SECRET
# A secret that was just changed where it is used is here within so long.
_CHANGE_WAITS_SECONDS = (0.0, 0.1, 0.2, 0.4, 0.8)
_MOST_CHANGES = 3
# What was waited for in vain is not waited for again so soon.
_IN_VAIN_SECONDS = 10.0
_Found = TypeVar("_Found")


class TokenAsker:
    """Asks with `secrets` of the vault; one that is not taken may be changing, and is asked with again once it did."""

    def __init__(self, secrets: Credentials, upstreams: Upstreams, clock: Clock = utc_now) -> None:
        self._secrets = secrets
        self._upstreams = upstreams
        self._clock = clock
        self._in_vain: dict[frozenset[str], float] = {}

    async def ask(self, credential: Tokened, authority: str, *, person: str, actor: str) -> tuple[IssuedToken, str]:
        """Return a new token, for a person where it is of one, and the key that it is bound to, empty for none.

        Raises `TokenEndpointError` when there is no token.
        """
        return await self._with(
            credential.secrets, lambda: self._asked(credential, authority, person, actor, self._clock())
        )

    async def assume(self, role: AwsRole, authority: str, session: str) -> sts.RoleKeys:
        """Return new keys of a role of AWS, for a session of that name; raise `RoleNotAssumedError` for none."""
        return await self._with(role.secrets, lambda: self._assumed(role, authority, session))

    async def _with(self, names: Collection[str], ask: Callable[[], Awaitable[_Found]]) -> _Found:
        names = frozenset(names)
        # One change may follow the other before what the first one brought is shown.
        for _ in range(_MOST_CHANGES):
            shown = await self._values(names)
            try:
                return await ask()
            except (TokenEndpointError, sts.RoleNotAssumedError) as fault:
                if fault.error not in _OF_THE_SECRET or not await self._changed(names, shown):
                    raise
        return await ask()

    async def _values(self, names: Collection[str]) -> list[str]:
        return [await self._secrets.get(name) for name in sorted(names)]

    async def _changed(self, names: frozenset[str], shown: list[str]) -> bool:
        """Return whether secrets are others than those that were shown, once they had the time to be."""
        lately = time.monotonic() - self._in_vain.get(names, -_IN_VAIN_SECONDS) < _IN_VAIN_SECONDS
        for wait in _CHANGE_WAITS_SECONDS[: 1 if lately else None]:
            await asyncio.sleep(wait)
            for name in names:
                self._secrets.forget(name)
            if await self._values(names) != shown:
                self._in_vain.pop(names, None)
                return True
        self._in_vain[names] = time.monotonic()
        return False

    async def _assumed(self, role: AwsRole, authority: str, session: str) -> sts.RoleKeys:
        now = self._clock()
        asking = sts.asking(role, await self._secrets.get(role.secret), session, now)
        context = await self._context(authority, "")
        try:
            answer = await post(role.endpoint, asking.body, asking.headers, context)
        except TokenEndpointError as fault:
            raise sts.RoleNotAssumedError(fault.message.removeprefix("the token endpoint ")) from None
        return sts.read_keys(answer.status, answer.content, now)

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
