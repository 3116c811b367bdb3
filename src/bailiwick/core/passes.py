"""Passes: signed, short-lived proof for one app's host of who signed in, which a data plane can check by itself."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.principals import Identity, Principal, SignIn
from bailiwick.core.statements import SigningKey

ISSUER = "bailiwick"
# The audience of passes for models: their gateway is no app.
MODELS_APP, MODELS_MODE = "models", "gateway"
# The mode of passes for a plane's own page that shows drafts of grants; the app is the plane then. The label is that
# page's below the suffix of the plane's hosts, which no app takes.
GRANTS_MODE: Literal["grants"] = "grants"
GRANTS_LABEL = "bailiwick-grants"
# Where at the console people sign in to apps, and where it therefore is.
SIGN_IN_PATH = "/sign-in/app"
_ALGORITHM = "Ed25519"  # RFC 9864


@dataclass(frozen=True, slots=True)
class Pass:
    """Who may knock at one app until when; `session` is the console session that it hangs on.

    `authenticated` is when the person last showed who they are, None where that is not known, and `second_factor`
    whether with more than one factor.
    """

    identity: Identity
    app: str
    mode: str
    session: str
    expires: datetime
    authenticated: datetime | None = None
    second_factor: bool = False


def issue_pass(content: Pass, key: SigningKey) -> str:
    """Return the pass as a JWT (RFC 7519) signed with `key`; its audience is the app in its mode."""
    claims = {
        "iss": ISSUER,
        "aud": f"{content.mode}/{content.app}",
        **_identity_claims(content.identity),
        "sid": content.session,
        "exp": int(content.expires.timestamp()),
    }
    if content.identity.behalf is not None:
        claims["behalf"] = _identity_claims(content.identity.behalf)
    if content.authenticated is not None:
        claims |= {"auth_time": int(content.authenticated.timestamp()), "second_factor": content.second_factor}
    header = {"alg": _ALGORITHM, "kid": key.key_id}
    return jwt.encode(header, claims, OKPKey.import_key(key.private), algorithms=[_ALGORITHM])


def issue_model_pass(identity: Identity, key: SigningKey, expires: datetime, now: datetime) -> str:
    """Return a pass for the model gateway, of whoever may be behind it."""
    sign_in = (identity.behalf or identity).sign_in
    authenticated = now - timedelta(seconds=sign_in.age_seconds) if sign_in is not None else None
    second_factor = sign_in is not None and sign_in.second_factor
    content = Pass(identity, MODELS_APP, MODELS_MODE, "", expires, authenticated, second_factor)
    return issue_pass(content, key)


def read_pass(token: str, public_text: str, *, app: str, mode: str, now: datetime) -> Pass:
    """Return the pass when it was signed by the key, for this app and mode, and has not expired.

    `public_text` is the public key in base64. Raises `NotAuthenticatedError` otherwise.
    """
    try:
        decoded = jwt.decode(token, _public_key(public_text), algorithms=[_ALGORITHM])
        claims = decoded.claims
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": f"{mode}/{app}"},
            exp={"essential": True},
            sub={"essential": True},
        )
        registry.validate(claims)
        return _from_claims(claims, app, mode, now)
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise NotAuthenticatedError("this sign-in is not valid here", hint="sign in again") from fault


def _identity_claims(identity: Identity) -> dict[str, object]:
    return {
        "sub": str(identity.principal),
        "names": sorted(identity.names),
        "attributes": dict(identity.attributes),
        "epoch": identity.epoch,
    }


def _from_claims(claims: Mapping[str, object], app: str, mode: str, now: datetime) -> Pass:
    told = claims.get("auth_time")
    authenticated = datetime.fromtimestamp(int(str(told)), UTC) if told is not None else None
    second_factor = claims.get("second_factor") is True
    sign_in = _sign_in(authenticated, second_factor=second_factor, now=now)
    behind = claims.get("behalf")
    if behind is None:
        identity = _identity(claims, sign_in)
    elif isinstance(behind, dict):
        # The sign-in is that of the person, whoever works for them.
        identity = _identity(claims, None, _identity(behind, sign_in))
    else:
        raise TypeError("behalf has the wrong type")
    expires = datetime.fromtimestamp(int(str(claims["exp"])), UTC)
    return Pass(identity, app, mode, str(claims["sid"]), expires, authenticated, second_factor)


def _identity(claims: Mapping[str, object], sign_in: SignIn | None, behalf: Identity | None = None) -> Identity:
    names, attributes = claims["names"], claims["attributes"]
    if not isinstance(names, list) or not isinstance(attributes, dict):
        raise TypeError("names or attributes have the wrong type")
    return Identity(
        Principal.parse(str(claims["sub"])),
        frozenset(str(name) for name in names),
        MappingProxyType({str(key): str(value) for key, value in attributes.items()}),
        int(str(claims["epoch"])),
        sign_in,
        behalf=behalf,
    )


def _sign_in(authenticated: datetime | None, *, second_factor: bool, now: datetime) -> SignIn | None:
    if authenticated is None:
        return None
    return SignIn(max(0, int((now - authenticated).total_seconds())), second_factor)


def _public_key(public_text: str) -> OKPKey:
    return OKPKey.import_key(Ed25519PublicKey.from_public_bytes(base64.b64decode(public_text)))
