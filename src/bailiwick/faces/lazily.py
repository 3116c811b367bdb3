"""Applications and routes that are put together when they are first asked: hundreds of them take a good second."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import compile_path, get_name

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


class LateRoute(APIRoute):
    """A route that reads its function's parameters, and makes the models of them, when somebody first asks for it.

    Until then it knows what tells whether a request is for it: its path and methods. Use it by
    `app.router.route_class = LateRoute`, before routes are added.
    """

    _reading = threading.RLock()

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: Any = None, **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = options.get("name") or get_name(endpoint)
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.include_in_schema = options.get("include_in_schema", True)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._read = partial(super().__init__, path, endpoint, methods=methods, **options)

    def __getattr__(self, name: str) -> Any:
        """Return what is known only once the function was read."""
        with self._reading:
            read = self.__dict__.pop("_read", None)
            if read is not None:
                read()
        return self.__getattribute__(name)
