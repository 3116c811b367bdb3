"""What the SAML endpoints do: each answer and logout is taken once, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bailiwick.control.identity.credentials import hash_of
from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.kept import keep_claims, spend_unanswered
from bailiwick.control.identity.once import use_once
from bailiwick.control.identity.providers import Attempt, Providers
from bailiwick.control.identity.saml.client import SamlClient, request_id_of
from bailiwick.control.identity.service import IdentityService
from bailiwick.control.identity.tables import SignInRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_secret
from bailiwick.store import Store

_ON_ITS_WAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Taken:
    """That an answer was taken: the browser goes on with the state of its sign-in and a code that works once.

    `begun_here` says whether a browser began it with us; else whoever brings the answer begins it now.
    """

    state: str = field(repr=False)
    code: str = field(repr=False)
    begun_here: bool


class SamlService:
    """Takes answers and logouts of SAML providers, and says who we are to each."""

    def __init__(self, store: Store, providers: Providers, identity: IdentityService, clock: Clock) -> None:
        self._store = store
        self._providers = providers
        self._identity = identity
        self._clock = clock

    def metadata(self, provider: str) -> bytes:
        """Return our metadata for a provider."""
        return self._client(provider).metadata()

    def take_answer(self, provider: str, told: str, relay_state: str) -> Taken:
        """Take an answer in base64 that came by a form, with the state that went out with its request.

        It ends nobody's sign-in yet: a form of another site comes without our cookies, so nobody can say which browser
        brought it. Raises `SignInRefusedError` for what proves nothing, was taken before, or was not asked for.
        """
        client = self._client(provider)
        with self._store.transaction() as session:
            begun = spend_unanswered(session, relay_state, self._clock())
        if begun is None:
            return self._take_unasked(client, told)
        if begun.provider != client.name:
            raise SignInRefusedError("another identity provider answered than the one you were sent to")
        waiting = SignInRow(
            state_hash=begun.state_hash,
            nonce=begun.nonce,
            verifier=begun.verifier,
            return_to=begun.return_to,
            provider=begun.provider,
            max_age=begun.max_age,
            second_factor=begun.second_factor,
        )
        code = self._keep(client, told, request_id_of(begun.nonce), waiting)
        return Taken(relay_state, code, begun_here=True)

    def hear_logout(self, provider: str, *, query: str, form: Mapping[str, str]) -> str:
        """Take a logout message, in a raw query or in a form; return where the browser takes our answer.

        That is empty when there is nowhere to go: the message was the answer to ours, or the provider wants none.
        Raises `SignInRefusedError` for what proves nothing.
        """
        client = self._client(provider)
        asked = client.hear_logout(query, form)
        if asked is None:
            return ""
        self._identity.end_at_provider(client.name, asked.notice)
        return asked.answer_url

    def _take_unasked(self, client: SamlClient, told: str) -> Taken:
        """Take an answer to nothing that we sent, where settings allow it: its first browser is the one meant."""
        if not client.unasked:
            raise SignInRefusedError(
                "this sign-in was not begun here, was answered before, or took too long",
                hint="start at Bailiwick's own sign-in page, not at the identity provider's list of applications",
            )
        attempt = Attempt.new()
        waiting = SignInRow(
            state_hash=hash_of(attempt.state),
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            return_to="/",
            provider=client.name,
            max_age=None,
            second_factor=False,
        )
        return Taken(attempt.state, self._keep(client, told, None, waiting), begun_here=False)

    def _keep(self, client: SamlClient, told: str, request_id: str | None, waiting: SignInRow) -> str:
        """Verify an answer, and keep what it says for whoever shows the code that is returned."""
        claims, assertion = client.take(told, request_id)
        code = new_secret("bwa")
        keep_claims(waiting, code, claims)
        waiting.expires = self._clock() + _ON_ITS_WAY
        with self._store.transaction() as session:
            use_once(session, self._clock(), claims.issuer, assertion.id, assertion.expires)
            session.add(waiting)
        return code

    def _client(self, provider: str) -> SamlClient:
        found = self._providers.named(provider)
        if not isinstance(found, SamlClient):
            raise SignInRefusedError("this identity provider does not speak SAML")
        return found
