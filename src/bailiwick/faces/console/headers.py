"""What every answer says to the browser: what may run in it, who may frame it, what may be kept."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_POLICY = "content-security-policy"


def policy(forms: str = "") -> str:
    """Return what a page may load and run, and where its forms go: here, and to an origin that a page names."""
    where = f"'self' {forms}".strip()
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action {where}; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


_USUAL = policy()


def protect(headers: MutableHeaders, path: str, *, secure: bool) -> None:
    """Add the headers to an answer."""
    headers.setdefault(_POLICY, _USUAL)
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "same-origin"
    headers["cross-origin-opener-policy"] = "same-origin"
    headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
    if secure:
        headers["strict-transport-security"] = "max-age=31536000"
    if not path.startswith("/static/"):
        headers["cache-control"] = "no-store"


class ProtectingHeaders:
    """ASGI middleware that adds them, without holding back what is streamed."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(raw=message["headers"]), scope["path"], secure=self._secure)
            await send(message)

        await self._app(scope, receive, protected)
