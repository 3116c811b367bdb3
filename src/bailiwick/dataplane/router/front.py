"""The front: one port for all planes, which reads a connection's host name and joins it to that plane's own port.

Over TLS it is the name in the ClientHello; certificates and keys are the planes'.

It decides nothing and reads nothing after the first host name; no plane sees what is for another. A later request on
the same connection for another plane's host is answered 421 by the plane (RFC 9110 section 15.5.20).
"""

import asyncio
import contextlib
import re
from collections.abc import Mapping

from bailiwick.dataplane.hello import TLS_RECORD, HelloError, needed, outer_name
from bailiwick.dataplane.open_files import raise_open_files
from bailiwick.dataplane.router.origin import proxy_line
from bailiwick.dataplane.router.pages import Page, render
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, render_head

_HOST_LINE = re.compile(rb"\r\nhost:[ \t]*([a-z0-9.-]{1,253})(?::\d+)?[ \t]*\r\n", re.IGNORECASE)
_HEAD_SECONDS = 30.0
_PIECE = 64 * 1024


class Front:
    """Joins browsers to planes. `forward` maps a host suffix to a plane's `host:port`; the longest suffix counts.

    Other names, those of organisations' own, go to `others`. `announce` says to the planes for whom it connects, which
    they must expect of it.
    """

    def __init__(self, forward: Mapping[str, str], *, announce: bool = False, others: str = "") -> None:
        self._announce = announce
        self._others = others
        self._forward = sorted(forward.items(), key=lambda item: len(item[0]), reverse=True)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_HEAD_SECONDS):
                begun, host = await _beginning(reader)
            target = self._target(host)
            if target is not None:
                await self._join(target, begun, reader, writer)
            elif begun[0] != TLS_RECORD:
                await self._refuse(writer)
        writer.close()

    def _target(self, host: str) -> tuple[str, int] | None:
        for suffix, target in self._forward:
            if host.endswith(f".{suffix}"):
                return _place(target)
        return _place(self._others) if host and self._others else None

    async def _join(
        self, target: tuple[str, int], head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        plane_reader, plane_writer = await asyncio.open_connection(*target)
        if self._announce:
            ends = [writer.get_extra_info(name) for name in ("peername", "sockname")]
            plane_writer.write(proxy_line(ends[0][:2], ends[1][:2]))
        plane_writer.write(head)
        try:
            await asyncio.gather(_copy(reader, plane_writer), _copy(plane_reader, writer))
        finally:
            plane_writer.close()

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        headers, body = render(Page(404, "No app has this address.", "Apps are listed in the console."), as_json=False)
        writer.write(render_head(b"HTTP/1.1 404 Not Found", [*headers, (b"connection", b"close")]) + body)
        await writer.drain()


def _place(target: str) -> tuple[str, int]:
    name, _, port = target.rpartition(":")
    return name, int(port)


async def _beginning(reader: asyncio.StreamReader) -> tuple[bytes, str]:
    """Return what came first and the host that it names, empty where that is not certain.

    That is a ClientHello with its server name, which is not encrypted, or the head of a request.
    """
    first = await reader.readexactly(1)
    if first[0] != TLS_RECORD:
        head = first + await reader.readuntil(b"\r\n\r\n")
        found = _HOST_LINE.findall(head)
        return head, found[0].decode().lower() if len(found) == 1 else ""
    record = first + await reader.readexactly(4)
    try:
        record += await reader.readexactly(needed(record) - len(record))
        return record, outer_name(record)
    except HelloError:
        return record, ""


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_PIECE):
            target.write(data)
            await target.drain()
    finally:
        # The other direction must end too: a plane that cuts a request cuts the browser.
        target.close()


async def run_front(
    host: str, port: int, forward: Mapping[str, str], *, announce: bool = False, others: str = ""
) -> None:
    """Serve until cancelled."""
    raise_open_files()
    front = Front(forward, announce=announce, others=others)
    server = await asyncio.start_server(front.handle, host, port, limit=MAX_HEAD_BYTES)
    async with server:
        await server.serve_forever()
