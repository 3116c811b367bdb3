"""How a client shows a token endpoint who it is (RFC 6749 section 2.3, RFC 7523 section 2.2, RFC 8705 section 2)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote_plus

from bailiwick.core.messages import OAuthClient
from bailiwick.core.oauth.assertions import AssertionClaims, signed_assertion

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class ClientProof:
    """Fields of the form and headers that show who a client is."""

    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def prove(client: OAuthClient, secret: str, now: datetime) -> ClientProof:
    """Return what a client shows, made with its `secret`; raise `UnavailableError` for one that cannot be used."""
    named = {"client_id": client.client}
    match client.shown:
        case "basic":
            return ClientProof(headers={"authorization": f"Basic {basic(client.client, secret)}"})
        case "body":
            return ClientProof({**named, "client_secret": secret})
        case "private-key-jwt":
            claims = AssertionClaims(client.client, client.client, client.audience or client.token_url)
            signed = signed_assertion(secret, claims, key_id=client.key_id, now=now, name=client.secret)
            return ClientProof({**named, "client_assertion_type": _ASSERTION, "client_assertion": signed})
        case _:
            return ClientProof(named)


def client_certificate_of(client: OAuthClient, secret: str) -> str:
    """Return the certificate and key (PEM) that a client shows in TLS, empty for one that shows none."""
    return secret if client.shown == "mutual-tls" else ""


def basic(user: str, password: str) -> str:
    """Return a client and its password as `Authorization: Basic` has them: each encoded as in a form first."""
    return base64.b64encode(f"{quote_plus(user)}:{quote_plus(password)}".encode()).decode()
