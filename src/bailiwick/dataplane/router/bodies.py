"""A request's body: passed on as it comes, by its length or chunk by chunk, or taken whole; checked."""

from collections.abc import AsyncIterator

from bailiwick.dataplane.channel import Channel, TooLongError
from bailiwick.dataplane.router.wire import MAX_BODY_BYTES, BadRequestError, TooLargeError

_PIECE_BYTES = 64 * 1024
_SIZE_DIGITS = 8
_HEX = frozenset(b"0123456789abcdefABCDEF")


async def pieces_of_body(
    browser: Channel, length: int | None, most_bytes: int = MAX_BODY_BYTES
) -> AsyncIterator[bytes]:
    """Yield a body in the framing in which it came; raise `BadRequestError` when that is broken, `TooLargeError` when
    its chunks are more than `most_bytes`, `EOFError` at its end.

    A `length` of None means chunked. Extensions and trailers of chunks are refused: nobody sends them but who hopes
    that two servers read them in two ways.
    """
    if length is not None:
        while length:
            if not browser.waiting:
                await browser.wait()
            piece = browser.take(min(length, _PIECE_BYTES))
            length -= len(piece)
            yield piece
        return
    total, size = 0, -1
    while size:
        size = await _chunk_size(browser)
        total += size
        if total > most_bytes:
            raise TooLargeError(most_bytes)
        yield b"%x\r\n" % size
        left = size
        while left:
            if not browser.waiting:
                await browser.wait()
            piece = browser.take(min(left, _PIECE_BYTES))
            left -= len(piece)
            yield piece
        await _end_of_chunk(browser)
        yield b"\r\n"


async def content_of_body(
    client: Channel, length: int | None, most_bytes: int = MAX_BODY_BYTES
) -> AsyncIterator[bytes]:
    """Yield what a body says, without its framing; refuses what `pieces_of_body` refuses."""
    if length is not None:
        async for piece in pieces_of_body(client, length):
            yield piece
        return
    total = 0
    while size := await _chunk_size(client):
        total += size
        if total > most_bytes:
            raise TooLargeError(most_bytes)
        async for piece in pieces_of_body(client, size):
            yield piece
        await _end_of_chunk(client)
    await _end_of_chunk(client)


async def whole_body(client: Channel, length: int | None, most_bytes: int) -> bytes:
    """Return a body without its framing; raise `BadRequestError` when that is broken, `TooLongError` when the body is
    longer than `most_bytes`, `EOFError` at its end.
    """
    if length is not None:
        if length > most_bytes:
            raise TooLongError
        return await client.exactly(length)
    body = bytearray()
    while size := await _chunk_size(client):
        if len(body) + size > most_bytes:
            raise TooLongError
        body += await client.exactly(size)
        await _end_of_chunk(client)
    await _end_of_chunk(client)
    return bytes(body)


async def _end_of_chunk(client: Channel) -> None:
    if await client.exactly(2) != b"\r\n":
        raise BadRequestError("a chunk of the body does not end where it said")


async def _chunk_size(browser: Channel) -> int:
    try:
        line = (await browser.until(b"\r\n", _SIZE_DIGITS + 2))[:-2]
    except TooLongError:
        line = b""
    if not line or not _HEX.issuperset(line):
        raise BadRequestError("a chunk of the body has no sensible size")
    return int(line, 16)
