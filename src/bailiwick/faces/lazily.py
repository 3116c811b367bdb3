"""An application that is put together when it is first asked: hundreds of routes take a good part of a second."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Face = Callable[[Scope, Receive, Send], Awaitable[None]]


class Lazily:
    """What `build` returns, asked for once; servers `prepare` it before they listen, so that nobody waits for it."""

    def __init__(self, build: Callable[[], Face]) -> None:
        self._build = build
        self._built: Face | None = None
        self._lock = threading.Lock()

    def prepare(self) -> Face:
        """Put it together now, if that was not done."""
        with self._lock:
            if self._built is None:
                self._built = self._build()
            return self._built

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        built = self._built
        if built is None:
            built = await asyncio.to_thread(self.prepare)
        await built(scope, receive, send)
