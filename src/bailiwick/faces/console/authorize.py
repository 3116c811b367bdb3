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
from bailiwick.faces.console.headers import policy
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, page_of, start_address

_PATH = "/oauth/authorize"


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
        if not is_as(visitor, asked.wanted):
            here = page_of(request, control.settings.public_url)
            email = visitor.identity.principal.name
            return RedirectResponse(start_address(here, email=email, wanted=asked.wanted), 303)
        doors = doors_of(asked.audiences)
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
        if answer == "no" or not is_as(visitor, wanted.wanted):
            return back(to, error="access_denied", error_description="the person did not say yes")
        return back(to, code=control.tokens.authorize(visitor, wanted))
