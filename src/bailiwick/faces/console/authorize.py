"""A person lets a program act in their name, or does not (OAuth 2.1's authorization endpoint, RFC 8252)."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    AuthorizationRequest,
    OAuthError,
    Parameters,
    ReturnAddress,
    SignedIn,
    read_request,
    read_return_address,
)
from bailiwick.core.policy import StepUp
from bailiwick.faces.console.headers import policy
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, page_of, start_address

_PATH = "/oauth/authorize"
# How much older than asked a sign-in may be: it took time to come here from it.
_SKEW_SECONDS = 60
DOORS = {
    API_AUDIENCE: "everything that you may do here, by the API",
    GIT_AUDIENCE: "reading and pushing the apps that you may, by git",
}


def add_authorize(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page that asks. Nothing is granted without a click on it."""

    def read(query: str) -> tuple[ReturnAddress, AuthorizationRequest | OAuthError]:
        parameters = Parameters.of(parse_qsl(query, keep_blank_values=True))
        to = read_return_address(parameters)
        try:
            return to, read_request(parameters, to, control.tokens.resources)
        except OAuthError as fault:
            return to, fault

    def back(to: ReturnAddress, **answer: str) -> Response:
        """Send the browser to the program that waits, with who answers (RFC 9207)."""
        answer |= {"iss": control.settings.public_url}
        if to.state:
            answer["state"] = to.state
        return RedirectResponse(f"{to.redirect_uri}?{urlencode(answer)}", 303)

    @app.get(_PATH, response_class=HTMLResponse)
    def ask(request: Request, visitor: Visitor) -> Response:
        to, asked = read(request.url.query)
        if isinstance(asked, OAuthError):
            return back(to, error=asked.error, error_description=asked.message)
        if not _is_as(visitor, asked.wanted):
            here = page_of(request, control.settings.public_url)
            email = visitor.identity.principal.name
            return RedirectResponse(start_address(here, email=email, wanted=asked.wanted), 303)
        doors = [DOORS[audience] for audience in asked.audiences]
        place = urlsplit(to.redirect_uri).netloc
        page = pages.render(
            request, "authorize", visitor, client=to.client, doors=doors, place=place, asked=request.url.query
        )
        # The browser follows the form's answer to the program that waits: this page's policy must let it.
        page.headers["content-security-policy"] = policy(f"http://{place}")
        return page

    @app.post(_PATH)
    def answer(
        visitor: Writer, asked: Annotated[str, Form()], answer: Annotated[Literal["yes", "no"], Form()]
    ) -> Response:
        to, wanted = read(asked)
        if isinstance(wanted, OAuthError):
            return back(to, error=wanted.error, error_description=wanted.message)
        if answer == "no" or not _is_as(visitor, wanted.wanted):
            return back(to, error="access_denied", error_description="the person did not say yes")
        return back(to, code=control.tokens.authorize(visitor, wanted))


def _is_as(visitor: SignedIn, wanted: StepUp) -> bool:
    """Return whether somebody signed in as a program wants it."""
    if wanted == StepUp():
        return True
    sign_in = visitor.identity.sign_in
    if sign_in is None:
        return False
    young = wanted.max_age_seconds is None or sign_in.age_seconds <= wanted.max_age_seconds + _SKEW_SECONDS
    return young and (sign_in.second_factor or not wanted.second_factor)
