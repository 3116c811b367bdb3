"""HTTP/1.1 connections: request after request, each answered before the next is read (RFC 9112)."""

from collections.abc import AsyncIterator, Callable

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.router.answering import Answering, wants_json
from bailiwick.dataplane.router.bodies import pieces_of_body
from bailiwick.dataplane.router.client import AnswerHead, refuse
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, parse_request, render_head

_HEAD_SECONDS = 30.0


class Http1Client:
    """One request of a connection; see `Client`. The connection closes after the answer unless it is kept."""

    def __init__(self, channel: Channel, *, keep_alive: bool = False) -> None:
        self._channel = channel
        self._keep_alive = keep_alive
        self._framed = True

    @property
    def on_end(self) -> Callable[[], None] | None:
        """What is called when the client went away. To close only one half, no browser does."""
        return self._channel.on_end

    @on_end.setter
    def on_end(self, told: Callable[[], None] | None) -> None:
        self._channel.on_end = told

    def carry_on(self) -> None:
        """Say that the body may be sent, where it was not begun."""
        if not self._channel.waiting:
            self._channel.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def body_at_hand(self, length: int) -> bytes | None:
        """Return a body of this length when all of it has come."""
        return self._channel.take(length) if self._channel.waiting >= length else None

    def body(self, length: int | None, most_bytes: int) -> AsyncIterator[bytes]:
        """Yield a body in the framing in which it comes."""
        return pieces_of_body(self._channel, length, most_bytes)

    def send(self, head: AnswerHead | None, piece: bytes, *, ends: bool) -> None:
        """Send the next of an answer: by its length where that is known, else chunk by chunk."""
        out = b""
        if head is not None:
            self._framed = head.framed
            out = self._rendered(head)
        if self._framed:
            out += piece
        else:
            out += b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
            out += b"0\r\n\r\n" if ends else b""
        if out:
            self._channel.write(out)

    async def drain(self) -> None:
        """Wait while the client is slower than the app."""
        await self._channel.drain()

    def upgrade(self) -> Channel:
        """Return the connection itself."""
        return self._channel

    def abort(self) -> None:
        """Break off the connection."""
        self._channel.abort()

    def _rendered(self, head: AnswerHead) -> bytes:
        chunked = [] if head.framed else [(b"transfer-encoding", b"chunked")]
        kept = (b"connection", b"keep-alive" if self._keep_alive else b"close")
        return render_head(b"HTTP/1.1 %d %b" % (head.status, head.reason), [*head.headers, *chunked, kept])


async def serve_http1(channel: Channel, watch: Watch, address: str, answering: Answering) -> None:
    """Serve requests until one side ends the connection; raise `ConnectionError` or `EOFError` when the client does."""
    while await _serve_request(channel, watch, address, answering):
        pass
    await linger(channel)


async def _serve_request(channel: Channel, watch: Watch, address: str, answering: Answering) -> bool:
    """Serve one request; return whether another may follow on this connection."""
    watch.expect(channel, _HEAD_SECONDS)
    try:
        head = parse_request(await channel.until(b"\r\n\r\n", MAX_HEAD_BYTES))
    except TooLongError:
        return await _refuse(channel, Page(431, "The head of the request is too large."), as_json=False)
    except BadRequestError as fault:
        return await _refuse(channel, Page(fault.status, f"{fault}.".capitalize()), as_json=False)
    finally:
        watch.rest()
    client = Http1Client(channel, keep_alive=head.keep_alive)
    answer = await answering.answer(client, watch, head, address)
    return await _refuse(channel, answer, as_json=wants_json(head)) if isinstance(answer, Page) else answer


async def _refuse(channel: Channel, page: Page, *, as_json: bool) -> bool:
    # The request's body was not read, so nothing may follow on this connection.
    await refuse(Http1Client(channel), page, as_json=as_json)
    return False
