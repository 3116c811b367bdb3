"""Sessions in the browser: the cookies, who is signed in, and proof that a form is ours."""

import hmac
import re
from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn, SignInRefusedError
from bailiwick.core.errors import ForbiddenError, NotAuthenticatedError
from bailiwick.core.policy import StepUp
from bailiwick.faces.origin import seen_from

COOKIE = "bailiwick_session"
ATTEMPT_COOKIE = "bailiwick_sign_in"
_LIFETIME_SECONDS = 12 * 3600
_ATTEMPT_SECONDS = 600
_ATTEMPT_PATH = "/sign-in"
# A browser reads "/\\host" and "/<tab>/host" as "//host": a path with any of these is not one of ours.
_NOT_IN_A_PATH = re.compile(r"[\x00-\x20\x7f-\xa0\\]")


def set_cookie(response: Response, secret: str, *, secure: bool) -> None:
    """Put the session into the browser. Lax, because the identity provider sends people back with a plain GET."""
    response.set_cookie(
        COOKIE, secret, max_age=_LIFETIME_SECONDS, httponly=True, samesite="lax", secure=secure, path="/"
    )


def bind_attempt(response: Response, authorization_url: str, *, secure: bool) -> None:
    """Bind a sign-in to the browser that began it, by the state that must come back (RFC 6749, section 10.12).

    SAML has its relay state for that (SAML Bindings 2.0, section 3.1.1).
    """
    query = parse_qs(urlsplit(authorization_url).query)
    bind_state(response, (query.get("state") or query["RelayState"])[0], secure=secure)


def bind_state(response: Response, state: str, *, secure: bool) -> None:
    """Bind the sign-in with a state to a browser."""
    response.set_cookie(
        ATTEMPT_COOKIE,
        state,
        max_age=_ATTEMPT_SECONDS,
        httponly=True,
        samesite="lax",
        secure=secure,
        path=_ATTEMPT_PATH,
    )


def require_bound(request: Request, state: str) -> None:
    """Refuse a sign-in that another browser began: whoever sent the link would have this person act as somebody."""
    begun = request.cookies.get(ATTEMPT_COOKIE, "")
    if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
        raise SignInRefusedError(
            "this sign-in was not begun in this browser, or took too long",
            hint="start again here; do not follow sign-in links that somebody sent you",
        )


def unbind_attempt(response: Response) -> None:
    """Forget the sign-in that has ended."""
    response.delete_cookie(ATTEMPT_COOKIE, path=_ATTEMPT_PATH)


class SignInNeededError(NotAuthenticatedError):
    """Nobody is signed in: the browser is sent to sign in and then back."""


def signed_in(request: Request) -> SignedIn:
    """Return who is signed in; raise `SignInNeededError` when nobody is."""
    control: ControlPlane = request.app.state.control
    try:
        owner = control.identity.authenticate_session(request.cookies.get(COOKIE, ""))
    except NotAuthenticatedError as fault:
        raise SignInNeededError(fault.message, hint=fault.hint) from fault
    return replace(owner, identity=seen_from(owner.identity, request.scope))


def visitor_or_none(request: Request) -> SignedIn | None:
    """Return who is signed in, or None: for pages that everybody may see."""
    try:
        return signed_in(request)
    except SignInNeededError:
        return None


Visitor = Annotated[SignedIn, Depends(signed_in)]


def require_own_origin(request: Request, control: ControlPlane) -> None:
    """Refuse a form that another site sent."""
    origin = request.headers.get("origin")
    if origin not in {None, control.settings.public_url}:
        raise ForbiddenError(
            "this form was sent from another site",
            hint=f"open {control.settings.public_url} and do it there; nothing was done",
            deciders=("forms-of-this-site",),
        )


def writer(request: Request, visitor: Visitor, csrf_token: Annotated[str, Form()] = "") -> SignedIn:
    """Return who is signed in, when the form is one of ours: same origin, and the session's own token."""
    require_own_origin(request, request.app.state.control)
    if not hmac.compare_digest(csrf_token.encode(), visitor.csrf_token.encode()):
        raise ForbiddenError(
            "this form is not from your session",
            hint="go back, load the page again and send it once more; nothing was done",
            deciders=("forms-of-this-site",),
        )
    return visitor


Writer = Annotated[SignedIn, Depends(writer)]


def start_address(back: str, *, email: str = "", wanted: StepUp | None = None) -> str:
    """Return where a sign-in starts that leads back to a path of ours, and is as policy wants it."""
    query: dict[str, str] = {"return_to": back}
    if email:
        query["email"] = email
    if wanted is not None and wanted.max_age_seconds is not None:
        query["max_age"] = str(wanted.max_age_seconds)
    if wanted is not None and wanted.second_factor:
        query["second_factor"] = "true"
    return f"/sign-in/start?{urlencode(query)}"


def page_of(request: Request, public_url: str) -> str:
    """Return the page that somebody is on: the one asked for, or the one of ours whose form was sent."""
    if request.method == "GET":
        return own_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    came_from = request.headers.get("referer", "")
    return own_path(came_from.removeprefix(public_url)) if came_from.startswith(f"{public_url}/") else "/"


def own_path(path: str) -> str:
    """Return a path of this very console: anything that could lead elsewhere becomes the start page."""
    ours = path.startswith("/") and not path.startswith("//") and not _NOT_IN_A_PATH.search(path)
    return path if ours else "/"
