"""The control plane's servers: faces on one port, the planes' door on another."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import text

from bailiwick.control.app import ControlPlane, running, write_credentials
from bailiwick.control.planes import PeerCertificateProtocol, build_plane_app, server_tls
from bailiwick.faces.api import AUTHZEN_PATH, authzen_metadata, bearer, build_api, build_authzen
from bailiwick.faces.console import add_console
from bailiwick.faces.git import GitFace
from bailiwick.faces.scim import PREFIX as SCIM_PREFIX
from bailiwick.faces.scim import ScimFace

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_STOP_SECONDS = 3


def build_faces(control: ControlPlane) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the ASGI application of all faces: git and SCIM go past the framework, everything else through it."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/api", build_api(control))
    app.mount(AUTHZEN_PATH, build_authzen(control, lambda header: bearer(control, header)))

    @app.get("/.well-known/authzen-configuration")
    def authzen() -> Response:
        return JSONResponse(authzen_metadata(control.settings.public_url))

    _health(app, control)
    add_console(app, control)
    git = GitFace(control)
    scim = ScimFace(control)

    async def faces(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/git/"):
            await git(scope, receive, send)
        elif scope["type"] == "http" and (scope["path"] + "/").startswith(SCIM_PREFIX + "/"):
            await scim(scope, receive, send)
        else:
            await app(scope, receive, send)

    return faces


def _health(app: FastAPI, control: ControlPlane) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.get("/readyz")
    def readyz() -> Response:
        with control.store.transaction() as session:
            session.execute(text("SELECT 1"))
        return JSONResponse({"ready": True, "planes": dict(control.hub.connected)})

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
    """Return how the faces are served."""
    return uvicorn.Config(
        build_faces(control),
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
    folder = control.settings.state / "door"
    folder.mkdir(exist_ok=True, mode=0o700)
    issued = control.authority.issue("control", hosts=[control.settings.planes_door.host, "localhost"])
    write_credentials(folder, issued, control.authority.certificate_pem)
    known = {name: plane.kind for name, plane in control.settings.planes.items()}
    context = server_tls(str(folder / "certificate.pem"), str(folder / "key.pem"), str(folder / "authority.pem"))
    return uvicorn.Config(
        build_plane_app(control.planes, control.hub, known),
        host=control.settings.planes_door.host,
        port=control.settings.planes_door.port,
        http=PeerCertificateProtocol,
        ssl_context_factory=lambda _config, _default: context,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
        lifespan="off",
    )
