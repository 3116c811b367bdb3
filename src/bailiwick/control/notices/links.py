"""Links of mails: signed (Ed25519, RFC 9864) for one person, one deploy, one tree and one reach, until a time."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from bailiwick.control.notices.errors import LinkRefusedError
from bailiwick.control.notices.model import Notice
from bailiwick.core.statements import SigningKey

_ALGORITHM = "Ed25519"
_AUDIENCE = "bailiwick/decide"
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class LinkClaims:
    """What a link that we signed says."""

    notice: str
    person: str
    deploy: str
    tree: str
    reach: str
    ends: datetime


class Links:
    """Makes and reads links. Whoever holds one still signs in: it names a person, it does not prove one."""

    def __init__(self, key: SigningKey, public_url: str) -> None:
        self._key = key
        self._public_url = public_url

    def address(self, notice: Notice) -> str:
        """Return the address that a mail to a person carries; the same one for the same notice."""
        return f"{self._public_url}/decide/{self._token(notice)}" if notice.deploy else self.card(notice)

    def card(self, notice: Notice) -> str:
        """Return the address of the deploy's card, of all budgets or alerts, which says nothing of who opens it."""
        if notice.deploy:
            return f"{self._public_url}/approvals/{notice.deploy}"
        return f"{self._public_url}/{'alerts' if notice.content.alert else 'models'}"

    @property
    def choices(self) -> str:
        """The address where a person chooses whether they get mail."""
        return f"{self._public_url}/notices"

    def read(self, token: str) -> LinkClaims:
        """Return what a link says when we signed it, whatever the time; raise `LinkRefusedError` otherwise."""
        if len(token) > _LONGEST:
            raise _forged()
        public = OKPKey.import_key(Ed25519PublicKey.from_public_bytes(base64.b64decode(self._key.public_text)))
        try:
            claims = jwt.decode(token, public, algorithms=[_ALGORITHM]).claims
            jwt.JWTClaimsRegistry(aud={"essential": True, "value": _AUDIENCE}).validate_aud(claims["aud"])
            said = {name: str(claims[name]) for name in ("jti", "sub", "deploy", "tree", "reach")}
            ends = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (JoseError, ValueError, KeyError, TypeError) as fault:
            raise _forged() from fault
        return LinkClaims(said["jti"], said["sub"], said["deploy"], said["tree"], said["reach"], ends)

    def _token(self, notice: Notice) -> str:
        claims = {
            "aud": _AUDIENCE,
            "jti": notice.id,
            "sub": notice.person,
            "deploy": notice.deploy,
            "tree": notice.tree,
            "reach": notice.reach,
            "exp": int(notice.link_ends.timestamp()),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, OKPKey.import_key(self._key.private), algorithms=[_ALGORITHM])


def _forged() -> LinkRefusedError:
    return LinkRefusedError(
        "this link is not one of ours, or was cut off on its way",
        hint="open the link of the mail again, or look under Approvals what waits for you",
    )
