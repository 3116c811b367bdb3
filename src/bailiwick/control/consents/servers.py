"""What the control plane asks authorization servers about people's consents."""

import asyncio
import hashlib
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from bailiwick.client_tls import client_context
from bailiwick.control.consents.model import Place
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import PersonConsent
from bailiwick.core.oauth import (
    DEVICE_CODE,
    NOT_YET,
    ClientProof,
    DeviceAsked,
    IssuedToken,
    TokenEndpointError,
    client_certificate_of,
    prove,
    read_device,
    read_pushed,
)
from bailiwick.token_posting import TokenAnswer, ask_token, post_form

_TURN_SECONDS = 2.0
_AT_ONCE = 4
_MOST_CONTEXTS = 64
# A secret that was just changed at the server is in the vault within so long.
_CHANGE_WAITS_SECONDS = (0.0, 0.1, 0.4)
_UNKNOWN_CLIENT = "invalid_client"


class AuthorizationServers:
    """`read_secret` returns a client's secret by its name."""

    def __init__(self, read_secret: Callable[[str], str], clock: Clock) -> None:
        self._read_secret = read_secret
        self._clock = clock
        self._turns: dict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(_AT_ONCE))
        self._contexts: dict[str, ssl.SSLContext] = {}

    def push(self, place: Place, form: Mapping[str, str]) -> str:
        """Tell the server a request before the browser comes with its name, which is returned (RFC 9126)."""
        answer = self._ask(place, place.credential.par_url, form)
        return read_pushed(answer.status, answer.content)

    def redeem(self, place: Place, code: str, verifier: str, redirect_uri: str, key: str) -> IssuedToken:
        """Return the token behind a code (RFC 6749 section 4.1.3), bound to a key where there is one."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._token(place, form | {"code_verifier": verifier}, key)

    def device(self, place: Place, form: Mapping[str, str]) -> DeviceAsked:
        """Return the code that a person types at the server (RFC 8628 section 3.1)."""
        answer = self._ask(place, place.credential.device_url, form)
        return read_device(answer.status, answer.content)

    def poll(self, place: Place, device_code: str, key: str) -> IssuedToken | None:
        """Return the token once the person has agreed, None before (RFC 8628 section 3.4)."""
        try:
            return self._token(place, {"grant_type": DEVICE_CODE, "device_code": device_code}, key)
        except TokenEndpointError as fault:
            if fault.error in NOT_YET:
                return None
            raise

    def refresh(self, place: Place, refresh_token: str, key: str = "") -> IssuedToken:
        """Return the next token (RFC 6749 section 6); raise `GrantEndedError` when there is none any more."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._token(place, form, key)

    def revoke(self, place: Place, token: str) -> None:
        """Ask the server to end a token (RFC 7009); what it says changes nothing for us."""
        if place.credential.revocation_url and token:
            with suppress(BailiwickError):
                self._ask(place, place.credential.revocation_url, {"token": token})

    def _token(self, place: Place, form: Mapping[str, str], key: str) -> IssuedToken:
        """Return a token; where the secret is not taken it may be changing, and is shown again once it did."""
        shown = self._secret_of(place.credential)
        try:
            return self._given(place, form, key)
        except TokenEndpointError as fault:
            if fault.error != _UNKNOWN_CLIENT or not self._changed(place.credential, shown):
                raise
        return self._given(place, form, key)

    def _changed(self, client: PersonConsent, shown: str) -> bool:
        for wait in _CHANGE_WAITS_SECONDS:
            time.sleep(wait)
            if self._secret_of(client) != shown:
                return True
        return False

    def _secret_of(self, client: PersonConsent) -> str:
        return self._read_secret(client.secret) if client.secret else ""

    def _given(self, place: Place, form: Mapping[str, str], key: str) -> IssuedToken:
        url, (proof, context) = place.credential.token_url, self._proof(place)
        whole = {**form, **proof.form}
        with self._turn(url):
            return asyncio.run(ask_token(url, whole, proof.headers, context, key=key, clock=self._clock))

    def _ask(self, place: Place, url: str, form: Mapping[str, str]) -> TokenAnswer:
        proof, context = self._proof(place)
        with self._turn(url):
            return asyncio.run(post_form(url, {**form, **proof.form}, proof.headers, context))

    def _proof(self, place: Place) -> tuple[ClientProof, ssl.SSLContext]:
        """Return what shows who the client is, in the form and in TLS."""
        client = place.credential
        secret = self._secret_of(client)
        context = self._context(place.connection.authority, client_certificate_of(client, secret))
        return prove(client, secret, self._clock()), context

    @contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        """Let few ask one server at once: one that is slow must not keep everybody here."""
        turn = self._turns[url]
        if not turn.acquire(timeout=_TURN_SECONDS):
            raise TokenEndpointError("is slow, and others are waiting for it already")
        try:
            yield
        finally:
            turn.release()

    def _context(self, authority: str, certificate: str) -> ssl.SSLContext:
        key = hashlib.sha256(f"{authority}\0{certificate}".encode()).hexdigest()
        if key not in self._contexts:
            if len(self._contexts) >= _MOST_CONTEXTS:
                self._contexts.clear()
            try:
                self._contexts[key] = client_context(authority, certificate)
            except ssl.SSLError:
                raise TokenEndpointError("cannot be checked by the authority of its registration") from None
        return self._contexts[key]
