"""What the gateway shows to a service: keys from the vault, and tokens that it gets with them, or for a person."""

import base64
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.messages import (
    AwsRole,
    AwsSignature,
    BasicPassword,
    BearerToken,
    ClientCredentials,
    HeaderKey,
    HttpConnection,
    JwtBearer,
    NoCredential,
    OAuthClient,
    PersonConsent,
    PersonTokenAnswer,
    PersonTokenRequest,
    TokenExchange,
)
from bailiwick.core.principals import Identity
from bailiwick.core.sigv4 import Signer
from bailiwick.core.sts import session_name
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.asking import TokenAsker, Tokened
from bailiwick.dataplane.gateways.services.showing import Outgoing, Shown, aws_signature, bearer, bound_token
from bailiwick.dataplane.gateways.services.tokens import Got, TokenBook, TokenKey, person_of
from bailiwick.dataplane.gateways.upstreams import Upstreams

__all__ = ["Asker", "Outgoing", "ServiceCredentials", "Shown"]
PersonTokens = Callable[[PersonTokenRequest], Awaitable[PersonTokenAnswer]]
# As the control plane says it.
_CONSENT_NEEDED = "consent.needed"
_TOKENS = (ClientCredentials, JwtBearer, TokenExchange, PersonConsent)


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose call it is, of which app, to which integration."""

    identity: Identity
    app: str
    resource: str


async def _no_person_tokens(_: PersonTokenRequest) -> PersonTokenAnswer:
    raise UnavailableError("this plane gets no tokens of people")


class ServiceCredentials:
    """Credentials of services, made of `secrets` of the vault and of what the control plane gives out for people."""

    def __init__(
        self,
        secrets: Credentials,
        upstreams: Upstreams,
        person_tokens: PersonTokens = _no_person_tokens,
        clock: Clock = utc_now,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._person_tokens = person_tokens
        self._asks = TokenAsker(secrets, upstreams, clock)
        self._book = TokenBook()
        # The last nonce that each service wanted.
        self._nonces: dict[str, str] = {}

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that are held now, for whoever masks."""
        return self._book.tokens

    def keep(self, epochs: Mapping[str, int], open_here: Collection[str], ended: frozenset[str]) -> None:
        """Drop tokens of people whose access or consent ended, and of integrations that are not open here."""
        self._book.keep(epochs, open_here, ended)

    async def of(self, connection: HttpConnection, asker: Asker) -> Shown | None:
        """Return what to show, None where nobody asks; raise `UnavailableError` when it cannot be had."""
        match connection.credential:
            case NoCredential():
                return None
            case BearerToken(secret=secret):
                return bearer(await self._secret(secret))
            case BasicPassword(user=user, secret=secret):
                password = await self._secret(secret)
                packed = base64.b64encode(f"{user}:{password}".encode()).decode()
                return Shown(b"authorization", f"Basic {packed}".encode(), (packed, password))
            case HeaderKey(header=header, secret=secret):
                value = await self._secret(secret)
                return Shown(header.encode(), value.encode(), (value,))
            case AwsSignature() | AwsRole() as credential:
                return aws_signature(*await self._of_aws(credential, connection, asker))
            case credential:
                return self._shown(await self._token(credential, connection, asker), connection, asker)

    async def renewed(
        self, connection: HttpConnection, asker: Asker, shown: Shown | None, nonce: str = ""
    ) -> Shown | None:
        """Return another token for one that a service did not take, None where there is no other to be had.

        `nonce` is what the service wants in the proof of a token that is bound to a key (RFC 9449 section 9): the same
        token is shown with it then.
        """
        credential = connection.credential
        if shown is None or not isinstance(credential, _TOKENS):
            return None
        if nonce and isinstance(credential, OAuthClient) and credential.dpop:
            self._nonces[asker.resource] = nonce
            return await self.of(connection, asker)
        if not self._book.refuse(_key(credential, asker), shown.secrets[0]):
            return None
        other = await self.of(connection, asker)
        return other if other is not None and other.secrets != shown.secrets else None

    def doubt(self, connection: HttpConnection, asker: Asker, shown: Shown | None) -> None:
        """Note that a service forbade a call: keys of a role may have been taken back, and are got anew."""
        if shown is not None and isinstance(connection.credential, AwsRole):
            self._book.refuse(_key(connection.credential, asker), shown.secrets[-1])

    async def token(
        self, credential: JwtBearer | ClientCredentials, resource: str, authority: str, refused: str = ""
    ) -> str:
        """Return a token of the platform's own for a system that is no service; `refused` is one that was not taken.

        Raises `UnavailableError` when there is none.
        """
        key = TokenKey(resource, credential)
        if refused:
            self._book.refuse(key, refused)

        async def get(_: str) -> Got:
            issued, _key = await self._asks.ask(credential, authority, person="", actor="")
            return Got(issued.value, issued.seconds)

        return (await self._book.get(key, get)).token

    def refused(self, connection: HttpConnection) -> None:
        """Note that a service did not take what was made with secrets: they are fetched anew."""
        for secret in connection.secrets:
            self._secrets.forget(secret)

    async def _of_aws(
        self, credential: AwsSignature | AwsRole, connection: HttpConnection, asker: Asker
    ) -> tuple[Signer, Clock, str]:
        if isinstance(credential, AwsSignature):
            got = Got("", 0, key=await self._secret(credential.secret), account=credential.access_key_id)
        else:
            got = await self._token(credential, connection, asker)
        signer = Signer(got.account, SecretStr(got.key), credential.region, credential.service)
        return signer, self._clock, got.token

    def _shown(self, got: Got, connection: HttpConnection, asker: Asker) -> Shown:
        if not got.key:
            return bearer(got.token)
        scheme, nonce = connection.url.partition(":")[0], self._nonces.get(asker.resource, "")
        return bound_token(got.token, got.key, scheme, nonce, self._clock)

    async def _secret(self, name: str) -> str:
        value = await self._secrets.get(name)
        if not value.isprintable():
            raise UnavailableError(
                f"the secret {name} cannot be a header's value",
                hint=f"store it again in one line: bailiwick secret put {name}",
            )
        return value

    async def _token(
        self, credential: Tokened | AwsRole | PersonConsent, connection: HttpConnection, asker: Asker
    ) -> Got:
        key = _key(credential, asker)
        if isinstance(credential, PersonConsent):
            request = PersonTokenRequest(integration=asker.resource, app=asker.app, person=key.person)

            async def get(refused: str) -> Got:
                answer = await self._person_tokens(request.model_copy(update={"refused": refused}))
                return Got(answer.token, answer.seconds, answer.consent, answer.key)
        elif isinstance(credential, AwsRole):

            async def get(refused: str) -> Got:  # noqa: ARG001 - new ones are got in any case
                name = session_name(key.person, key.actor)
                keys = await self._asks.assume(credential, connection.authority, name)
                return Got(keys.session_token, keys.seconds, "", keys.secret_access_key, keys.access_key_id)
        else:

            async def get(refused: str) -> Got:  # noqa: ARG001 - a new one is got in any case
                issued, bound_to = await self._asks.ask(
                    credential, connection.authority, person=key.person, actor=key.actor
                )
                return Got(issued.value, issued.seconds, key=bound_to)

        return await self._book.get(key, get)


@contextmanager
def credential_faults(resource: str) -> Iterator[None]:
    """Say of a credential that cannot be had whose fault that is: of the person who must consent, or of the way to it.

    Raises `CallRefusedError`.
    """
    try:
        yield
    except CallRefusedError:
        raise
    except BailiwickError as fault:
        if fault.code == _CONSENT_NEEDED:
            raise CallRefusedError(
                403, fault.message, hint=fault.hint, deciders=("consents-of-people",), of_person=True
            ) from None
        words = f"the credential of {resource} cannot be had now: {fault.message}"
        raise CallRefusedError(503, words, hint=fault.hint) from None


def _key(credential: Tokened | AwsRole | PersonConsent, asker: Asker) -> TokenKey:
    """Return whose token a call needs; raise `CallRefusedError` for a person's where no person is behind the call."""
    of_a_person = isinstance(credential, TokenExchange | PersonConsent) or (
        isinstance(credential, JwtBearer) and credential.of_a_person
    )
    person = person_of(asker.identity)
    if isinstance(credential, AwsRole) and person is None:
        return TokenKey(asker.resource, credential, actor=f"app:{asker.app}")
    if not of_a_person and not isinstance(credential, AwsRole):
        return TokenKey(asker.resource, credential)
    if person is None:
        raise CallRefusedError(
            403,
            f"{asker.resource} is called in a person's name, and no request of a person is in flight",
            hint="make calls while serving the request, on its own trace",
            deciders=("some-data-needs-a-person",),
        )
    actor = ""
    if isinstance(credential, TokenExchange | AwsRole):
        own = asker.identity.principal.own
        actor = own if own.startswith("agent:") else f"app:{asker.app}"
    return TokenKey(asker.resource, credential, person.principal.name, person.epoch, actor)
