"""What an authorization server keeps of a client, and how it is asked to make another secret (RFC 7591, RFC 7592)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.oauth.tokens import MOST_ANSWER_BYTES, OK, is_shown, read_object

# What an update must not say (RFC 7592 section 2.2); the secret is left out, too, unless we say the next one.
_NOT_SAID = frozenset(
    {"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at",
     "client_secret"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registration:
    """A client as its server knows it: `secret` is empty where it does not show it, and `token`, which opens the
    registration from now on, where it stays as it was.
    """

    secret: str = field(repr=False)
    token: str = field(repr=False)
    metadata: Mapping[str, Any] = field(repr=False)

    def update(self, secret: str = "") -> dict[str, Any]:
        """Return the request that changes nothing, but has another secret made, or this very one taken."""
        said = {name: value for name, value in self.metadata.items() if name not in _NOT_SAID}
        return said | ({"client_secret": secret} if secret else {})


def read_registration(status: int, content: bytes, client: str) -> Registration | None:
    """Return what a server says of a client (RFC 7592 section 3), None for an answer that does not say it."""
    said = read_object(content) if status == OK and len(content) <= MOST_ANSWER_BYTES else None
    if said is None or said.get("client_id") != client:
        return None
    secret, token = said.get("client_secret") or "", said.get("registration_access_token") or ""
    if not isinstance(secret, str) or not secret.isprintable() or (token and not is_shown(token)):
        return None
    return Registration(secret, token, said)
