"""What the app is told over HTTP: one message as JSON, or several as a stream of events."""

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import chunk
from bailiwick.dataplane.gateways.mcp.asking import SESSION
from bailiwick.dataplane.gateways.mcp.events import event
from bailiwick.dataplane.gateways.mcp.messages import Said
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import Headers, render_head

_WRITE_SECONDS = 60.0
_OK, _ACCEPTED = 200, 202


class Teller:
    """The answer to one call. `keep_alive` says whether the app may ask on, `session` which one just began."""

    def __init__(self, client: Channel, watch: Watch) -> None:
        self.keep_alive = False
        self.session = ""
        self.begun = False
        self._client, self._watch = client, watch

    async def one(self, said: Said, status: int = _OK) -> None:
        """Tell one message and end; in a stream that has begun it is the last one."""
        if self.begun:
            await self._write(chunk(event(said.encoded), last=True))
            return
        body = said.encoded
        length = b"%d" % len(body)
        await self._write(
            self._head(status, [(b"content-type", b"application/json"), (b"content-length", length)]) + body
        )

    async def message(self, said: Said, *, last: bool, stream: bool) -> None:
        """Tell one of several messages, in a stream where the server's answer is one."""
        if not stream and not self.begun:
            if last:
                await self.one(said)
            return
        head = b""
        if not self.begun:
            self.begun = True
            head = self._head(_OK, [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"),
                                    (b"transfer-encoding", b"chunked")])  # fmt: skip
        await self._write(head + chunk(event(said.encoded), last=last))

    async def accepted(self, status: int = _ACCEPTED) -> None:
        """Tell that a message was taken to which nothing is answered."""
        length: Headers = [(b"content-length", b"0")] if status == _ACCEPTED else []
        await self._write(self._head(status, length))

    def _head(self, status: int, headers: Headers) -> bytes:
        own: Headers = [(SESSION, self.session.encode())] if self.session else []
        own.append((b"connection", b"keep-alive" if self.keep_alive else b"close"))
        return render_head(b"HTTP/1.1 %d Answered" % status, [*headers, *own])

    async def _write(self, out: bytes) -> None:
        self._client.write(out)
        self._watch.expect(self._client, _WRITE_SECONDS)
        await self._client.drain()
        self._watch.rest()
