"""A client that says things no driver would, message by message."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Said = list[tuple[bytes, bytes]]


class Wire:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def said(self) -> tuple[bytes, bytes] | None:
        """Return the next message; None at the end. One that ends within is a fault of whoever sent it."""
        head = await asyncio.wait_for(self.reader.read(1), 30)
        if not head:
            return None
        length = int.from_bytes(await self.reader.readexactly(4))
        assert 4 <= length <= 16 * 2**20 + 4
        return head, await self.reader.readexactly(length - 4)

    async def until_ready(self) -> Said:
        """Return what is said up to ReadyForQuery, or up to the end."""
        found: Said = []
        while (one := await self.said()) is not None:
            found.append(one)
            if one[0] == b"Z":
                break
        return found

    async def all_that_comes_by_itself(self) -> bytes:
        """Return what comes until nothing does for a moment: no message says that garbage was answered."""
        found = bytearray()
        with contextlib.suppress(TimeoutError):
            while part := await asyncio.wait_for(self.reader.read(65536), 0.2):
                found += part
        return bytes(found)

    async def rest(self) -> bytes:
        """Return everything up to the end."""
        return await asyncio.wait_for(self.reader.read(-1), 30)


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """Connect and sign in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = Wire(reader, writer)
    body = struct.pack("!I", 196608) + b"user\0app\0\0"
    client.send(struct.pack("!I", len(body) + 4) + body)
    await client.until_ready()
    try:
        yield client
    finally:
        writer.transport.abort()


def query(sql: str) -> bytes:
    body = sql.encode() + b"\0"
    return b"Q" + struct.pack("!I", len(body) + 4) + body


def served() -> list[asyncio.Task[object]]:
    """Return the tasks in which connections to gateways of this loop are served."""
    return [task for task in asyncio.all_tasks() if "Listener._served" in repr(task)]
