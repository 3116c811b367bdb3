"""One request's side of a connection, as whoever answers it sees it: HTTP/1.1 and HTTP/2 differ only behind this."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, Protocol

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.pages import Page, render
from bailiwick.dataplane.router.wire import Headers


class AnswerHead(NamedTuple):
    """How an answer begins; it is `framed` when its length is known or it has no body."""

    status: int
    reason: bytes
    headers: Headers
    framed: bool


class Client(Protocol):
    """Whoever asked, and waits. `on_end`, if set, is called once when they went away."""

    on_end: Callable[[], None] | None

    def carry_on(self) -> None:
        """Say that the body may be sent, where it was not begun (RFC 9110 section 10.1.1)."""

    def body_at_hand(self, length: int) -> bytes | None:
        """Return a body of this length when all of it has come, None when it has not."""

    def body(self, length: int | None, most_bytes: int) -> AsyncIterator[bytes]:
        """Yield a body framed for HTTP/1.1; a `length` of None means chunked.

        Raises `BadRequestError` when its framing is broken, `TooLargeError` when it is more than `most_bytes`, and
        `EOFError` when it ends early.
        """

    def send(self, head: AnswerHead | None, piece: bytes, *, ends: bool) -> None:
        """Send the next of an answer without waiting: its head, if this begins it, and a piece of its body."""

    async def drain(self) -> None:
        """Wait while the client is slower than the app."""

    def upgrade(self) -> Channel:
        """Return the connection itself, which becomes another protocol's."""

    def abort(self) -> None:
        """Break off what is being answered."""


async def refuse(client: Client, page: Page, *, as_json: bool) -> None:
    """Answer with a page of the router's own."""
    headers, body = render(page, as_json=as_json)
    reason = b"See Other" if page.status in {302, 303} else b"Refused"
    client.send(AnswerHead(page.status, reason, headers, framed=True), body, ends=True)
    await client.drain()
