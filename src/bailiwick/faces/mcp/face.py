"""The HTTP side of the door: who may speak with it at all, before any of what they say is read.

Each request stands alone: there are no sessions to steal. The SDK speaks the protocol, old versions and new; a token is
taken only when it was made for this door, and goes no further than here.
"""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fastapi.concurrency import run_in_threadpool
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import MCP_AUDIENCE
from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.events import Outcome
from bailiwick.core.origin import arriving, current_origin
from bailiwick.core.principals import Identity
from bailiwick.faces.mcp.metadata import PATH, metadata_url
from bailiwick.faces.mcp.server import IDENTITY, build_server
from bailiwick.faces.origin import seen_from

DOOR = "mcp"
# What is larger goes by git: the whole body is one JSON text, and is held in memory.
_MOST_BYTES = 32 * 2**20
# Of one person and the agents that work for them: reviews take time, and others push, too.
_MOST_AT_ONCE = 8
_JSON_SLACK = 4 / 3 + 0.1  # it holds bytes as base64

_BUSY = JSONResponse(
    {"title": f"there are {_MOST_AT_ONCE} calls of yours at once: wait for one of them", "status": 429},
    429,
    {"retry-after": "1"},
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class McpFace:
    """The ASGI application of `/mcp`."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._server = build_server(control)
        self._security = _security(control)
        self._gate = TransportSecurityMiddleware(self._security)
        self._at_once: Counter[str] = Counter()
        self._most_bytes = int(min(control.settings.max_push_bytes, _MOST_BYTES) * _JSON_SLACK)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refused = await self._refused(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        principal = scope[IDENTITY].principal
        whose = principal.answerable
        wait = await run_in_threadpool(self._control.call_rates.wait_seconds, principal)
        if wait:
            await run_in_threadpool(self._note_limited, str(principal))
            await _limited(wait)(scope, receive, send)
            return
        if self._at_once[whose] >= _MOST_AT_ONCE:
            await _BUSY(scope, receive, send)
            return
        self._at_once[whose] += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self._at_once[whose] -= 1
            self._at_once += Counter()  # forgets whoever is at nothing

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        manager = StreamableHTTPSessionManager(
            self._server,
            json_response=_answers_whole(scope),
            stateless=True,
            security_settings=self._security,
            max_request_body_size=self._most_bytes,
        )
        with arriving(replace(current_origin(), kind=DOOR)):
            # One manager a request: it holds nothing between requests, and its tasks end with this one.
            async with manager.run():
                await manager.handle_request(scope, receive, send)

    def _note_limited(self, who: str) -> None:
        """Keep that somebody calls too often, once in a while: the log is no place to be flooded either."""
        with self._control.store.transaction() as session:
            if self._control.call_rates.is_news(session, who):
                self._control.audit.note(
                    session,
                    who,
                    "tool.limited",
                    "tool:any",
                    outcome=Outcome.REFUSED,
                    reason="too many calls in a minute",
                    context={"door": DOOR},
                )

    async def _refused(self, scope: Scope) -> Response | None:
        """Return why a request is not heard, or None once it is known who asks."""
        request = Request(scope)
        if scope["path"].rstrip("/") != PATH:
            return JSONResponse({"title": "there is nothing here", "status": 404}, 404)
        # A page of another site in a person's browser is not let in, whatever name it reaches us by (DNS rebinding).
        wrong = await self._gate.validate_request(request)
        if wrong is not None:
            return wrong
        try:
            scope[IDENTITY] = await run_in_threadpool(self._bearer, request.headers.get("authorization", ""), scope)
        except NotAuthenticatedError as fault:
            return self._unauthorized(fault)
        if request.method != "POST":
            # No stream is offered: there is nothing to tell that was not asked (Streamable HTTP, "Listening").
            return JSONResponse({"title": "only POST is answered here", "status": 405}, 405, {"allow": "POST"})
        return None

    def _bearer(self, authorization: str, scope: Scope) -> Identity:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise NotAuthenticatedError("this door needs a token", hint="let your MCP client sign in")
        return seen_from(self._control.identity.authenticate_token(token.strip(), audience=MCP_AUDIENCE), scope)

    def _unauthorized(self, fault: NotAuthenticatedError) -> Response:
        """Return a refusal that says where tokens come from (RFC 6750, section 3; RFC 9728, section 5.1)."""
        where = metadata_url(self._control.settings.public_url)
        challenge = f'Bearer error="invalid_token", error_description="{fault.message}", resource_metadata="{where}"'
        body = {"error": "invalid_token", "error_description": f"{fault.message}; {fault.hint}"}
        return JSONResponse(body, 401, {"www-authenticate": challenge})


def _answers_whole(scope: Scope) -> bool:
    """Return whether a call is answered with one JSON text: old clients always, and new ones that hear no stream.

    Others hear how far a call is while it waits.
    """
    headers = Headers(scope=scope)
    version = headers.get("mcp-protocol-version")
    return (
        version is None
        or version in HANDSHAKE_PROTOCOL_VERSIONS
        or "text/event-stream" not in headers.get("accept", "")
    )


def _limited(wait_seconds: float) -> JSONResponse:
    seconds = math.ceil(wait_seconds)
    title = f"there were too many calls of yours in the last minute: wait {seconds} s"
    return JSONResponse({"title": title, "status": 429}, 429, {"retry-after": str(seconds)})


def _security(control: ControlPlane) -> TransportSecuritySettings:
    """Return the names that this door answers to: its public one, and where it listens, for a proxy that asks so."""
    public, listen = control.settings.public_url, control.settings.console
    hosts = dict.fromkeys((urlsplit(public).netloc, f"{listen.host}:{listen.port}"))
    return TransportSecuritySettings(allowed_hosts=list(hosts), allowed_origins=[public])
