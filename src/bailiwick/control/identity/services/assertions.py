"""Signed tokens that others show us: read, checked against a key, and judged by what they say (RFC 7519, RFC 8725)."""

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from bailiwick.control.identity.services.errors import AssertionRefusedError
from bailiwick.control.identity.services.keys import PublicKey, algorithms_of

SKEW = timedelta(seconds=60)
# A signature of one's own is made for the moment (RFC 7523, section 3); a token of a CI job lives as long as the job.
LONGEST_ASSERTION = timedelta(minutes=5)
LONGEST_FEDERATED = timedelta(hours=24)
_MOST_CHARACTERS = 16 * 1024
_MOST_ID_CHARACTERS = 200
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says before anybody looked at its signature: good for finding whom to ask, for nothing else."""

    issuer: str
    subject: str
    key_id: str
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says once signature, audience and times are checked, and the key that did.

    `id` is its `jti`, where it has one.
    """

    key: PublicKey
    issuer: str
    subject: str
    id: str
    expires: datetime
    claims: Mapping[str, Any] = field(repr=False)


def peek(token: str) -> Unverified:
    """Return what a token says of itself; raise `AssertionRefusedError` when it is no signed JWT."""
    parts = token.split(".")
    if len(token) > _MOST_CHARACTERS or len(parts) != _PARTS:
        raise AssertionRefusedError("this is no signed token", hint="send a JWT in compact form, of 16 KiB at most")
    header, claims = _document(parts[0]), _document(parts[1])
    key_id = header.get("kid", "")
    return Unverified(
        str(claims.get("iss", "")), str(claims.get("sub", "")), key_id if isinstance(key_id, str) else "", claims
    )


def verify(
    token: str,
    keys: Sequence[PublicKey],
    *,
    issuer: str,
    audiences: frozenset[str],
    longest: timedelta,
    now: datetime,
) -> Verified:
    """Return what a token says when one of the keys signed it for one of these audiences, and its time is now.

    It must name its issuer, a subject, exactly one audience and an end no later than `longest` from now; beginnings may
    be 60 seconds ahead. Raises `AssertionRefusedError` that says which of these is not so.
    """
    key, claims = _signed_claims(token, keys)
    if claims.get("iss") != issuer:
        raise AssertionRefusedError("the token is from another issuer")
    _require_audience(claims.get("aud"), audiences)
    expires = _require_time(claims, longest, now)
    subject, token_id = claims.get("sub"), claims.get("jti", "")
    if not isinstance(subject, str) or not subject:
        raise AssertionRefusedError("the token names no subject")
    if not isinstance(token_id, str) or len(token_id) > _MOST_ID_CHARACTERS:
        raise AssertionRefusedError(f"the token's jti must be a text of {_MOST_ID_CHARACTERS} characters at most")
    return Verified(key, issuer, subject, token_id, expires, claims)


def _signed_claims(token: str, keys: Sequence[PublicKey]) -> tuple[PublicKey, Mapping[str, Any]]:
    for key in keys:
        try:
            return key, jwt.decode(token, key, algorithms=list(algorithms_of(key))).claims
        except (JoseError, ValueError, TypeError):
            continue
    raise AssertionRefusedError(
        "the token is not signed by a key that is known for it",
        hint="check which key signs, and that it was registered; algorithms: RS, PS, ES and EdDSA only",
    )


def _require_audience(told: object, audiences: frozenset[str]) -> None:
    named = [told] if isinstance(told, str) else told
    # Somebody else for whom a token is meant, too, could come here with it.
    if not isinstance(named, list) or len(named) != 1 or named[0] not in audiences:
        raise AssertionRefusedError(
            "the token is not made for us alone", hint=f"its one audience must be {sorted(audiences)[0]}"
        )


def _require_time(claims: Mapping[str, Any], longest: timedelta, now: datetime) -> datetime:
    expires = _moment(claims, "exp")
    if expires is None:
        raise AssertionRefusedError("the token never expires", hint="give it an exp")
    if expires <= now - SKEW:
        raise AssertionRefusedError("the token has expired", hint="make a fresh one; check the clock")
    if expires > now + longest + SKEW:
        minutes = int(longest.total_seconds() // 60)
        raise AssertionRefusedError(
            "the token lives too long", hint=f"let it expire within {minutes} minutes: what lives longer gets copied"
        )
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and begins > now + SKEW:
            raise AssertionRefusedError("the token is not valid yet", hint="check the clock of whoever made it")
    return expires


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise AssertionRefusedError(f"the token's {name} is not a time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as fault:
        raise AssertionRefusedError(f"the token's {name} is not a time") from fault


def _document(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError) as fault:
        raise AssertionRefusedError("this is no signed token", hint="send a JWT in compact form") from fault
    if not isinstance(found, dict):
        raise AssertionRefusedError("this is no signed token", hint="send a JWT in compact form")
    return found
