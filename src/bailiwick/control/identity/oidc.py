"""OpenID Connect relying party: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636)."""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bailiwick.control.identity.errors import ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.model import Claims, LogoutNotice, Proof, ProviderSession
from bailiwick.control.identity.providers import Attempt, Returned, require_own_domain
from bailiwick.core.clock import Clock
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.policy import StepUp

# Methods that say by themselves that there was more than one factor (RFC 8176, section 2).
_SECOND_FACTOR_METHODS = frozenset({"mfa"})
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ALGORITHMS = ["RS256", "ES256"]
_SKEW_SECONDS = 60
_KEYS_AT_MOST_EVERY_SECONDS = 10.0
_TIMEOUT_SECONDS = 10.0


class OidcClient:
    """One identity provider, as configured. Its documents are fetched when first needed and kept.

    `domains` are those of the e-mail addresses that it may speak for, all where there are none. `levels` are the
    values of `acr` that stand for a second factor there; they are asked for when policy wants one. `leave_to` is where
    browsers come back that end their session there too, empty where they are not sent.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        scopes: tuple[str, ...],
        redirect_uri: str,
        clock: Clock,
        name: str = "company",
        domains: frozenset[str] = frozenset(),
        levels: tuple[str, ...] = (),
        leave_to: str = "",
        attributes: tuple[str, ...] = ("region", "department", "country"),
        http: httpx2.Client | None = None,
    ) -> None:
        self.name = name
        self.domains = domains
        self._levels = levels
        self._attributes = attributes
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = scopes
        self._redirect_uri = redirect_uri
        self._leave_to = leave_to
        self._clock = clock
        self._given_http = http
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None
        self._keys_fetched = 0.0

    @cached_property
    def _http(self) -> httpx2.Client:
        # Made when it is needed: it reads every authority that is trusted, which takes a while.
        return self._given_http or httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False)

    def authorization_url(self, attempt: Attempt, wanted: StepUp | None = None, *, hint: str = "") -> str:
        """Return where to send the browser; `wanted` is how the sign-in must be, `hint` who is probably there."""
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
        if wanted is not None and wanted.max_age_seconds is not None:
            query |= {"max_age": str(wanted.max_age_seconds), "prompt": "login"}
        if wanted is not None and wanted.second_factor and self._levels:
            query["acr_values"] = " ".join(self._levels)
        if hint:
            query["login_hint"] = hint
        return f"{self._discover()['authorization_endpoint']}?{urlencode(query)}"

    def finish(self, returned: Returned) -> Claims:
        """Return who signed in; raise `SignInRefusedError` when nothing proves it."""
        self.require_issuer(returned.issuer)
        return self.exchange(returned.code, nonce=returned.nonce, verifier=returned.verifier)

    def leave_url(self, session: ProviderSession) -> str:
        """Return where a browser ends its session at the provider (OpenID Connect RP-Initiated Logout 1.0, section 2).

        Empty where the provider has no such place or browsers are not sent. We keep no ID token to show there, so the
        provider may ask whether the person means it.
        """
        endpoint = self._discover().get("end_session_endpoint") if self._leave_to else None
        if not endpoint:
            return ""
        query = {
            "client_id": self._client_id,
            "post_logout_redirect_uri": self._leave_to,
            "logout_hint": session.called,
        }
        return f"{endpoint}{'&' if '?' in str(endpoint) else '?'}{urlencode(query)}"

    def require_issuer(self, issuer: str) -> None:
        """Return when an answer comes from here; raise `SignInRefusedError` when another sent it (RFC 9207)."""
        named = bool(self._discover().get("authorization_response_iss_parameter_supported"))
        if (issuer or named) and issuer != self._issuer:
            raise SignInRefusedError("another identity provider answered than the one you were sent to")

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
        found = _claims_of(claims, self._issuer, self._proof(claims), self._attributes)
        require_own_domain(found.email, self.domains)
        return found

    def read_logout(self, logout_token: str) -> LogoutNotice:
        """Return what a logout token says, verified (OpenID Connect Back-Channel Logout 1.0, section 2.6)."""
        claims = self._decode(logout_token)
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_SKEW_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
        )
        try:
            registry.validate(claims)
            expires = datetime.fromtimestamp(int(claims["exp"]) + _SKEW_SECONDS, UTC)
        except (JoseError, ValueError, OverflowError, OSError) as fault:
            raise SignInRefusedError("the logout token is not for us, or of another time") from fault
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict) or "nonce" in claims:
            raise SignInRefusedError("this is not a logout token")
        subject, session = (str(claims.get(name, "")) for name in ("sub", "sid"))
        if not subject and not session:
            raise SignInRefusedError("the logout token names nobody")
        return LogoutNotice(self._issuer, subject, session, str(claims["jti"]), expires)

    def _proof(self, claims: Mapping[str, Any]) -> Proof:
        """Return how the person signed in; what the provider does not say, or says in another form, is not known."""
        told = claims.get("auth_time")
        time = None
        # A provider's clock may be ahead a little; nobody signs in in the future.
        if isinstance(told, int) and 0 < told <= self._clock().timestamp() + _SKEW_SECONDS:
            time = datetime.fromtimestamp(told, UTC)
        methods = tuple(str(method) for method in claims["amr"]) if isinstance(claims.get("amr"), list) else ()
        level = str(claims.get("acr", ""))
        return Proof(
            provider=self.name,
            time=time,
            methods=methods,
            level=level,
            second_factor=bool(_SECOND_FACTOR_METHODS & set(methods)) or level in self._levels,
            session=str(claims.get("sid", "")),
            called=str(claims.get("email", "")),
        )

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


def _claims_of(claims: Mapping[str, Any], issuer: str, proof: Proof, attributes: Sequence[str]) -> Claims:
    email = str(claims.get("email", "")).lower()
    if claims.get("email_verified") is not True or "@" not in email or any(c.isspace() for c in email):
        raise SignInRefusedError(
            "the identity provider does not vouch for an e-mail address", hint="ask who runs it to send email_verified"
        )
    groups = claims.get("groups", [])
    if not isinstance(groups, list):
        raise SignInRefusedError("the identity provider sends groups in a form that is not a list")
    return Claims(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=email,
        name=str(claims.get("name", email)),
        groups=tuple(str(group) for group in groups),
        attributes={key: _as_text(claims[key]) for key in attributes if key in claims},
        proof=proof,
    )


def _as_text(value: object) -> str:
    """Return a claim as policies compare it: true and false as JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
