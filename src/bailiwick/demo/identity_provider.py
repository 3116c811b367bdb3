"""A development identity provider: OpenID Connect for the sample people, on loopback only, with a click for a password.

It refuses to start where a real issuer is configured. Authorization code with PKCE only (OpenID Connect Core 1.0,
RFC 7636); codes work once and for a minute.
"""

import base64
import hashlib
import html
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bailiwick.core.pkce import pkce_challenge
from bailiwick.demo.people import PEOPLE, SamplePerson

CLIENT_ID = "bailiwick"
SECOND_FACTOR = "second-factor"
_CODE_SECONDS = 60
_TOKEN_SECONDS = 300
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_STYLE = (
    "body{font:14px/1.45 system-ui,sans-serif;max-width:24rem;margin:10vh auto;padding:0 16px}"
    "button{display:block;width:100%;text-align:left;padding:8px 12px;margin:4px 0;border:1px solid #E3E6EB;"
    "background:#F7F8FA;font:inherit;cursor:pointer}"
    "h1{font-size:20px}p,small{color:#525B6B}"
)


@dataclass
class Provider:
    """Its issuer, where it may send browsers back to, its key, and codes on their way."""

    issuer: str
    redirect_uris: frozenset[str]
    key: RSAKey = field(repr=False)
    codes: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def issue_code(self, person: SamplePerson, request: Mapping[str, str]) -> str:
        """Return a code for a person and the request they signed in for."""
        code = secrets.token_urlsafe(32)
        self.codes[code] = {**request, "email": person.email, "over": str(time.time() + _CODE_SECONDS)}
        return code

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> dict[str, str] | None:
        """Return what a code stands for, once, for whoever holds the verifier."""
        known = self.codes.pop(code, None)
        if known is None or float(known["over"]) < time.time() or known["redirect_uri"] != redirect_uri:
            return None
        return known if secrets.compare_digest(pkce_challenge(verifier), known["code_challenge"]) else None

    def id_token(self, person: SamplePerson, asked: Mapping[str, str]) -> str:
        """Return the signed ID token; a second factor is pretended where one was asked for."""
        now, nonce = int(time.time()), asked["nonce"]
        strong = SECOND_FACTOR in asked.get("acr_values", "").split()
        claims = {
            "iss": self.issuer, "sub": person.email, "aud": CLIENT_ID, "iat": now, "exp": now + _TOKEN_SECONDS,
            "auth_time": now, "nonce": nonce, "email": person.email, "email_verified": True, "name": person.name,
            "groups": list(person.groups), "region": person.region, "amr": ["dev", "mfa"] if strong else ["dev"],
            "acr": SECOND_FACTOR if strong else "dev",
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "demo"}, claims, self.key)


def build_provider(provider: Provider) -> Starlette:
    """Return the provider as an ASGI application."""

    async def discovery(_: Request) -> Response:
        issuer = provider.issuer
        document = {
            "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email", "groups"],
            "acr_values_supported": ["dev", SECOND_FACTOR],
        }  # fmt: skip
        return JSONResponse(document)

    async def jwks(_: Request) -> Response:
        key = {**provider.key.as_dict(private=False), "kid": "demo", "use": "sig", "alg": "RS256"}
        return JSONResponse({"keys": [key]})

    async def authorize(request: Request) -> Response:
        query = dict(request.query_params)
        problem = _problem(query, provider)
        if problem:
            return HTMLResponse(f"<p>{html.escape(problem)}</p>", 400)
        return _page(query)

    async def login(request: Request) -> Response:
        form = await _form(request)
        person = next((item for item in PEOPLE if item.email == form.get("login")), None)
        problem = _problem(form, provider)
        if person is None or problem:
            return HTMLResponse(f"<p>{html.escape(problem or 'nobody here has this address')}</p>", 400)
        code = provider.issue_code(person, form)
        return RedirectResponse(f"{form['redirect_uri']}?{urlencode({'code': code, 'state': form['state']})}", 303)

    async def token(request: Request) -> Response:
        form = await _form(request)
        code, verifier, uri = (form.get(name, "") for name in ("code", "code_verifier", "redirect_uri"))
        known = provider.redeem(code, verifier, uri)
        if known is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        person = next(item for item in PEOPLE if item.email == known["email"])
        id_token = provider.id_token(person, known)
        body = {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}
        return JSONResponse({**body, "id_token": id_token}, headers={"cache-control": "no-store"})

    routes = [
        Route("/.well-known/openid-configuration", discovery),
        Route("/jwks", jwks),
        Route("/authorize", authorize),
        Route("/login", login, methods=["POST"]),
        Route("/token", token, methods=["POST"]),
    ]
    # Whoever comes by another name than loopback was led here, by a rebound host name for example.
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(_LOOPBACK))])


async def _form(request: Request) -> dict[str, str]:
    return {key: str(value) for key, value in (await request.form()).items()}


def _problem(query: Mapping[str, str], provider: Provider) -> str:
    wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
    for name, value in wanted.items():
        if query.get(name) != value:
            return f"{name} must be {value}"
    if query.get("redirect_uri") not in provider.redirect_uris:
        return "this redirect_uri is not registered"
    missing = [name for name in ("state", "nonce", "code_challenge") if not query.get(name)]
    return f"{', '.join(missing)} missing" if missing else ""


def _page(query: Mapping[str, str]) -> HTMLResponse:
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
    )
    buttons = "".join(
        f'<button name="login" value="{person.email}">{html.escape(person.name)} <small>{person.email}</small></button>'
        for person in PEOPLE
    )
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><main><h1>Who are you?</h1><p>A development identity provider: no passwords, loopback only.</p>"
        f'<form method="post" action="/login">{hidden}{buttons}</form></main></body></html>'
    )
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    return HTMLResponse(body, headers={"content-security-policy": policy, "cache-control": "no-store"})


def load_key(path: Path) -> RSAKey:
    """Return the signing key, made at the first time and readable by its owner only."""
    if not path.exists():
        key = RSAKey.generate_key(2048)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(key.as_pem(private=True))
    return RSAKey.import_key(path.read_bytes())


def main() -> None:
    """Serve: `python -m bailiwick.demo.identity_provider PORT STATE REDIRECT_URI`."""
    if os.environ.get("BAILIWICK_OIDC__ISSUER"):
        sys.exit("a real identity provider is configured: the development one does not start beside it")
    port, state, redirect_uri = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    provider = Provider(f"http://127.0.0.1:{port}", frozenset({redirect_uri}), load_key(state / "idp.pem"))
    uvicorn.run(build_provider(provider), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
