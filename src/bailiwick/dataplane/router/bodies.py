"""A request's body on its way to the app: passed on as it comes, by its length or chunk by chunk, checked."""

from collections.abc import AsyncIterator

from bailiwick.dataplane.channel import Channel, TooLongError
from bailiwick.dataplane.router.wire import MAX_BODY_BYTES, BadRequestError

_PIECE_BYTES = 64 * 1024
_SIZE_DIGITS = 8
_HEX = frozenset(b"0123456789abcdefABCDEF")


async def pieces_of_body(browser: Channel, length: int | None) -> AsyncIterator[bytes]:
    """Yield a body in the framing in which it came; raise `BadRequestError` when that is broken, `EOFError` at its end.

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
        if total > MAX_BODY_BYTES:
            raise BadRequestError(f"the body is larger than {MAX_BODY_BYTES // 2**20} MiB")
        yield b"%x\r\n" % size
        left = size
        while left:
            if not browser.waiting:
                await browser.wait()
            piece = browser.take(min(left, _PIECE_BYTES))
            left -= len(piece)
            yield piece
        if await browser.exactly(2) != b"\r\n":
            raise BadRequestError("a chunk of the body does not end where it said")
        yield b"\r\n"


async def _chunk_size(browser: Channel) -> int:
    try:
        line = (await browser.until(b"\r\n", _SIZE_DIGITS + 2))[:-2]
    except TooLongError:
        line = b""
    if not line or not _HEX.issuperset(line):
        raise BadRequestError("a chunk of the body has no sensible size")
    return int(line, 16)
