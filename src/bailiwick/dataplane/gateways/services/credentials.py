"""What the gateway shows to a service: keys from the vault, and tokens that it gets with them and renews."""

import asyncio
import base64
import time
from collections import defaultdict
from dataclasses import dataclass, field

import httpx2

from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import (
    BasicPassword,
    BearerToken,
    ClientCredentials,
    HeaderKey,
    NoCredential,
    ServiceConnection,
)
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.upstreams import Upstreams

_TOKEN_SECONDS = 10.0
# A token is renewed before it ends; one that does not say when it ends is taken for one of five minutes.
_RENEW_BEFORE_SECONDS, _USUAL_SECONDS, _LEAST_SECONDS = 30.0, 300.0, 1.0
_MOST_TOKEN_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """A header that says who calls, and the values in it that no answer may repeat."""

    name: bytes
    value: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class ServiceCredentials:
    """Credentials of services, made of `secrets` of the vault."""

    def __init__(self, secrets: Credentials, upstreams: Upstreams) -> None:
        self._secrets = secrets
        self._upstreams = upstreams
        self._tokens: dict[ClientCredentials, tuple[str, float]] = {}
        self._turns: dict[ClientCredentials, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that are held now, for whoever masks."""
        return frozenset(token for token, _ in self._tokens.values())

    async def of(self, connection: ServiceConnection) -> Shown | None:
        """Return what to show, None where nobody asks; raise `UnavailableError` when it cannot be had."""
        match connection.credential:
            case NoCredential():
                return None
            case BearerToken(secret=secret):
                return _bearer(await self._secret(secret))
            case BasicPassword(user=user, secret=secret):
                password = await self._secret(secret)
                packed = _packed(user, password)
                return Shown(b"authorization", f"Basic {packed}".encode(), (packed, password))
            case HeaderKey(header=header, secret=secret):
                value = await self._secret(secret)
                return Shown(header.encode(), value.encode(), (value,))
            case ClientCredentials() as credential:
                return _bearer(await self._token(credential, connection.authority))

    def refused(self, connection: ServiceConnection) -> None:
        """Note that a service did not take what was shown: it is got anew."""
        for secret in connection.secrets:
            self._secrets.forget(secret)
        if isinstance(connection.credential, ClientCredentials):
            self._tokens.pop(connection.credential, None)

    async def _secret(self, name: str) -> str:
        value = await self._secrets.get(name)
        if not value.isprintable():
            raise UnavailableError(
                f"the secret {name} cannot be a header's value",
                hint=f"store it again in one line: bailiwick secret put {name}",
            )
        return value

    async def _token(self, credential: ClientCredentials, authority: str) -> str:
        async with self._turns[credential]:
            token, until = self._tokens.get(credential, ("", 0.0))
            if token and time.monotonic() < until:
                return token
            token, seconds = await self._ask(credential, authority)
            self._tokens[credential] = (token, time.monotonic() + seconds)
            return token

    async def _ask(self, credential: ClientCredentials, authority: str) -> tuple[str, float]:
        """Return a new token and for how many seconds it is good (RFC 6749 section 4.4)."""
        secret = await self._secret(credential.secret)
        form, headers = {"grant_type": "client_credentials"}, {"accept": "application/json"}
        if credential.scopes:
            form["scope"] = " ".join(credential.scopes)
        if credential.shown == "basic":
            headers["authorization"] = f"Basic {_packed(credential.client, secret)}"
        else:
            form |= {"client_id": credential.client, "client_secret": secret}
        try:
            context = await self._upstreams.context_for(authority)
            async with httpx2.AsyncClient(verify=context, timeout=_TOKEN_SECONDS, trust_env=False) as client:
                answer = await client.post(credential.token_url, data=form, headers=headers)
        except (httpx2.HTTPError, OSError) as fault:
            raise _no_token(f"is not reached ({type(fault).__name__})") from None
        if answer.status_code != httpx2.codes.OK or len(answer.content) > _MOST_TOKEN_BYTES:
            if answer.status_code in {400, 401, 403}:
                self._secrets.forget(credential.secret)
            raise _no_token(f"answers with status {answer.status_code}")
        return _read_token(answer)


def _read_token(answer: httpx2.Response) -> tuple[str, float]:
    try:
        said = answer.json()
        token, kind = str(said["access_token"]), str(said["token_type"])
        seconds = float(said.get("expires_in", _USUAL_SECONDS)) - _RENEW_BEFORE_SECONDS
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _no_token("does not answer with a token") from None
    if kind.lower() != "bearer" or not token.isascii() or not token.isprintable() or " " in token or not token:
        raise _no_token("gives no bearer token")
    return token, max(seconds, _LEAST_SECONDS)


def _no_token(words: str) -> UnavailableError:
    return UnavailableError(f"the token endpoint {words}", hint="whoever looks after the integration must see to it")


def _bearer(token: str) -> Shown:
    return Shown(b"authorization", b"Bearer " + token.encode(), (token,))


def _packed(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()
