"""The forms that ask for tokens with an assertion: for itself (RFC 7523), or in exchange (RFC 8693)."""

from datetime import datetime

from bailiwick.core.messages import PERSON, JwtBearer, TokenExchange
from bailiwick.core.oauth.assertions import AssertionClaims, signed_assertion

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name of RFC 8693


def jwt_bearer_form(credential: JwtBearer, secret: str, person: str, now: datetime) -> dict[str, str]:
    """Return the form that asks by an assertion (RFC 7523 section 2.1); `person` is the address of who it is for.

    Google reads the scopes in the assertion, others in the form: they are in both.
    """
    scope = " ".join(credential.scopes)
    claims = AssertionClaims(
        credential.issuer,
        credential.subject.replace(PERSON, person),
        credential.audience or credential.token_url,
        {"scope": scope} if scope else {},
    )
    signed = signed_assertion(secret, claims, key_id=credential.key_id, now=now, name=credential.secret)
    return {"grant_type": JWT_BEARER, "assertion": signed, **({"scope": scope} if scope else {})}


def exchange_form(credential: TokenExchange, secret: str, person: str, actor: str, now: datetime) -> dict[str, str]:
    """Return the form that exchanges our word that `actor` acts for a person (RFC 8693, sections 2.1 and 4.1)."""
    claims = AssertionClaims(
        credential.issuer, person, credential.audience or credential.token_url, {"act": {"sub": actor}}
    )
    signed = signed_assertion(secret, claims, key_id=credential.key_id, now=now, name=credential.signing_secret)
    form = {
        "grant_type": _EXCHANGE,
        "subject_token": signed,
        "subject_token_type": _JWT,
        "requested_token_type": _ACCESS_TOKEN,
    }
    if credential.target:
        form["audience"] = credential.target
    if credential.scopes:
        form["scope"] = " ".join(credential.scopes)
    return form
