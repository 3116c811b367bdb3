"""The secret of a client of an authorization server, which makes another one when it is asked to (RFC 7592).

The settings name servers with their addresses: whoever rotates a secret names a server and cannot send it elsewhere.
Most servers forget the old secret as soon as they made the new one. So whatever an answer brings is sealed in the vault
before anything else is done, an answer that was lost is read again, and nothing is given up while it is not known which
secret is in force.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from bailiwick.control.exporters import DeliveryError, HttpSender, tls_context
from bailiwick.control.rotations.errors import SourceRefusedError, SourceUnavailableError
from bailiwick.control.rotations.sources.hook import LATER
from bailiwick.control.rotations.sources.source import Source
from bailiwick.control.rotations.sources.work import Credential, Work
from bailiwick.control.vault import checked_value
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.messages import ClientCredentials
from bailiwick.core.oauth import Registration, TokenEndpointError, prove, read_answer, read_registration
from bailiwick.token_posting import post_form

_Secret = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
_TOKENS = frozenset({"bearer", "dpop"})
# These are said to a client that showed who it is (RFC 6749 section 5.2).
_KNOWN = frozenset({"unauthorized_client", "invalid_scope"})
_UNKNOWN = "invalid_client"


@dataclass(frozen=True)
class ServerTarget:
    """Where a server keeps clients (`{client}` stands for one) and gives tokens, and by whose certificates it is
    checked.
    """

    configuration_url: str
    token_url: str
    ca: Path | None = None


class OAuthClientSource(Source):
    """A client of a server of the settings. `registration` is the secret with its registration access token, which the
    server may replace. `made_by` says who makes the next secret, and `old_works` whether the server takes the old one
    on beside it for a while.
    """

    kind: Literal["oauth-client"]
    server: _Secret
    client: str = Field(pattern=r"^[!-~]{1,200}$")
    registration: _Secret
    shown: Literal["basic", "body"] = "basic"
    made_by: Literal["server", "us"] = "server"
    old_works: bool = False

    @property
    def secrets(self) -> frozenset[str]:
        """The names of other secrets that it needs."""
        return frozenset({self.registration})

    @property
    def keeps_old(self) -> bool:
        """Whether the old secret works until it is revoked."""
        return self.old_works

    @property
    def forgets(self) -> bool:
        """Whether a value that is not in force for sure may be forgotten: it may be the only one that is."""
        return False

    @property
    def words(self) -> str:
        """Where it is."""
        return f"the authorization server {self.server} as {self.client}"

    def next_account(self, _: str) -> str:
        """Return who signs in with the next secret: that is empty until the server has made it."""
        return ""

    def make(self, work: Work) -> Credential:
        """Have another secret made, and get a token with it."""
        target = self._target(work)
        made = work.new if work.new.account else self._made(target, work)
        if not self._signs_in(target, made.value):
            made = self._newer(target, work, made)
        return made

    def revoke(self, work: Work) -> str:
        """See that the server takes the old secret no more: it takes it away by itself."""
        if self._signs_in(self._target(work), work.old.value):
            raise SourceUnavailableError(f"{self.words} still takes the old secret", hint="have it ended there")
        return f"{self.words} takes the old secret no more"

    def _target(self, work: Work) -> ServerTarget:
        target = work.servers.get(self.server)
        if target is None:
            raise SourceRefusedError(
                f"the settings name no authorization server '{self.server}'",
                hint="secret_rotation.authorization_servers",
            )
        return target

    def _newer(self, target: ServerTarget, work: Work, made: Credential) -> Credential:
        """Return the secret that took the place of one that was made: somebody else may have asked for it."""
        words = f"{self.words} does not take the secret that it made"
        try:
            known = self._asked(target, work, "GET")
        except SourceRefusedError as fault:
            raise SourceUnavailableError(f"{words}; {fault.message}", hint=fault.hint) from None
        if known.secret in {"", made.value} or not self._signs_in(target, known.secret):
            raise SourceUnavailableError(words)
        return self._kept(work, known)

    def _made(self, target: ServerTarget, work: Work) -> Credential:
        """Return the secret that the server made, which is sealed in the vault by then."""
        try:
            known = self._asked(target, work, "GET")
            if known.secret and known.secret != work.old.value:
                return self._kept(work, known)  # an answer was lost
            return self._kept(work, self._changed(target, work, known))
        except SourceRefusedError as fault:
            if self.made_by == "us" and self._signs_in(target, work.new.value):
                return Credential(self.client, work.new.value)  # was taken before an answer was lost
            if self._signs_in(target, work.old.value):
                raise
            words = f"{fault.message}, and the old secret is not taken either"
            raise SourceUnavailableError(words, hint=fault.hint) from None

    def _changed(self, target: ServerTarget, work: Work, known: Registration) -> Registration:
        """Have a secret made; an answer that is none leaves open whether it was."""
        proposed = work.new.value if self.made_by == "us" else ""
        found = self._asked(target, work, "PUT", known.update(proposed))
        secret = found.secret or proposed
        if not secret or secret == work.old.value:
            raise SourceRefusedError(
                f"{self.words} makes no other secret when its client is updated",
                hint="try made_by: us; where that is refused, too, use a hook",
            )
        return Registration(secret, found.token, found.metadata)

    def _kept(self, work: Work, found: Registration) -> Credential:
        try:
            checked_value(found.secret)
        except InvalidInputError as fault:
            raise SourceUnavailableError(f"{self.words} makes what can be no secret: {fault.message}") from None
        made = Credential(self.client, found.secret)
        work.keep(made, {})
        return made

    def _asked(
        self, target: ServerTarget, work: Work, method: str, body: Mapping[str, Any] | None = None
    ) -> Registration:
        """Read or update the registration; what opens it from now on is sealed in the vault at once."""
        url = target.configuration_url.replace("{client}", quote(self.client, safe=""))
        headers = {"accept": "application/json", "authorization": f"Bearer {work.read(self.registration)}"}
        headers |= {"content-type": "application/json"} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else b""
        try:
            sender = HttpSender(target.ca)
            try:
                answer = sender.send(method, url, content, headers)
            finally:
                sender.close()
        except DeliveryError:
            raise SourceUnavailableError(f"{self.words} does not answer") from None
        if 300 <= answer.status < 500 and answer.status not in LATER:  # noqa: PLR2004 - RFC 9110, 15.4 and 15.5
            raise SourceRefusedError(
                f"{self.words} answers {method} of its registration with status {answer.status}",
                hint=f"see that {self.registration} is its registration access token",
            )
        found = read_registration(answer.status, answer.body, self.client)
        if found is None:
            words = f"{self.words} answers {method} of its registration with something else (status {answer.status})"
            raise SourceUnavailableError(words)
        if found.token and found.token != work.read(self.registration):
            made = found.secret not in {"", work.old.value}
            work.keep(Credential(self.client, found.secret) if made else None, {self.registration: found.token})
        return found

    def _signs_in(self, target: ServerTarget, secret: str) -> bool:
        """Return whether the server takes a secret; raise `SourceUnavailableError` where it does not say."""
        client = ClientCredentials(
            kind="client-credentials",
            token_url=target.token_url,
            client=self.client,
            secret=self.registration,
            shown=self.shown,
        )
        proof = prove(client, secret, utc_now())
        form = {"grant_type": "client_credentials", **proof.form}
        try:
            answer = asyncio.run(post_form(target.token_url, form, proof.headers, tls_context(target.ca)))
            read_answer(answer.status, answer.content, kinds=_TOKENS)
        except TokenEndpointError as fault:
            if fault.error in _KNOWN:
                return True
            if fault.error == _UNKNOWN:
                return False
            raise SourceUnavailableError(f"{self.words}: {fault.message}") from None
        except DeliveryError as fault:
            raise SourceUnavailableError(f"{self.words} cannot be checked: {fault.message}") from None
        return True
