"""The control plane's servers: faces on one port, the planes' door on another."""

import asyncio
import contextlib
import time

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import text

from bailiwick.control.app import ControlPlane, running
from bailiwick.control.planes import PeerCertificateProtocol, build_plane_app
from bailiwick.control.rotations import REVOCATIONS_PATH
from bailiwick.core.errors import BailiwickError
from bailiwick.core.masked_logging import mask_logs
from bailiwick.core.origin import Origin, arriving, client_kind
from bailiwick.faces.api import (
    AUTHZEN_PATH,
    OAUTH_METADATA_PATH,
    OAUTH_PATH,
    authzen_metadata,
    bearer,
    build_api,
    build_authzen,
    build_oauth,
    oauth_metadata,
)
from bailiwick.faces.console import ProtectingHeaders, build_console
from bailiwick.faces.git import GitFace
from bailiwick.faces.lazily import Face, Lazily, Receive, Scope, Send
from bailiwick.faces.mcp import LISTING_PATH as MCP_LISTING_PATH
from bailiwick.faces.mcp import METADATA_PATH as MCP_METADATA_PATH
from bailiwick.faces.mcp import PATH as MCP_PATH
from bailiwick.faces.mcp import McpFace, SignedListing, resource_metadata
from bailiwick.faces.otlp import PATH as OTLP_PATH
from bailiwick.faces.otlp import build_otlp
from bailiwick.faces.scim import PREFIX as SCIM_PREFIX
from bailiwick.faces.scim import build_scim

_STOP_SECONDS = 3
# Signing a list takes the vault: one is made once in so long, however many ask.
_LIST_SECONDS = 60.0


class Faces:
    """The ASGI application of all faces: git, SCIM and MCP go past the framework, everything else through it."""

    def __init__(self, control: ControlPlane) -> None:
        self._api = Lazily(lambda: build_api(control))
        self._authzen = Lazily(lambda: build_authzen(control, lambda header: bearer(control, header)))
        self._console = Lazily(lambda: _with_oauth(build_console(control), control))
        self._otlp = Lazily(lambda: build_otlp(control))
        self._framework = self._rest(control)
        self._git = GitFace(control)
        self._scim = Lazily(lambda: build_scim(control))
        self._mcp = McpFace(control)

    def prepare(self) -> None:
        """Put together what people and agents ask; whoever asks first waits for the rest."""
        for part in (self._api, self._authzen, self._console):
            part.prepare()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        with arriving(_origin(scope)):
            await self._face_of(scope)(scope, receive, send)

    def _face_of(self, scope: Scope) -> Face:
        if scope["type"] == "http" and scope["path"].startswith("/git/"):
            return self._git
        if scope["type"] == "http" and (scope["path"] + "/").startswith(SCIM_PREFIX + "/"):
            return self._scim
        if scope["type"] == "http" and (scope["path"] + "/").startswith(MCP_PATH + "/"):
            return self._mcp
        return self._framework

    def _rest(self, control: ControlPlane) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.add_middleware(ProtectingHeaders, secure=control.settings.public_url.startswith("https:"))
        _metadata(app, control)
        _tool_listing(app, control)
        _revoked_certificates(app, control)
        _health(app, control)
        app.mount("/api", self._api)
        app.mount(AUTHZEN_PATH, self._authzen)
        app.mount(OTLP_PATH, self._otlp)
        app.mount("", self._console)
        return app


def _with_oauth(console: FastAPI, control: ControlPlane) -> FastAPI:
    """Add what programs ask for under the paths where people have pages: those come first."""
    console.mount(OAUTH_PATH, build_oauth(control))
    return console


def _metadata(app: FastAPI, control: ControlPlane) -> None:
    @app.get("/.well-known/authzen-configuration")
    def authzen() -> Response:
        return JSONResponse(authzen_metadata(control.settings.public_url))

    @app.get(OAUTH_METADATA_PATH)
    def oauth() -> Response:
        return JSONResponse(dict(oauth_metadata(control)))

    @app.get(MCP_METADATA_PATH + MCP_PATH)
    @app.get(MCP_METADATA_PATH)
    def protected_resource() -> Response:
        return JSONResponse(dict(resource_metadata(control.settings.public_url)))


def _tool_listing(app: FastAPI, control: ControlPlane) -> None:
    """Serve what agents are told of the tools, signed: anybody may check it."""
    listing = SignedListing(control)

    @app.get(MCP_LISTING_PATH)
    def tools() -> Response:
        return Response(listing.document(), media_type="application/vnd.dsse.envelope.v1+json")


def _revoked_certificates(app: FastAPI, control: ControlPlane) -> None:
    """Serve the list of client certificates that are good no more: anybody may ask, and each list is signed."""
    kept: tuple[float, bytes] = (0.0, b"")

    @app.get(REVOCATIONS_PATH)
    def revocations() -> Response:
        nonlocal kept
        until, found = kept
        if time.monotonic() >= until:
            try:
                found = control.client_authority.revocations()
            except BailiwickError:
                return Response(status_code=503)
            kept = (time.monotonic() + _LIST_SECONDS, found)
        return Response(found, media_type="application/pkix-crl") if found else Response(status_code=404)


def _origin(scope: Scope) -> Origin:
    """Return where a request comes from: the socket's peer, or the client that a proxy on this host names."""
    peer = scope.get("client")
    agent = dict(scope.get("headers", ())).get(b"user-agent", b"").decode("latin-1")
    return Origin(str(peer[0]) if peer else "", client_kind(agent))


def _health(app: FastAPI, control: ControlPlane) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.get("/readyz")
    def readyz() -> Response:
        with control.store.transaction() as session:
            session.execute(text("SELECT 1"))
            in_the_way = () if control.settings.trial else control.networks.in_the_way(session)
        keys = control.encryption_keys.check()
        ready = not in_the_way and not keys
        said = {
            "ready": ready,
            "planes": dict(control.hub.connected),
            "faults": len(in_the_way),
            "keys": keys or "good",
        }
        return JSONResponse(said, 200 if ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        with control.store.transaction() as session:
            events = session.scalar(text("SELECT coalesce(max(size), 0) FROM audit_trees"))
        lines = ["# TYPE bailiwick_audit_events_total counter", f"bailiwick_audit_events_total {events}"]
        lines.append("# TYPE bailiwick_plane_streams gauge")
        lines += [
            f'bailiwick_plane_streams{{plane="{plane}"}} {count}' for plane, count in control.hub.connected.items()
        ]
        return PlainTextResponse("\n".join(lines) + "\n")


async def serve_control(control: ControlPlane) -> None:
    """Serve until the process is told to end."""
    faces = uvicorn.Server(faces_config(control))
    door = uvicorn.Server(_door(control))
    mask_logs(lambda: control.vault.known.kept)
    with control.store.transaction() as session:
        control.vault.known.masker_if_open(session)
    async with running(control):
        done, _ = await asyncio.wait(
            [asyncio.create_task(faces.serve()), asyncio.create_task(_quiet(door))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for server in (faces, door):
            server.should_exit = True
        for task in done:
            task.result()
    control.store.dispose()


def faces_config(control: ControlPlane) -> uvicorn.Config:
    """Return how the faces are served; nobody waits for what is put together first."""
    faces = Faces(control)
    faces.prepare()
    return uvicorn.Config(
        faces,
        host=control.settings.console.host,
        port=control.settings.console.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
        lifespan="off",
        # Else anybody on this host could say from where they come: uvicorn believes its own host by default.
        proxy_headers=bool(control.settings.trusted_proxies),
        forwarded_allow_ips=list(control.settings.trusted_proxies),
    )


async def _quiet(server: uvicorn.Server) -> None:
    """Serve without taking the process's signals: the first server has them."""
    with contextlib.suppress(asyncio.CancelledError):
        config = server.config
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        await server.main_loop()
        await server.shutdown()


def _door(control: ControlPlane) -> uvicorn.Config:
    known = {name: plane.kind for name, plane in control.settings.planes.items()}
    return uvicorn.Config(
        build_plane_app(control.planes, control.hub, known),
        host=control.settings.planes_door.host,
        port=control.settings.planes_door.port,
        http=PeerCertificateProtocol,
        ssl_context_factory=lambda _config, _default: control.door.context,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
        lifespan="off",
    )
