"""Calls over HTTP as gateways take and pass them on: call after call on a connection, each ended from either side."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.listening import Listener
from bailiwick.dataplane.router.bodies import whole_body
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, RequestHead, parse_request

_HEAD_SECONDS = 120.0
_BODY_SECONDS = 60.0


class CallListener(Listener, ABC):
    """Serves every connection to one socket, call after call."""

    def __init__(self) -> None:
        super().__init__(self._calls)

    @abstractmethod
    async def serve(self, client: Channel, watch: Watch, head: RequestHead) -> bool:
        """Serve one call; return whether another may follow on this connection."""

    @abstractmethod
    async def refuse(self, client: Channel, fault: CallRefusedError) -> None:
        """Answer what is no request at all."""

    async def _calls(self, client: Channel) -> None:
        watch = Watch()
        try:
            while await self._next(client, watch):
                pass
            await linger(client)
        finally:
            watch.stop()

    async def _next(self, client: Channel, watch: Watch) -> bool:
        watch.expect(client, _HEAD_SECONDS)
        try:
            head = parse_request(await client.until(b"\r\n\r\n", MAX_HEAD_BYTES))
        except (TooLongError, BadRequestError) as fault:
            # The request's body was not read, so nothing may follow on this connection.
            await self.refuse(client, CallRefusedError(400, str(fault) or "the head of the request is too large"))
            return False
        finally:
            watch.rest()
        return await self.serve(client, watch, head)


class UnderWay:
    """One call under way: it ends when its caller goes, and when whoever it is of loses their access."""

    def __init__(self, client: Channel, watch: Watch, head: RequestHead) -> None:
        self._client = client
        self._watch = watch
        self._head = head
        self._upstream: Channel | None = None
        self._body_read = False
        self._gone = False
        self._ended = False

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._gone or self._ended

    def end(self) -> None:
        """End the call now: whoever it is of has lost their access, or what it is of was stopped."""
        self._ended = True
        self._abort_upstream()
        self._client.abort()

    def _client_ended(self) -> None:
        """End the call at the server: nobody waits for the answer, and it may cost."""
        self._gone = True
        self._abort_upstream()

    def _abort_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream.abort()

    async def _body(self, most_bytes: int) -> bytes:
        """Return the whole body; raise `CallRefusedError` for one that is too large or broken."""
        head, client = self._head, self._client
        self._say_continue()
        self._watch.expect(client, _BODY_SECONDS)
        try:
            body = await whole_body(client, head.length, most_bytes)
        except TooLongError:
            raise CallRefusedError(413, f"the body is larger than {most_bytes // 2**20} MiB") from None
        except BadRequestError as fault:
            raise CallRefusedError(400, str(fault)) from None
        finally:
            self._watch.rest()
        self._body_read = True
        return body

    def _say_continue(self) -> None:
        """Ask for the body where the client waits to be asked (RFC 9110 section 10.1.1)."""
        if self._head.get(b"expect").lower() == "100-continue" and not self._client.waiting:
            self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _ask(self, upstream: Channel, out: bytes, sending: Callable[[Channel], None]) -> bytes:
        """Send the call; return the beginning of the answer, empty when the server closed instead."""
        self._upstream = upstream
        if self.is_over:
            upstream.abort()
            raise EOFError
        sending(upstream)
        with suppress(EOFError, ConnectionError):
            upstream.write(out)
            await upstream.drain()
            return await upstream.receive()
        upstream.abort()
        return b""


async def more_of(upstream: Channel) -> bytes:
    """Return what comes next of an answer, empty at its end."""
    try:
        return await upstream.receive()
    except EOFError:
        return b""


def chunk(data: bytes, *, last: bool = False) -> bytes:
    """Return a piece of a body of chunks (RFC 9112 section 7.1), with the end of all behind the last one."""
    framed = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
    return framed + b"0\r\n\r\n" if last else framed
