"""Calls of a warehouse's interface over HTTP: JSON in, JSON out, bounded in size and time."""

import asyncio
import contextlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httptools

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError
from bailiwick.dataplane.gateways.upstreams import Address, Upstreams
from bailiwick.dataplane.router.upstream import ResponseReader
from bailiwick.dataplane.router.wire import Headers, render_head

# A page is held whole; what is larger is parsed beside the event loop.
_MOST_BYTES, _LONG_BYTES = 64 * 2**20, 2**20
_SECONDS = 60.0
_GZIP = 31  # zlib's word for it
_LOST = "the connection to the database is lost"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON object beside it, empty where there is none."""

    status: int
    document: Mapping[str, Any]

    def text(self, *names: str) -> str:
        """Return a text inside, by names one within another; empty where it is not there."""
        found: Any = self.document
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class RestClient:
    """Calls one server, whose address may hold a path that all calls are below; redirects are not followed."""

    upstreams: Upstreams
    url: str
    authority: str = ""

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], document: Mapping[str, Any] | None = None
    ) -> Answer:
        """Return what the server answers; raise `EngineFaultError` when it does not, or says something else."""
        body = json.dumps(document).encode() if document is not None else b""
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._asked(method, target, headers, body)
        except TimeoutError:
            raise EngineFaultError("the database does not answer in time", "08006") from None
        except (OSError, EOFError, httptools.HttpParserError, zlib.error):
            raise EngineFaultError(_LOST, "08006") from None

    async def _asked(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        address = Address.of(self.url, self.authority)
        head: Headers = [
            (b"host", address.authority),
            (b"accept", b"application/json"),
            (b"accept-encoding", b"identity"),
            (b"user-agent", b"bailiwick/1"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        out = render_head(f"{method} {address.path}{target} HTTP/1.1".encode(), head) + body
        # A connection that was idle may be closed just now: what starts something goes over a new one.
        known = self.upstreams.take_idle(address) if method == "GET" else None
        if known is not None:
            with contextlib.suppress(OSError, EOFError):
                return await self._exchanged(address, known, out)
        return await self._exchanged(address, await self.upstreams.connect(address), out)

    async def _exchanged(self, address: Address, channel: Channel, out: bytes) -> Answer:
        try:
            channel.write(out)
            await channel.drain()
            reader, content = await _answer(channel)
        except BaseException:
            channel.abort()
            raise
        if reader.reusable:
            self.upstreams.give_back(address, channel)
        else:
            channel.abort()
        return Answer(reader.status, await _parsed(_plain(reader, content)))


async def _answer(channel: Channel) -> tuple[ResponseReader, bytes]:
    reader, kept, size = ResponseReader("POST"), [], 0
    while not reader.done:
        try:
            reader.feed(await channel.receive())
        except EOFError:
            if not reader.head_done or reader.chunked or reader.has_length:
                raise
            break
        kept.append(reader.take_body())
        size += len(kept[-1])
        if size > _MOST_BYTES:
            raise EngineFaultError("the database answers more at once than is taken", "54000")
    return reader, b"".join(kept)


def _plain(reader: ResponseReader, content: bytes) -> bytes:
    """Return the content as it was before it was compressed; some answers are, whatever was asked for."""
    encoding = next((value for name, value in reader.headers if name.lower() == b"content-encoding"), b"identity")
    match encoding.lower():
        case b"identity":
            return content
        case b"gzip":
            opened = zlib.decompressobj(_GZIP)
            plain = opened.decompress(content, _MOST_BYTES)
            if opened.unconsumed_tail:
                raise EngineFaultError("the database answers more at once than is taken", "54000")
            if not opened.eof:
                raise EOFError
            return plain
        case _:
            raise EngineFaultError("the database answers in an encoding that is not known", "08P01")


async def _parsed(content: bytes) -> Mapping[str, Any]:
    if not content.strip():
        return {}
    try:
        found = json.loads(content) if len(content) < _LONG_BYTES else await asyncio.to_thread(json.loads, content)
    except (ValueError, RecursionError):
        raise EngineFaultError("the database answers something else than JSON", "08P01") from None
    if not isinstance(found, dict):
        raise EngineFaultError("the database answers something else than an object", "08P01")
    return found
