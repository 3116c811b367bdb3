"""A person lets a program act in their name, or does not (OAuth 2.1's authorization endpoint, RFC 8252)."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    AuthorizationRequest,
    OAuthError,
    Parameters,
    ReturnAddress,
    read_request,
    read_return_address,
)
from bailiwick.faces.console.consent import doors_of, is_as
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, page_of, start_address

_PATH = "/oauth/authorize"


def add_authorize(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page that asks. Nothing is granted without a click on it."""

    def read(query: str) -> tuple[ReturnAddress, AuthorizationRequest | OAuthError]:
        parameters = Parameters.of(parse_qsl(query, keep_blank_values=True))
        to = read_return_address(parameters, control.tokens.client(parameters))
        try:
            return to, read_request(parameters, to, control.tokens.resources)
        except OAuthError as fault:
            return to, fault

    def refusal(to: ReturnAddress, fault: OAuthError) -> str:
        return _address(control, to, error=fault.error, error_description=fault.message)

    @app.get(_PATH, response_class=HTMLResponse)
    def ask(request: Request, visitor: Visitor) -> Response:
        to, asked = read(request.url.query)
        if isinstance(asked, OAuthError):
            return RedirectResponse(refusal(to, asked), 303)
        if not is_as(visitor, asked.wanted):
            here = page_of(request, control.settings.public_url)
            email = visitor.identity.principal.name
            return RedirectResponse(start_address(here, email=email, wanted=asked.wanted), 303)
        doors = doors_of(asked.audiences)
        place = urlsplit(to.redirect_uri).netloc
        return pages.render(
            request, "authorize", visitor, client=to.client, doors=doors, place=place, asked=request.url.query
        )

    @app.post(_PATH, response_class=HTMLResponse)
    def answer(
        request: Request,
        visitor: Writer,
        asked: Annotated[str, Form()],
        answer: Annotated[Literal["yes", "no"], Form()],
    ) -> Response:
        to, wanted = read(asked)
        if isinstance(wanted, OAuthError):
            onward = refusal(to, wanted)
        elif answer == "no" or not is_as(visitor, wanted.wanted):
            onward = refusal(to, OAuthError("access_denied", "the person did not say yes"))
        else:
            onward = _address(control, to, code=control.tokens.authorize(visitor, wanted))
        # Not a redirect: that would be a form which ends at another origin, and our content security policy forbids it.
        page = pages.render(request, "authorized", visitor, client=to.client, onward=onward)
        page.headers["refresh"] = f"0; url={onward}"
        return page


def _address(control: ControlPlane, to: ReturnAddress, **answer: str) -> str:
    """Return where the program that waits gets its answer, with who gives it (RFC 9207)."""
    answer["iss"] = control.settings.public_url
    if to.state:
        answer["state"] = to.state
    return f"{to.redirect_uri}?{urlencode(answer)}"
