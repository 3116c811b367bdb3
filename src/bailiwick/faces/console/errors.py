"""Errors as pages: what happened, why, and the next step. Faults of ours are logged under the trace that is shown."""

import logging
from dataclasses import dataclass, replace
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from bailiwick.control.app import ControlPlane
from bailiwick.core.errors import BailiwickError, InvalidInputError, StepUpNeededError
from bailiwick.core.ids import new_trace_id
from bailiwick.core.policy import StepUp
from bailiwick.faces.console.headers import protect
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import SignInNeededError, page_of, start_address, visitor_or_none

_LOG = logging.getLogger("bailiwick.console")
_NEXT = {
    400: "Go back and change what you filled in.",
    401: "Sign in again.",
    403: "Ask someone who may: bailiwick who-can ACTION RESOURCE names them, with the policy that says so.",
    404: "Check the address. What you may see is listed under Apps; ask an administrator for more.",
    405: "Go back and use the form on the page.",
    410: "Look under Approvals what waits for you.",
    409: "Load the page again: it shows how things stand now.",
    429: "Wait for ten minutes, then try again.",
    503: "Try again in a moment. If it stays so, tell whoever runs Bailiwick.",
}
_STEP_UP = "Sign in again as it asks: you come back to where you were. Nothing was done yet."
_SIGN_IN = "/sign-in"
_PLAIN = {404: "There is no such page", 405: "This address cannot be used that way"}


@dataclass(frozen=True)
class Fault:
    """An error as its page shows it."""

    title: str
    next_step: str
    code: str
    deciders: tuple[str, ...] = ()
    trace: str = ""
    sign_in: str = ""


def add_errors(app: FastAPI, control: ControlPlane, pages: Pages, *, secure: bool) -> None:
    """Answer every error of the console with a page."""

    async def sign_in_first(request: Request, _: Exception) -> Response:
        back = page_of(request, control.settings.public_url) if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?return_to={quote(back, safe='')}", 303)

    async def step_up(request: Request, error: Exception) -> Response:
        assert isinstance(error, StepUpNeededError)  # noqa: S101 - registered for this class only
        visitor = visitor_or_none(request)
        email = visitor.identity.principal.name if visitor else ""
        wanted = StepUp(error.max_age_seconds, error.second_factor)
        onward = start_address(page_of(request, control.settings.public_url), email=email, wanted=wanted)
        fault = replace(_of(error), sign_in=onward, next_step=_STEP_UP)
        return pages.render(request, "error", visitor, status=error.status, fault=fault)

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, BailiwickError)  # noqa: S101 - registered for this class only
        return pages.render(request, "error", visitor_or_none(request), status=error.status, fault=_of(error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        problems = "; ".join(f"{item['loc'][-1]}: {item['msg'].lower()}" for item in error.errors())
        return await known(request, InvalidInputError(f"The form is not complete: {problems[:400]}"))

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        title = _PLAIN.get(error.status_code, str(error.detail))
        fault = Fault(title, _NEXT.get(error.status_code, "Go back and try again."), f"http.{error.status_code}")
        return pages.render(request, "error", visitor_or_none(request), status=error.status_code, fault=fault)

    async def unknown(request: Request, error: Exception) -> Response:
        trace = new_trace_id()
        _LOG.error("internal fault, trace %s", trace, exc_info=error)
        step = "Nothing more can be said here. Give this trace id to whoever runs Bailiwick: the log has the rest."
        fault = Fault("Something went wrong on our side", step, "internal.fault", trace=trace)
        response = pages.render(request, "error", status=500, fault=fault)
        # This answer is made outside of the middleware that protects all others.
        protect(response.headers, request.url.path, secure=secure)
        return response

    app.add_exception_handler(SignInNeededError, sign_in_first)
    app.add_exception_handler(StepUpNeededError, step_up)
    app.add_exception_handler(BailiwickError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unknown)


def _of(error: BailiwickError) -> Fault:
    hint = f"{error.hint[:1].upper()}{error.hint[1:]}" if error.hint else _NEXT.get(error.status, _NEXT[503])
    title = f"{error.message[:1].upper()}{error.message[1:]}"
    return Fault(
        title, hint, error.code, error.deciders, sign_in=_SIGN_IN if error.code.startswith("identity.") else ""
    )
