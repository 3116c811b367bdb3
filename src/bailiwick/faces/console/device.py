"""A person answers a program that has no browser, by the code that it shows them (RFC 8628, section 3.3)."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.core.policy import StepUp
from bailiwick.faces.console.consent import doors_of, is_as
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, start_address

_PATH = "/device"
UserCode = Annotated[str, Form(max_length=40)]


def add_device(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the pages. A code is only looked up by a form of ours, so that nobody else uses up a person's tries."""

    @app.get(_PATH, response_class=HTMLResponse)
    def type_code(request: Request, visitor: Visitor, user_code: str = "") -> Response:
        return pages.render(request, "device", visitor, user_code=user_code[:40])

    @app.post(_PATH, response_class=HTMLResponse)
    def ask(request: Request, visitor: Writer, user_code: UserCode) -> Response:
        asked = control.tokens.devices.asked(visitor, user_code)
        if not is_as(visitor, asked.wanted):
            return RedirectResponse(_sign_in(visitor.identity.principal.name, user_code, asked.wanted), 303)
        doors = doors_of(asked.audiences)
        return pages.render(request, "device_asks", visitor, asked=asked, doors=doors, user_code=user_code)

    @app.post(f"{_PATH}/answer", response_class=HTMLResponse)
    def answer(
        request: Request, visitor: Writer, user_code: UserCode, answer: Annotated[Literal["yes", "no"], Form()]
    ) -> Response:
        asked = control.tokens.devices.asked(visitor, user_code)
        if not is_as(visitor, asked.wanted):
            return RedirectResponse(_sign_in(visitor.identity.principal.name, user_code, asked.wanted), 303)
        control.tokens.devices.answer(visitor, user_code, yes=answer == "yes")
        return pages.render(request, "device_done", visitor, client=asked.client, yes=answer == "yes")


def _sign_in(email: str, user_code: str, wanted: StepUp) -> str:
    """Return where somebody signs in as a program wants it, and comes back to its code."""
    return start_address(f"{_PATH}?{urlencode({'user_code': user_code})}", email=email, wanted=wanted)
