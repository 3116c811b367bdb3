"""The command line as a client of the authorization server: it asks for tokens, renews them and gives them back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
from httpx2 import HTTPError

__all__ = [
    "CLIENT",
    "Device",
    "HTTPError",
    "RefusedError",
    "Tokens",
    "begin_device",
    "exchange",
    "fetch_device",
    "redeem",
    "refresh",
    "require_issuer",
    "revoke",
]

CLIENT = "bailiwick-cli"
_SECONDS = 60


class RefusedError(Exception):
    """The server said no; `error` is the code of RFC 6749 (section 5.2), the words are for people."""

    def __init__(self, error: str, words: str) -> None:
        super().__init__(words)
        self.error = error
        self.words = words


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token, for how many seconds it is good, and the refresh token after it."""

    access: str = field(repr=False)
    seconds: int
    refresh: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Device:
    """What a sign-in without a browser here goes by: a secret to poll with, and what to tell the person."""

    code: str = field(repr=False)
    user_code: str
    page: str
    seconds: int
    interval_seconds: int


def require_issuer(server: str) -> None:
    """Refuse a server that names itself otherwise than by the address by which we know it (RFC 8414, section 3.3)."""
    answer = httpx2.get(f"{server}/.well-known/oauth-authorization-server", timeout=_SECONDS)
    found = _json(answer).get("issuer")
    if found != server:
        raise RefusedError("invalid_issuer", f"{server} calls itself {str(found)[:200]}: set BAILIWICK_URL to that")


def redeem(server: str, code: str, *, redirect_uri: str, verifier: str, resource: str) -> Tokens:
    """Return the first tokens for a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    return _tokens(server, {**form, "resource": resource})


def begin_device(server: str, *, resources: list[str], wanted: dict[str, str]) -> Device:
    """Ask for a sign-in that a person answers in another browser (RFC 8628, section 3.1)."""
    form = {"client_id": CLIENT, "resource": resources, **wanted}
    answer = _json(httpx2.post(f"{server}/oauth/device_authorization", data=form, timeout=_SECONDS))
    with _understood(server):
        return Device(
            code=str(answer["device_code"]),
            user_code=str(answer["user_code"]),
            page=str(answer["verification_uri"]),
            seconds=int(str(answer["expires_in"])),
            interval_seconds=int(str(answer.get("interval", 5))),
        )


def fetch_device(server: str, device: Device, *, resource: str) -> Tokens:
    """Return the first tokens once the person said yes; `RefusedError` says whether to go on asking (section 3.5)."""
    grant_type = "urn:ietf:params:oauth:grant-type:device_code"
    return _tokens(server, {"grant_type": grant_type, "device_code": device.code, "resource": resource})


def refresh(server: str, token: str, *, resource: str) -> Tokens:
    """Return the next tokens for a refresh token, which is spent by this."""
    return _tokens(server, {"grant_type": "refresh_token", "refresh_token": token, "resource": resource})


def revoke(server: str, token: str) -> None:
    """Give a token back, and with it every other that came of the same sign-in."""
    _json(httpx2.post(f"{server}/oauth/revoke", data={"client_id": CLIENT, "token": token}, timeout=_SECONDS))


def exchange(server: str, form: dict[str, str]) -> dict[str, object]:
    """Return what the token endpoint answers to a machine's form."""
    answer = _json(httpx2.post(f"{server}/oauth/token", data=form, timeout=_SECONDS))
    if not isinstance(answer.get("access_token"), str):
        raise RefusedError("server_error", f"{server} does not answer as an authorization server does")
    return answer


def _tokens(server: str, form: dict[str, str]) -> Tokens:
    answer = _json(httpx2.post(f"{server}/oauth/token", data={"client_id": CLIENT, **form}, timeout=_SECONDS))
    with _understood(server):
        return Tokens(str(answer["access_token"]), int(str(answer["expires_in"])), str(answer["refresh_token"]))


@contextmanager
def _understood(server: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError) as fault:
        raise RefusedError("server_error", f"{server} does not answer as an authorization server does") from fault


def _json(answer: httpx2.Response) -> dict[str, object]:
    try:
        body = dict(answer.json()) if answer.content else {}
    except (ValueError, TypeError):
        body = {}
    if answer.is_error or answer.is_redirect:
        words = body.get("error_description", f"the server answered {answer.status_code}")
        raise RefusedError(str(body.get("error", "server_error")), str(words)[:500])
    return body
