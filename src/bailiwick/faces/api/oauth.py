"""The authorization server's endpoints for programs: tokens and their end, clients, and what there is.

RFC 6749 and 7009 for tokens, 7591 for clients that register themselves, 8414 for what this server can do.
"""

import json
import logging
import re
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    ASSERTION_ALGORITHMS,
    OAuthError,
    Parameters,
    RegisteredClient,
    TooManyTriesError,
    is_machine_token,
    read_wanted,
)
from bailiwick.core.errors import BailiwickError, InvalidInputError, NotAuthenticatedError, UnavailableError
from bailiwick.core.ids import new_trace_id
from bailiwick.faces.api.oauth_grants import TokenRequest, grants
from bailiwick.faces.origin import address_of

OAUTH_PATH = "/oauth"
METADATA_PATH = "/.well-known/oauth-authorization-server"
_LOG = logging.getLogger("bailiwick.oauth")
_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 64 * 1024
_NO_STORE = {"cache-control": "no-store"}
# What an error_description may hold (RFC 6749, section 5.2).
_NOT_IN_A_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]+")


def build_oauth(control: ControlPlane) -> FastAPI:
    """Return the endpoints as an application, to be mounted under `/oauth` after the pages that people see there."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)
    handlers = grants(control)

    @app.post("/token")
    async def token(request: Request) -> Response:
        asked = await _read(request)
        grant_type = asked.parameters.require("grant_type")
        handler = handlers.get(grant_type)
        if handler is None:
            raise OAuthError("unsupported_grant_type", f"there are: {', '.join(handlers)}")
        return JSONResponse(dict(await run_in_threadpool(handler, asked)), headers=_NO_STORE)

    @app.post("/device_authorization")
    async def device_authorization(request: Request) -> Response:
        asked = await _read(request)
        return JSONResponse(await run_in_threadpool(_begin_device, control, asked), headers=_NO_STORE)

    @app.post("/revoke")
    async def revoke(request: Request) -> Response:
        parameters = (await _read(request)).parameters
        secret = parameters.require("token")
        if is_machine_token(secret):
            await run_in_threadpool(control.exchange.give_back, secret)
        else:
            await run_in_threadpool(control.tokens.revoke, control.tokens.client(parameters), secret)
        return Response(status_code=200, headers=_NO_STORE)

    @app.post("/register", status_code=201)
    async def register(request: Request) -> Response:
        metadata, address = await _read_metadata(request), address_of(request.scope)
        client = await run_in_threadpool(control.tokens.registration.register, metadata, address)
        return JSONResponse(dict(_registered(client)), 201, headers=_NO_STORE)

    return app


def oauth_metadata(control: ControlPlane) -> Mapping[str, object]:
    """Return what this authorization server can do and where (RFC 8414, section 2)."""
    issuer = control.settings.public_url
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{OAUTH_PATH}/authorize",
        "token_endpoint": f"{issuer}{OAUTH_PATH}/token",
        "device_authorization_endpoint": f"{issuer}{OAUTH_PATH}/device_authorization",
        "revocation_endpoint": f"{issuer}{OAUTH_PATH}/revoke",
        "registration_endpoint": f"{issuer}{OAUTH_PATH}/register",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(grants(control)),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": True,
        "acr_values_supported": ["second-factor"],
        "protected_resources": list(control.tokens.resources.addresses.values()),
    }


def _begin_device(control: ControlPlane, asked: TokenRequest) -> dict[str, object]:
    """Take what a program without a browser asks for (RFC 8628, sections 3.1 and 3.2)."""
    parameters = asked.parameters
    codes = control.tokens.devices.begin(
        control.tokens.client(parameters),
        resources=parameters.resources,
        wanted=read_wanted(parameters),
        address=asked.address,
    )
    page = f"{control.settings.public_url}/device"
    return {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={codes.user_code}",
        "expires_in": codes.expires_seconds,
        "interval": codes.interval_seconds,
    }


async def _read(request: Request) -> TokenRequest:
    """Return a form that a program sent; parameters in the address are not looked at (RFC 6749, section 3.2)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length", "")
    if media_type != _FORM:
        raise OAuthError("invalid_request", f"send a form: {_FORM}")
    if not length.isdigit() or int(length) > _MOST_BYTES:
        raise OAuthError("invalid_request", "the form is too long, or does not say how long it is")
    form = await request.form()
    address = request.client.host if request.client else ""
    return TokenRequest(Parameters.of(form.multi_items()), request.headers.get("authorization", ""), address)


async def _read_metadata(request: Request) -> Mapping[str, object]:
    """Return what a client says of itself (RFC 7591, section 3.1)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise OAuthError("invalid_client_metadata", "the description of the client is too long")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise OAuthError("invalid_client_metadata", "the description of the client is no JSON") from None
    if not isinstance(said, dict):
        raise OAuthError("invalid_client_metadata", "the description of the client is a JSON object")
    return said


def _registered(client: RegisteredClient) -> Mapping[str, object]:
    """Return what a client was registered as, which may be less than it asked for (RFC 7591, section 3.2.1)."""
    return {
        "client_id": client.id,
        "client_id_issued_at": client.issued_at,
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


def _add_errors(app: FastAPI) -> None:
    async def known(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, BailiwickError)  # noqa: S101 - registered for this class only
        return _answer(fault)

    async def unknown(_: Request, fault: Exception) -> Response:
        trace = new_trace_id()
        _LOG.error("internal fault, trace %s", trace, exc_info=fault)
        return _refusal("server_error", f"something went wrong on our side, trace {trace}", 500)

    app.add_exception_handler(BailiwickError, known)
    app.add_exception_handler(Exception, unknown)


def _answer(fault: BailiwickError) -> Response:
    """Return an error as RFC 6749 (section 5.2) has it."""
    words = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
    match fault:
        case OAuthError():
            return _refusal(fault.error, words, fault.status)
        case TooManyTriesError():
            return _refusal("slow_down", words, fault.status)
        case NotAuthenticatedError():
            return _refusal("invalid_grant", words, 400)
        case InvalidInputError():
            return _refusal("invalid_request", words, 400)
        case UnavailableError():
            return _refusal("temporarily_unavailable", words, fault.status)
        case _:
            return _refusal("access_denied", words, 400)


def _refusal(error: str, words: str, status: int) -> Response:
    body = {"error": error, "error_description": _NOT_IN_A_DESCRIPTION.sub("?", words)}
    return JSONResponse(body, status, _NO_STORE)
