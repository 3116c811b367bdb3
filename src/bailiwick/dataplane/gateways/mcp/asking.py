"""One message to a server, and what it answers: one message, or a stream of them, each as soon as it is whole."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence

from bailiwick.core.messages import HttpConnection
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import more_of
from bailiwick.dataplane.gateways.mcp.events import MOST_EVENT_BYTES, EventReader, EventTooLargeError
from bailiwick.dataplane.gateways.mcp.messages import NoMessageError, Said, read_said
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.showing import Outgoing, Shown
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.gateways.withholding import Withheld
from bailiwick.dataplane.router.upstream import ResponseReader
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import Headers, render_head

SESSION = b"mcp-session-id"
# As the specification has them ("Session Management"), and no longer than anybody needs.
_VISIBLE = re.compile(rb"[!-~]{1,300}")
_BAD_ANSWER = 502


class Asking:
    """One call of a server; `status` and `session` are there once its head is read. It is over with its answer."""

    def __init__(self, connection: HttpConnection, watch: Watch, shown: Shown | None) -> None:
        self.bytes_in = 0
        self._connection, self._watch, self._shown = connection, watch, shown
        self._withheld = [Withheld(secret) for secret in (shown.secrets if shown is not None else ())]
        self._reader = ResponseReader("POST")
        self._upstream: Channel | None = None
        self._over = watch.now() + connection.answer_seconds

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self._reader.status

    @property
    def session(self) -> str:
        """What the server calls the session that it began, empty where it began none."""
        found = self._header(SESSION)
        return found.decode() if _VISIBLE.fullmatch(found) else ""

    @property
    def is_stream(self) -> bool:
        """Whether several messages may come."""
        return self._header(b"content-type").lower().startswith(b"text/event-stream")

    @property
    def is_json(self) -> bool:
        """Whether one message comes."""
        return self._header(b"content-type").lower().startswith(b"application/json")

    async def send(
        self,
        connect: Callable[[Address], Awaitable[Channel]],
        method: str,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        taken: Callable[[Channel], None],
    ) -> None:
        """Send a call and read the head of its answer; `taken` hears of the connection as soon as it is there.

        Raises `OSError`, `EOFError`, `TimeoutError` or httptools' parser error.
        """
        address = Address.to(self._connection)
        target = address.path or "/"
        own: Headers = [
            (b"host", address.authority),
            (b"accept", b"application/json, text/event-stream"),
            (b"accept-encoding", b"identity"),
            (b"user-agent", b"bailiwick"),
            (b"content-length", b"%d" % len(body)),
            *([(b"content-type", b"application/json")] if body else []),
            *headers,
        ]
        if self._shown is not None:
            target = self._shown.target(target)
            own += self._shown.headers(Outgoing(method, target, tuple(own), body))
        upstream = self._upstream = await connect(address)
        taken(upstream)
        upstream.write(render_head(f"{method} {target} HTTP/1.1".encode(), own) + body)
        await upstream.drain()
        while not self._reader.head_done:
            await self._more()

    async def said(self) -> AsyncGenerator[Said, None]:
        """Yield the messages of the answer.

        Raises `CallRefusedError` for what is none, or too large, `EOFError` for an answer that breaks off.
        """
        if self._header(b"content-encoding") not in {b"", b"identity"}:
            raise CallRefusedError(_BAD_ANSWER, "the server compresses its answer although it was not asked to")
        events = EventReader() if self.is_stream else None
        kept: list[bytes] = []
        try:
            async for piece in self._body():
                if events is None:
                    kept.append(piece)
                    if self.bytes_in > MOST_EVENT_BYTES:
                        raise EventTooLargeError
                    continue
                for data in events.feed(piece):
                    yield read_said(data)
            whole = b"".join(kept)
            if whole:
                yield read_said(whole)
        except NoMessageError as fault:
            raise CallRefusedError(_BAD_ANSWER, f"the server's answer is no message: {fault}") from None
        except EventTooLargeError:
            size = MOST_EVENT_BYTES // 2**20
            raise CallRefusedError(_BAD_ANSWER, f"a message of the server is larger than {size} MiB") from None

    def end(self) -> None:
        """Close the connection, whatever still comes."""
        if self._upstream is not None:
            self._upstream.abort()

    async def _body(self) -> AsyncIterator[bytes]:
        reader = self._reader
        while True:
            yield self._passed(reader.take_body(), last=reader.done)
            if reader.done:
                return
            try:
                await self._more()
            except EOFError:
                if reader.chunked or reader.has_length:
                    raise
                # An answer without a length ends with its connection (RFC 9112 section 6.3).
                yield self._passed(b"", last=True)
                return

    def _passed(self, data: bytes, *, last: bool) -> bytes:
        self.bytes_in += len(data)
        if self.bytes_in > self._connection.most_answer_bytes:
            size = self._connection.most_answer_bytes // 1024
            raise CallRefusedError(_BAD_ANSWER, f"the server's answer is larger than {size} KiB")
        for withheld in self._withheld:
            data = withheld.feed(data) + (withheld.rest() if last else b"")
        return data

    async def _more(self) -> None:
        assert self._upstream is not None  # noqa: S101 - it was sent to
        left = self._over - self._watch.now()
        self._watch.expect(self._upstream, max(0.0, min(self._connection.timeout_seconds, left)))
        data = await more_of(self._upstream)
        if not data:
            raise EOFError
        self._reader.feed(data)

    def _header(self, name: bytes) -> bytes:
        return next((value for known, value in self._reader.headers if known.lower() == name), b"")
