"""Sessions in the browser: the cookie, who is signed in, and proof that a form is ours."""

import secrets
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn
from bailiwick.core.errors import ForbiddenError, NotAuthenticatedError

COOKIE = "bailiwick_session"
_LIFETIME_SECONDS = 12 * 3600


def set_cookie(response: Response, secret: str, *, secure: bool) -> None:
    """Put the session into the browser. Lax, because the identity provider sends people back with a plain GET."""
    response.set_cookie(
        COOKIE, secret, max_age=_LIFETIME_SECONDS, httponly=True, samesite="lax", secure=secure, path="/"
    )


class SignInNeededError(NotAuthenticatedError):
    """Nobody is signed in: the browser is sent to sign in and then back."""


def signed_in(request: Request) -> SignedIn:
    """Return who is signed in; raise `SignInNeededError` when nobody is."""
    control: ControlPlane = request.app.state.control
    try:
        return control.identity.authenticate_session(request.cookies.get(COOKIE, ""))
    except NotAuthenticatedError as fault:
        raise SignInNeededError(fault.message, hint=fault.hint) from fault


Visitor = Annotated[SignedIn, Depends(signed_in)]


def writer(request: Request, visitor: Visitor, csrf_token: Annotated[str, Form()] = "") -> SignedIn:
    """Return who is signed in, when the form is one of ours: same origin, and the session's own token."""
    origin = request.headers.get("origin")
    control: ControlPlane = request.app.state.control
    if origin not in {None, control.settings.public_url}:
        raise ForbiddenError("this form was sent from another site", deciders=("forms-of-this-site",))
    if not secrets.compare_digest(csrf_token.encode(), visitor.csrf_token.encode()):
        raise ForbiddenError(
            "this form is not from your session",
            hint="load the page again and send it once more",
            deciders=("forms-of-this-site",),
        )
    return visitor


Writer = Annotated[SignedIn, Depends(writer)]


def own_path(path: str) -> str:
    """Return a path of this very console: anything that could lead elsewhere becomes the start page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"
