"""Sign-in at an app's host: away to the control plane with a PKCE challenge, back with a code, on with a pass."""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import PassAnswer, PassRequest
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.policy import StepUp
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.wire import RequestHead, cookies

CALLBACK_PATH = "/.bailiwick/callback"
# Where an app that is open to everybody sends who wants to be known: `?to=` is the path to come back to.
SIGN_IN_PATH = "/.bailiwick/sign-in"
SIGN_OUT_PATH = "/.bailiwick/sign-out"
PASS_COOKIE = "bailiwick_pass"  # noqa: S105 - a name
ATTEMPT_COOKIE = "bailiwick_attempt"
# Says that somebody has just signed in as policy wanted it: were they sent away once more, they might be for ever.
STEPPED_UP_COOKIE = "bailiwick_stepped_up"
_ATTEMPT_SECONDS = 600
_STEPPED_UP_SECONDS = 20
_MOST_ATTEMPTS = 10_000


@dataclass(frozen=True, slots=True)
class _Attempt:
    verifier: str
    return_to: str
    host: str
    wanted: StepUp
    over: float


class Named(Protocol):
    """What a sign-in is for: an app in its mode, or a page of the plane's own."""

    @property
    def app(self) -> str:
        """The app's path."""

    @property
    def mode(self) -> Literal["preview", "production", "grants"]:
        """Which instance of it."""

    @property
    def branch(self) -> str:
        """What a preview is of, empty for main."""


class Place(Protocol):
    """A host that people sign in at."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def state(self) -> Named:
        """What they sign in for."""


class SignIn:
    """Sign-ins that were begun here. An attempt belongs to the browser that holds its state as a cookie."""

    def __init__(self, redeem: Callable[[PassRequest], Awaitable[PassAnswer]], *, secure: bool = False) -> None:
        """Take what turns codes into passes; `secure` cookies go over TLS only (RFC 6265 section 5.2.5)."""
        self._redeem = redeem
        self._suffix = "; Secure" if secure else ""
        self._attempts: dict[str, _Attempt] = {}

    def was_in_vain(self, head: RequestHead, wanted: StepUp) -> bool:
        """Return whether this browser has just come back from a sign-in of the kind that is still wanted."""
        return wanted != StepUp() and STEPPED_UP_COOKIE in cookies(head.get(b"cookie"))

    def begin(self, site: Place, head: RequestHead, sign_in_url: str, wanted: StepUp) -> Page:
        """Return the answer that sends the browser away to sign in, as policy wants it."""
        self._sweep()
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
        over = time.monotonic() + _ATTEMPT_SECONDS
        self._attempts[state] = _Attempt(verifier, _return_to(head), head.host, wanted, over)
        query = {
            "app": site.state.app,
            "mode": site.state.mode,
            "challenge": pkce_challenge(verifier),
            "state": state,
        }
        if head.host != site.host:
            query["host"] = head.host
        if site.state.branch:
            query["branch"] = site.state.branch
        if wanted.max_age_seconds is not None:
            query["max_age"] = str(wanted.max_age_seconds)
        if wanted.second_factor:
            query["second_factor"] = "true"
        location = f"{sign_in_url}?{urlencode(query)}"
        return Page(
            302,
            "You are sent on to sign in.",
            headers=(
                (b"location", location.encode()),
                (b"set-cookie", self._cookie(ATTEMPT_COOKIE, state, _ATTEMPT_SECONDS)),
            ),
        )

    async def finish(self, site: Place, head: RequestHead) -> Page:
        """Take the code that the browser brought back; return the answer that sets the pass."""
        query = parse_qs(urlsplit(head.target).query)
        state, code = query.get("state", [""])[0], query.get("code", [""])[0]
        own = cookies(head.get(b"cookie")).get(ATTEMPT_COOKIE, "")
        attempt = self._attempts.pop(state, None)
        belongs = secrets.compare_digest(own.encode(), state.encode())
        if attempt is None or not belongs or attempt.host != head.host or attempt.over < time.monotonic():
            return Page(400, "This sign-in was not begun in this browser, or took too long.", "Open the app again.")
        app = site.state
        request = PassRequest(code=code, app=app.app, mode=app.mode, verifier=attempt.verifier, branch=app.branch)
        try:
            answer = await self._redeem(request)
        except BailiwickError as fault:
            return Page(fault.status, fault.message, fault.hint)
        stepped_up = _STEPPED_UP_SECONDS if attempt.wanted != StepUp() else 0
        lifetime = max(0, int(answer.expires.timestamp() - time.time()))
        return Page(
            303,
            "You are signed in.",
            headers=(
                (b"location", _own_path(attempt.return_to).encode()),
                (b"set-cookie", self._cookie(PASS_COOKIE, answer.token, lifetime)),
                (b"set-cookie", self._cookie(ATTEMPT_COOKIE, "", 0)),
                (b"set-cookie", self._cookie(STEPPED_UP_COOKIE, "1", stepped_up)),
            ),
        )

    def sign_out(self) -> Page:
        """Return the answer that takes the pass away."""
        return Page(
            200, "You are signed out of this app.", headers=((b"set-cookie", self._cookie(PASS_COOKIE, "", 0)),)
        )

    def _cookie(self, name: str, value: str, seconds: int) -> bytes:
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{self._suffix}".encode()

    def _sweep(self) -> None:
        now = time.monotonic()
        self._attempts = {state: item for state, item in self._attempts.items() if item.over > now}
        while len(self._attempts) >= _MOST_ATTEMPTS:
            del self._attempts[next(iter(self._attempts))]


def _return_to(head: RequestHead) -> str:
    if head.path != SIGN_IN_PATH:
        return head.target
    return parse_qs(urlsplit(head.target).query).get("to", ["/"])[0]


def _own_path(target: str) -> str:
    """Return a path of this very host: `//elsewhere` and the like would leave it."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
