"""OpenID Connect relying party: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636)."""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bailiwick.control.identity.errors import ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.model import Claims
from bailiwick.core.clock import Clock
from bailiwick.core.pkce import pkce_challenge

_ALGORITHMS = ["RS256", "ES256"]
_SKEW_SECONDS = 60
_KEYS_AT_MOST_EVERY_SECONDS = 10.0
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in sends away and must get back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> "Attempt":
        """Return a fresh attempt: state, nonce and PKCE verifier of 256 random bits each."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


class OidcClient:
    """One identity provider, as configured. Its documents are fetched when first needed and kept."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        scopes: tuple[str, ...],
        redirect_uri: str,
        clock: Clock,
        http: httpx2.Client | None = None,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = scopes
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._http = http or httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None
        self._keys_fetched = 0.0

    def authorization_url(self, attempt: Attempt) -> str:
        """Return where to send the browser."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(self._scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": pkce_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._discover()['authorization_endpoint']}?{urlencode(query)}"

    def exchange(self, code: str, *, nonce: str, verifier: str) -> Claims:
        """Exchange the code for an ID token and return its claims, verified; raise `SignInRefusedError` otherwise."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._client_secret:
            form["client_secret"] = self._client_secret
        try:
            answer = self._http.post(str(self._discover()["token_endpoint"]), data=form)
        except httpx2.HTTPError as fault:
            raise ProviderUnavailableError("the identity provider does not answer") from fault
        if answer.status_code != httpx2.codes.OK:
            raise SignInRefusedError("the identity provider did not accept the sign-in", hint="sign in again")
        return self._verify(str(answer.json().get("id_token", "")), nonce)

    def _verify(self, id_token: str, nonce: str) -> Claims:
        """Check signature and claims (OpenID Connect Core 1.0, section 3.1.3.7)."""
        claims = self._decode(id_token)
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_SKEW_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as fault:
            raise SignInRefusedError("the identity provider's token is not for this sign-in") from fault
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self._client_id:
            raise SignInRefusedError("the identity provider's token was made for another application")
        return _claims_of(claims, self._issuer)

    def _decode(self, id_token: str) -> dict[str, Any]:
        for keys in (self._key_set(), None):
            try:
                known = keys or self._key_set(again=True)
                return dict(jwt.decode(id_token, known, algorithms=_ALGORITHMS).claims)
            except (JoseError, ValueError) as fault:
                last = fault
        raise SignInRefusedError("the identity provider's token is not signed by its keys") from last

    def _discover(self) -> Mapping[str, Any]:
        with self._lock:
            if self._metadata is None:
                found = self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self._issuer:
                    raise ProviderUnavailableError(
                        "the identity provider calls itself by another name than the configured issuer",
                        hint="set oidc.issuer to exactly what its discovery document says",
                    )
                self._metadata = found
            return self._metadata

    def _key_set(self, *, again: bool = False) -> KeySet:
        location = str(self._discover()["jwks_uri"])
        with self._lock:
            too_soon = time.monotonic() - self._keys_fetched < _KEYS_AT_MOST_EVERY_SECONDS
            if self._keys is None or (again and not too_soon):
                self._keys = KeySet.import_key_set(self._get(location))  # type: ignore[arg-type]  # plain JSON
                self._keys_fetched = time.monotonic()
            return self._keys

    def _get(self, url: str) -> Mapping[str, Any]:
        try:
            answer = self._http.get(url)
            answer.raise_for_status()
            return dict(answer.json())
        except (httpx2.HTTPError, ValueError) as fault:
            raise ProviderUnavailableError(
                "the identity provider does not answer", hint="check oidc.issuer and that it can be reached from here"
            ) from fault


def _claims_of(claims: Mapping[str, Any], issuer: str) -> Claims:
    email = str(claims.get("email", "")).lower()
    if claims.get("email_verified") is not True or "@" not in email or any(c.isspace() for c in email):
        raise SignInRefusedError(
            "the identity provider does not vouch for an e-mail address", hint="ask who runs it to send email_verified"
        )
    groups = claims.get("groups", [])
    if not isinstance(groups, list):
        raise SignInRefusedError("the identity provider sends groups in a form that is not a list")
    attributes = {key: str(claims[key]) for key in ("region", "department", "country") if key in claims}
    return Claims(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=email,
        name=str(claims.get("name", email)),
        groups=tuple(str(group) for group in groups),
        attributes=attributes,
    )
