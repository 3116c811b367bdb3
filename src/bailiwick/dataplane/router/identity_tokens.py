"""Signed proof for an app of whose request it serves: a JWT in a header, by a key that only this plane's process holds.

The header beside it says the same in plain words, and only the router can reach the app. The proof is for what an app
hands on: a worker, a queue or a log can check it without trusting who passed it.
"""

import json
import time
from collections.abc import Callable

from joserfc import jwt
from joserfc.jwk import OKPKey

from bailiwick.core.branches import instance_name
from bailiwick.core.messages import AppState
from bailiwick.core.principals import Identity
from bailiwick.core.statements import SigningKey

_ALGORITHM = "Ed25519"  # RFC 9864
_LIFETIME_SECONDS = 300
_RENEW_SECONDS = 60
_MOST_KEPT = 5000


class IdentityTokens:
    """Makes the proofs of one plane; each is used again for a minute of the five that it holds."""

    def __init__(self, key: SigningKey | None = None, clock: Callable[[], float] = time.time) -> None:
        """Take the key to sign with, a new one when it is left out, and a clock in seconds since 1970."""
        signing = key or SigningKey.generate()
        self._key_id = signing.key_id
        self._key = OKPKey.import_key(signing.private)
        self._clock = clock
        self._kept: dict[tuple[str, str, str], tuple[str, float]] = {}

    @property
    def public_key(self) -> str:
        """What checks the proofs, as a JWK (RFC 7517) in JSON."""
        return json.dumps({**self._key.as_dict(private=False), "kid": self._key_id, "alg": _ALGORITHM, "use": "sig"})

    def token(self, app: AppState, who: Identity) -> bytes:
        """Return the proof that a request to an app is somebody's."""
        instance = instance_name(app.app, app.branch)
        key = (instance, app.mode, str(who.principal))
        now = self._clock()
        kept = self._kept.get(key)
        if kept is None or kept[1] <= now:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = (self._made(f"{app.mode}/{instance}", who, int(now)), now + _RENEW_SECONDS)
        return kept[0].encode()

    def _made(self, audience: str, who: Identity, now: int) -> str:
        claims = {
            "iss": "bailiwick",
            "aud": audience,
            "sub": str(who.principal),
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key_id}, claims, self._key, algorithms=[_ALGORITHM])
