"""The planes' door: HTTP over mutual TLS, where the certificate says which plane is calling."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bailiwick.control.planes.hub import PlaneHub
from bailiwick.control.planes.service import PlaneService
from bailiwick.core.errors import BailiwickError, InvalidInputError, NotAuthenticatedError
from bailiwick.core.messages import (
    Acknowledgement,
    PassAnswer,
    PassRequest,
    PersonTokenAnswer,
    PersonTokenRequest,
    PlaneAnswer,
    PlaneWelcome,
    ReportBatch,
    SecretValue,
    StateTaken,
    TokenShown,
)

PLANE_PREFIX = "spiffe://bailiwick/plane/"
PREFIX = "/plane/v1"
_MOST_REQUEST_BYTES = 8 * 1024
_MOST_ELSEWHERE = 16


class PeerCertificateProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP protocol that also puts the peer's certificate into the scope, which no server does by itself."""

    def on_message_begin(self) -> None:
        """Start a request's scope, with the certificate's URI names under the `tls` extension."""
        super().on_message_begin()
        tls: ssl.SSLObject | None = self.transport.get_extra_info("ssl_object") if self.transport else None
        certificate: Mapping[str, Any] = (tls.getpeercert() if tls is not None else None) or {}
        names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
        self.scope["extensions"] = {"tls": {"client_uri_names": names}}


def _plane_of(request: Request) -> str:
    """Return the plane that the peer's certificate names; raise `NotAuthenticatedError` when it names none."""
    names = request.scope.get("extensions", {}).get("tls", {}).get("client_uri_names", [])
    if len(names) != 1 or not str(names[0]).startswith(PLANE_PREFIX):
        raise NotAuthenticatedError("this certificate is not that of a data plane")
    return str(names[0]).removeprefix(PLANE_PREFIX)


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_REQUEST_BYTES:
            raise InvalidInputError("this is too long for a certificate request")
    return bytes(body)


async def _problem(_: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, BailiwickError)  # noqa: S101 - registered for this class only
    return JSONResponse(fault.problem(), fault.status, media_type="application/problem+json")


def build_plane_app(service: PlaneService, hub: PlaneHub, known_planes: Mapping[str, str]) -> FastAPI:
    """Return the ASGI application that planes talk to; `known_planes` maps the planes of this installation to kinds."""
    app = FastAPI(title="Bailiwick planes", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(BailiwickError, _problem)

    @app.middleware("http")
    async def only_known_planes(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            plane = _plane_of(request)
            if plane not in known_planes:
                raise NotAuthenticatedError(f"plane '{plane[:60]}' is not part of this installation")
        except NotAuthenticatedError as fault:
            return await _problem(request, fault)
        request.state.plane = plane
        return await proceed(request)

    @app.get(f"{PREFIX}/welcome")
    def welcome(request: Request) -> PlaneWelcome:
        return service.welcome(request.state.plane)

    @app.get(f"{PREFIX}/stream")
    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(hub.frames(request.state.plane), media_type="application/x-ndjson")

    @app.post(f"{PREFIX}/taken")
    async def taken(request: Request, content: StateTaken) -> Response:
        hub.taken(request.state.plane, content.version)
        return Response(status_code=204)

    @app.post(f"{PREFIX}/answers")
    async def answers(request: Request, content: PlaneAnswer) -> Response:
        hub.answered(request.state.plane, content)
        return Response(status_code=204)

    @app.post(f"{PREFIX}/certificate")
    async def certificate(request: Request) -> Response:
        asked = await _small_body(request)
        issued = await asyncio.to_thread(service.renew_certificate, request.state.plane, asked)
        return Response(issued, media_type="application/pem-certificate-chain")

    @app.get(f"{PREFIX}/artifacts/{{sha256}}")
    def artifact(request: Request, sha256: str) -> Response:
        return Response(service.artifact(request.state.plane, sha256), media_type="application/octet-stream")

    @app.get(f"{PREFIX}/secrets/{{name:path}}")
    def secret(request: Request, name: str) -> dict[str, Any]:
        value: SecretValue = service.secret(request.state.plane, name)
        return value.model_dump()

    # They wait for servers that are not ours, in threads of their own: passes and secrets never wait for those.
    elsewhere = anyio.CapacityLimiter(_MOST_ELSEWHERE)

    @app.post(f"{PREFIX}/person-tokens")
    async def person_tokens(request: Request, content: PersonTokenRequest) -> PersonTokenAnswer:
        get = partial(service.consents.token, request.state.plane, content)
        return await anyio.to_thread.run_sync(get, limiter=elsewhere)

    @app.get(f"{PREFIX}/model-keys/{{name}}")
    def model_key(request: Request, name: str) -> dict[str, Any]:
        return service.models.key(request.state.plane, name).model_dump()

    @app.post(f"{PREFIX}/model-passes")
    def model_passes(content: TokenShown) -> PassAnswer:
        return service.models.answer_pass(content.token)

    @app.post(f"{PREFIX}/passes")
    def passes(request: Request, content: PassRequest) -> PassAnswer:
        return service.answer_pass(request.state.plane, content)

    @app.post(f"{PREFIX}/reports")
    async def reports(request: Request) -> Acknowledgement:
        batch = ReportBatch.model_validate_json(await request.body())
        return await asyncio.to_thread(service.take_reports, request.state.plane, batch)

    return app
