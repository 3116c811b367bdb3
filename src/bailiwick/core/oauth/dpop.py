"""Tokens that are bound to a key: each request brings a proof that whoever shows the token has it (RFC 9449)."""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from bailiwick.core.ids import new_id

HEADER, NONCE_HEADER, USE_NONCE = "dpop", "dpop-nonce", "use_dpop_nonce"
_LONGEST_NONCE = 500


def new_dpop_key() -> str:
    """Return a new private key (a JWK as JSON)."""
    return json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True))


def dpop_proof(key: str, method: str, url: str, now: datetime, *, token: str = "", nonce: str = "") -> str:
    """Return the proof of one request (section 4.2); `token` is the one that it shows, `nonce` what the server said."""
    known = ECKey.import_key(json.loads(key))
    header: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": known.as_dict(private=False)}
    parts = urlsplit(url)
    claims: dict[str, Any] = {
        "jti": new_id("jti"),
        "htm": method,
        "htu": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "iat": int(now.timestamp()),
    }
    if token:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    if nonce:
        claims["nonce"] = nonce
    return jwt.encode(header, claims, known, algorithms=["ES256"])


def is_nonce(told: str) -> bool:
    """Return whether something is a nonce (section 8.1): what stands in a proof must not be endless."""
    return 0 < len(told) <= _LONGEST_NONCE and told.isascii() and told.isprintable()
