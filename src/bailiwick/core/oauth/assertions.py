"""Assertions: short-lived signed statements that stand for a password or for a person (RFC 7521, RFC 7523)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from bailiwick.core.errors import UnavailableError
from bailiwick.core.ids import new_id

# Clocks differ: it began a while ago for a server whose clock is late, and ends soon enough for one that is early.
_BEGAN_SECONDS, _ENDS_SECONDS = 30, 240
_LEAST_RSA_BITS = 2048
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_PEM_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class AssertionClaims:
    """What an assertion says; `more` are claims beside the usual ones."""

    issuer: str
    subject: str
    audience: str
    more: Mapping[str, Any] = field(default_factory=dict)


def signed_assertion(secret: str, claims: AssertionClaims, *, key_id: str, now: datetime, name: str) -> str:
    """Return an assertion, signed by the private key (PEM) in a secret; a certificate beside it is named in the head.

    Servers that know keys by their certificate look for its thumbprint (RFC 7515, sections 4.1.7 and 4.1.8). Raises
    `UnavailableError` for a secret that holds no key that may sign; `name` is what it is called.
    """
    algorithm, key = _key(secret, name)
    header: dict[str, Any] = {"alg": algorithm, "typ": "JWT"}
    if key_id:
        header["kid"] = key_id
    if _PEM_CERTIFICATE in secret:
        header |= _thumbprints(secret, name)
    seconds = int(now.timestamp())
    body: dict[str, Any] = {
        "iss": claims.issuer,
        "aud": claims.audience,
        "iat": seconds - _BEGAN_SECONDS,
        "nbf": seconds - _BEGAN_SECONDS,
        "exp": seconds + _ENDS_SECONDS,
        "jti": new_id("jti"),
    }
    if claims.subject:
        body["sub"] = claims.subject
    try:
        return jwt.encode(header, {**body, **claims.more}, import_key(key, _kind(algorithm)), algorithms=[algorithm])
    except (JoseError, ValueError):
        raise _no_key(name) from None


def _key(secret: str, name: str) -> tuple[str, bytes]:
    """Return by which algorithm a key signs, and the key alone as PEM."""
    try:
        key = serialization.load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError):
        raise _no_key(name) from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
        algorithm = "RS256"
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        algorithm = _CURVES[key.curve.name]
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = "Ed25519"
    else:
        raise _no_key(name)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return algorithm, key.private_bytes(*pem)


def _kind(algorithm: str) -> Any:
    return {"R": "RSA", "E": "EC"}[algorithm[0]] if algorithm != "Ed25519" else "OKP"


def _thumbprints(secret: str, name: str) -> dict[str, str]:
    try:
        certificate = x509.load_pem_x509_certificate(secret[secret.index(_PEM_CERTIFICATE) :].encode())
    except ValueError:
        raise _no_key(name) from None
    der = certificate.public_bytes(serialization.Encoding.DER)
    # SHA-1 is what RFC 7515 section 4.1.7 wants: it finds a certificate and protects nothing.
    short = hashlib.sha1(der, usedforsecurity=False).digest()
    return {"x5t": _base64(short), "x5t#S256": _base64(hashlib.sha256(der).digest())}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _no_key(name: str) -> UnavailableError:
    return UnavailableError(
        f"the secret {name} holds no private key that signs",
        hint="store a key as PEM without a password: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519",
    )
