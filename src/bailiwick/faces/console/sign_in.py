"""Signing in and out, and handing a person who is signed in over to an app."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.identity import SignedIn, SignInRefusedError
from bailiwick.control.sign_in import CALLBACK_PATH
from bailiwick.core.branches import instance_name
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.passes import GRANTS_MODE, SIGN_IN_PATH
from bailiwick.core.policy import StepUp
from bailiwick.faces.console.addresses import app_addresses
from bailiwick.faces.console.consent import is_as
from bailiwick.faces.console.origins import origin_of
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import (
    COOKIE,
    Visitor,
    Writer,
    bind_attempt,
    own_path,
    page_of,
    require_bound,
    set_cookie,
    start_address,
    unbind_attempt,
)

LOGOUT_PATH = "/sign-in/logout"
_LONGEST_AGE_SECONDS = 30 * 24 * 3600
MaxAge = Annotated[int | None, Query(ge=0, le=_LONGEST_AGE_SECONDS)]


def add_sign_in(app: FastAPI, control: ControlPlane, pages: Pages, *, secure: bool) -> None:
    """Add what a browser needs to become somebody's and to stop being so."""
    _add_beginning(app, control, pages, secure=secure)
    _add_callback(app, control, secure=secure)
    _add_endings(app, control, pages)
    _add_apps(app, control)


def _add_beginning(app: FastAPI, control: ControlPlane, pages: Pages, *, secure: bool) -> None:
    @app.get("/sign-in", response_class=HTMLResponse)
    def sign_in(request: Request, return_to: str = "/", email: str = "") -> Response:
        # Where the address says who is asked, it is asked for first, and the way on is a link: a form that ends at
        # another origin is what our content security policy forbids.
        asks = control.identity.asks_for_email and not email
        onward = start_address(own_path(return_to), email=email)
        return pages.render(request, "sign_in", return_to=own_path(return_to), asks=asks, email=email, onward=onward)

    @app.get("/sign-in/start")
    def start(
        return_to: str = "/",
        email: str = "",
        max_age: MaxAge = None,
        second_factor: bool = False,
    ) -> Response:
        wanted = StepUp(max_age, second_factor)
        url = control.identity.begin_sign_in(own_path(return_to), email=email, wanted=wanted)
        response = RedirectResponse(url, 303)
        bind_attempt(response, url, secure=secure)
        return response


def _add_callback(app: FastAPI, control: ControlPlane, *, secure: bool) -> None:
    @app.get(CALLBACK_PATH)
    @app.get(CALLBACK_PATH + "/{provider}")
    def callback(
        request: Request, provider: str = "", state: str = "", code: str = "", error: str = "", iss: str = ""
    ) -> Response:
        require_bound(request, state)
        if error:
            raise SignInRefusedError(
                f"the identity provider did not sign you in: {error[:80]}", hint="sign in again, or ask who runs it"
            )
        session, return_to = control.identity.finish_sign_in(
            state=state, code=code, issuer=iss, provider=provider, origin=origin_of(request)
        )
        control.identity.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(own_path(return_to), 303)
        unbind_attempt(response)
        set_cookie(response, session.secret, secure=secure)
        return response


def _add_endings(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.post(LOGOUT_PATH)
    @app.post(LOGOUT_PATH + "/{provider}")
    def provider_logout(provider: str = "", logout_token: Annotated[str, Form()] = "") -> Response:
        """Take a back-channel logout. The identity provider calls, not a browser: the token is its proof."""
        try:
            control.identity.provider_logout(provider, logout_token)
        except SignInRefusedError as fault:
            body = {"error": "invalid_request", "error_description": fault.message}
            return JSONResponse(body, 400)
        return Response(status_code=200)

    @app.post("/sign-out")
    def sign_out(request: Request, _: Writer) -> Response:
        onward = control.identity.sign_out(request.cookies.get(COOKIE, ""))
        response: Response = RedirectResponse("/sign-in", 303)
        if onward:
            # A form may not end at another origin (our content security policy), but its page may lead there.
            response = pages.render(request, "sign_out", onward=onward)
        response.delete_cookie(COOKIE, path="/")
        return response


def _add_apps(app: FastAPI, control: ControlPlane) -> None:
    @app.get(SIGN_IN_PATH)
    def to_app(
        request: Request,
        visitor: Visitor,
        app: str,
        mode: str,
        challenge: str,
        state: str,
        max_age: MaxAge = None,
        second_factor: bool = False,
        branch: str = "",
        host: Annotated[str, Query(max_length=300)] = "",
    ) -> Response:
        """Hand a signed-in person over to an app's own host, which we compute; of others, the app must have it.

        Where the app's policy wants another sign-in first, that comes first, and leads back here.
        """
        if mode not in {"preview", "production", GRANTS_MODE}:
            raise InvalidInputError("there is no such mode")
        wanted = StepUp(max_age, second_factor)
        if not is_as(visitor, wanted, skew_seconds=0):
            back = page_of(request, control.settings.public_url)
            email = visitor.identity.principal.name
            return RedirectResponse(start_address(back, email=email, wanted=wanted), 303)
        if mode == GRANTS_MODE:
            target, audience = control.settings.grants_address(app), f"{GRANTS_MODE}:{app}"
            return _handed_over(control, visitor, target, audience, challenge=challenge, state=state)
        with control.store.transaction() as session:
            found = control.catalog.app(session, app)
            target = app_addresses(control.settings, found)[mode]
            if host:
                target = _address_of_domain(control, session, found, mode, host)
            if branch:
                target = _address_of_branch(control, session, found, mode, branch)
        audience = f"app:{mode}/{instance_name(found.path, branch)}"
        return _handed_over(control, visitor, target, audience, challenge=challenge, state=state)


def _handed_over(
    control: ControlPlane, visitor: SignedIn, target: str, audience: str, *, challenge: str, state: str
) -> Response:
    """Send somebody to a host with a code that only whoever began the sign-in there can use."""
    code = control.identity.issue_code(visitor, audience=audience, challenge=challenge)
    return RedirectResponse(f"{target}/.bailiwick/callback?{urlencode({'code': code, 'state': state})}", 303)


def _address_of_domain(control: ControlPlane, session: Session, app: App, mode: str, host: str) -> str:
    """Return where an app answers under a name of its own; raise `InvalidInputError` when it does not have it."""
    if mode != "production" or not control.domains.has(session, app.path, host):
        raise InvalidInputError(f"{app.path} does not answer under that name", hint="bailiwick domain list APP")
    return control.settings.app_url.format(host=host)


def _address_of_branch(control: ControlPlane, session: Session, app: App, mode: str, branch: str) -> str:
    """Return where the preview of a branch answers; raise `InvalidInputError` when none is served."""
    host = control.previews.register.live_host(session, app.path, branch) if mode == "preview" else None
    if host is None:
        raise InvalidInputError(f"{app.path} has no preview of this branch now", hint="push to the branch again")
    return control.settings.preview_url.format(host=host)
