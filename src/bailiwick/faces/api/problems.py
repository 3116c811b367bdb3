"""Errors over HTTP: every one a problem document (RFC 9457), none with anything that was not meant to be seen."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bailiwick.core.errors import BailiwickError, InvalidInputError, StepUpNeededError
from bailiwick.core.ids import new_trace_id

_LOG = logging.getLogger("bailiwick.api")
MEDIA_TYPE = "application/problem+json"


def problem_response(fault: BailiwickError) -> JSONResponse:
    """Return an error as the answer to a request."""
    headers = {"www-authenticate": _challenge(fault)} if fault.status == 401 else None  # noqa: PLR2004
    return JSONResponse(fault.problem(), fault.status, headers, media_type=MEDIA_TYPE)


def _challenge(fault: BailiwickError) -> str:
    """Return what a client is asked for: a token, or one with another sign-in behind it (RFC 9470)."""
    if not isinstance(fault, StepUpNeededError):
        return "Bearer"
    age = f", max_age={fault.max_age_seconds}" if fault.max_age_seconds is not None else ""
    factor = ', acr_values="second-factor"' if fault.second_factor else ""
    return f'Bearer error="insufficient_user_authentication", error_description="{fault.message}"{age}{factor}'


def add_problem_handlers(app: FastAPI) -> None:
    """Make an application answer every error as a problem."""

    async def known(_: Request, fault: Exception) -> JSONResponse:
        assert isinstance(fault, BailiwickError)  # noqa: S101 - registered for this class only
        return problem_response(fault)

    async def invalid(_: Request, fault: Exception) -> JSONResponse:
        assert isinstance(fault, RequestValidationError)  # noqa: S101
        problems = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in fault.errors()]
        error = InvalidInputError("; ".join(problems)[:1000], hint="the API's description is at /api/openapi.json")
        return JSONResponse(error.problem(), 422, media_type=MEDIA_TYPE)

    async def plain(_: Request, fault: Exception) -> JSONResponse:
        assert isinstance(fault, HTTPException)  # noqa: S101
        body = {"title": str(fault.detail), "status": fault.status_code}
        return JSONResponse(body, fault.status_code, fault.headers, media_type=MEDIA_TYPE)

    async def unknown(_: Request, fault: Exception) -> JSONResponse:
        trace = new_trace_id()
        _LOG.error("internal fault, trace %s", trace, exc_info=fault)
        error = BailiwickError("something went wrong on our side", hint="give this trace id to whoever runs Bailiwick")
        return JSONResponse(error.problem(trace), 500, media_type=MEDIA_TYPE)

    app.add_exception_handler(BailiwickError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unknown)
