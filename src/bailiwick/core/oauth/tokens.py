"""What token endpoints answer, read strictly: a bearer token, or why there is none (RFC 6749 section 5)."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.errors import UnavailableError

MOST_ANSWER_BYTES = 64 * 1024
# A token that does not say when it ends is taken for one of five minutes.
USUAL_SECONDS = 300.0
LONGEST_SECONDS = 366 * 24 * 3600.0
_LONGEST_NAME = 200
OK, _CREATED, _REFUSED, _UNAUTHORIZED = 200, 201, 400, 401
_ENDED = "invalid_grant"
# No other word of an answer is told: a server may put there what it was shown (RFC 6749 sections 4.1.2.1 and 5.2,
# RFC 6750, RFC 7009, RFC 7591, RFC 8628, RFC 8693, RFC 9126, RFC 9449, OpenID Connect Core 1.0).
_ERRORS = frozenset(
    {"invalid_request", "invalid_client", _ENDED, "unauthorized_client", "unsupported_grant_type", "invalid_scope",
     "access_denied", "server_error", "temporarily_unavailable", "invalid_token", "insufficient_scope",
     "unsupported_token_type", "invalid_client_metadata", "invalid_redirect_uri", "authorization_pending", "slow_down",
     "expired_token", "invalid_target", "invalid_request_uri", "invalid_request_object", "use_dpop_nonce",
     "invalid_dpop_proof", "interaction_required", "login_required", "consent_required", "unsupported_response_type",
     "unmet_authentication_requirements"}
)  # fmt: skip


class TokenEndpointError(UnavailableError):
    """A token endpoint gave no token; the words hold nothing of what it said but its own code of the error."""

    code = "oauth.no-token"

    def __init__(self, words: str, *, error: str = "") -> None:
        """Take what is wrong, behind "the token endpoint", and the code that it answered with."""
        hint = "whoever looks after the integration must see to it"
        super().__init__(f"the token endpoint {words}", hint=hint)
        self.error = error


class GrantEndedError(TokenEndpointError):
    """What the token was asked for with is not good any more (`invalid_grant`)."""

    code = "oauth.grant-ended"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, for how many seconds it is good, and what came with it; `account` is who it is of, where that is said.

    `scopes` is None where the server says nothing of them: they are those that were asked for. `ends` is whether it
    says when the token ends.
    """

    value: str = field(repr=False)
    seconds: float
    refresh: str = field(default="", repr=False)
    scopes: tuple[str, ...] | None = None
    account: str = ""
    ends: bool = True

    @property
    def lasts_seconds(self) -> float:
        """For how long it can be shown: one that nothing renews, and of which no end is told, until it is refused."""
        return self.seconds if self.ends or self.refresh else LONGEST_SECONDS


def read_answer(status: int, content: bytes, *, kinds: frozenset[str] = frozenset({"bearer"})) -> IssuedToken:
    """Return the token in an answer.

    Raises `GrantEndedError` for `invalid_grant`, `TokenEndpointError` for everything else that is none.
    """
    if len(content) > MOST_ANSWER_BYTES:
        raise TokenEndpointError("answers with more than a token")
    if status != OK:
        raise refusal(status, content)
    said = read_object(content)
    if said is None:
        raise TokenEndpointError("does not answer with a token")
    token, kind = said.get("access_token"), said.get("token_type")
    if not is_shown(token) or not isinstance(kind, str) or kind.lower() not in kinds:
        raise TokenEndpointError("gives no bearer token")
    refresh, scope = said.get("refresh_token", ""), said.get("scope")
    if refresh and not is_shown(refresh):
        raise TokenEndpointError("gives something to renew the token with that is none")
    return IssuedToken(
        value=str(token),
        seconds=_seconds(said.get("expires_in")),
        refresh=str(refresh or ""),
        scopes=tuple(scope.split()[:100]) if isinstance(scope, str) else None,
        account=_account(said.get("id_token")),
        ends="expires_in" in said,
    )


def read_pushed(status: int, content: bytes) -> str:
    """Return the name of a request that a server took (RFC 9126 section 2.2); raise `TokenEndpointError` otherwise."""
    if status != _CREATED:
        raise refusal(status, content)
    name = (read_object(content) or {}).get("request_uri")
    if not is_shown(name):
        raise TokenEndpointError("does not say what it calls a pushed request")
    return str(name)


def is_shown(token: object) -> bool:
    """Return whether something can be shown in a header as a token."""
    return isinstance(token, str) and len(token) > 0 and token.isascii() and token.isprintable() and " " not in token


def refusal(status: int, content: bytes) -> TokenEndpointError:
    """Return what an answer says that is no token."""
    error = (read_object(content) or {}).get("error") if status in {_REFUSED, _UNAUTHORIZED} else None
    known = error if isinstance(error, str) and error in _ERRORS else ""
    if known == _ENDED:
        return GrantEndedError("says that what was granted has ended", error=known)
    return TokenEndpointError(f"answers with status {status}" + (f" ({known})" if known else ""), error=known)


def read_object(content: bytes) -> dict[str, Any] | None:
    """Return a JSON object, None for anything else."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _seconds(told: object) -> float:
    """Return for how long a token is good; some servers write the number as a text."""
    try:
        seconds = float(told) if isinstance(told, int | float | str) and not isinstance(told, bool) else USUAL_SECONDS
    except (ValueError, OverflowError):
        return USUAL_SECONDS
    return min(seconds, LONGEST_SECONDS) if seconds > 0 else 0.0


def _account(id_token: object) -> str:
    """Return who a token is of, for a person to recognise; nothing is decided by it.

    The token came from its endpoint over TLS, where its signature need not be checked (OpenID Connect Core 1.0,
    section 3.1.3.7, point 6).
    """
    if not isinstance(id_token, str) or len(parts := id_token.split(".")) != 3:  # noqa: PLR2004 - a JWS has three
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    names = (claims.get(key) for key in ("email", "preferred_username", "sub")) if isinstance(claims, dict) else ()
    found = next((name for name in names if isinstance(name, str) and name), "")
    return found[:_LONGEST_NAME]
