"""Whether this plane lives and is ready, over HTTP on a port of its own, for whoever starts and watches it."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, parse_request

_SECONDS = 5.0
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 503: "Service Unavailable"}


async def serve_health(host: str, port: int, state: Callable[[], Mapping[str, Any]]) -> asyncio.Server:
    """Listen; `state` says what the plane is, with `ready` as true or false. The answer to `/readyz` is that."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _SECONDS)
            writer.write(_answer(raw, state))
            await asyncio.wait_for(writer.drain(), _SECONDS)
        writer.close()

    return await asyncio.start_server(handle, host, port, limit=MAX_HEAD_BYTES)


def _answer(raw: bytes, state: Callable[[], Mapping[str, Any]]) -> bytes:
    try:
        path = parse_request(raw).path
    except BadRequestError:
        return _written(400, {"error": "this is no request"})
    if path == "/healthz":
        return _written(200, {"alive": True})
    if path == "/readyz":
        said = state()
        return _written(200 if said["ready"] else 503, said)
    return _written(404, {"error": "here are /healthz and /readyz"})


def _written(status: int, content: Mapping[str, Any]) -> bytes:
    body = json.dumps(content).encode() + b"\n"
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
