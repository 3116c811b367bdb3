"""Plain HTTP/1.1 to a declared host: every request is read strictly, held against what was declared, and written anew.

What the host gets is what was understood here, so that nothing is smuggled past by being read in two ways. Answers pass
as they are: one connection is of one app to one host, and nobody else's requests share it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError, shown
from bailiwick.dataplane.gateways.egress.deadline import Deadline
from bailiwick.dataplane.router.bodies import pieces_of_body
from bailiwick.dataplane.router.wire import (
    HOP_BY_HOP,
    MAX_HEAD_BYTES,
    BadRequestError,
    RequestHead,
    parse_request,
    render_head,
)

PLAIN_REQUESTS = ("requests-that-mean-one-thing",)
FOR_THE_HOST = ("requests-for-the-declared-host",)
_HTTP_PORT = 80
# version-trace-parent-flags (W3C Trace Context section 3.2).
_TRACE_PARTS = 4


async def pass_http(connection: Connection) -> None:
    """Pass requests on until either side ends; raise `RefusedError` for one that may not pass, which ends it too."""
    near = await connection.near_channel()
    await pass_requests(connection, near, None, _HTTP_PORT)


async def pass_requests(
    connection: Connection,
    near: Channel,
    far: Channel | None,
    usual_port: int,
    require_allowed: Callable[[RequestHead], None] = lambda _: None,
) -> None:
    """Pass requests from one channel to another; without a `far` one, the host is connected to for the first.

    `require_allowed` raises `RefusedError` for requests that may not pass though they are for the host.
    """
    deadline = Deadline(connection.rails.idle_seconds, connection.rails.total_seconds, connection.cut)
    back: asyncio.Task[None] | None = None
    try:
        while head := await _next_head(near, deadline):
            _require_for(head, connection, usual_port)
            require_allowed(head)
            own_trace = _count(head, connection)
            if far is None:
                far = await connection.far_channel()
            if back is None:
                back = asyncio.create_task(_answers(far, near, connection, deadline))
            await connection.passed_out(_rendered(head, without={b"traceparent"} if own_trace else set()), far)
            async for piece in pieces_of_body(near, head.length):
                deadline.touch()
                await connection.passed_out(piece, far)
        # TLS is not half closed: who has ended it does not wait for an answer.
        if far is not None and back is not None and far.transport.can_write_eof():
            far.end()
            await back
    except BadRequestError as fault:
        await _refuse(near, str(fault), PLAIN_REQUESTS)
    except RefusedError as fault:
        await _refuse(near, str(fault), fault.deciders)
    finally:
        deadline.stop()
        if back is not None:
            back.cancel()


async def _next_head(near: Channel, deadline: Deadline) -> RequestHead | None:
    """Return the next request's head, None when there is none any more."""
    try:
        if not near.waiting:
            await near.wait()
        data = await near.until(b"\r\n\r\n", MAX_HEAD_BYTES)
    except TooLongError:
        raise BadRequestError("the head of the request is too large") from None
    except EOFError:
        return None
    deadline.touch()
    if b" HTTP/1.1\r\n" not in data[: data.index(b"\r\n") + 2]:
        raise BadRequestError("the request line is not HTTP/1.1")
    return parse_request(data)


def _require_for(head: RequestHead, connection: Connection, usual_port: int) -> None:
    """Return when a request is for the declared host and stays a request; raise `RefusedError`."""
    target = connection.target
    said = head.get(b"host").lower()
    if said != target.address and not (said == target.host and target.port == usual_port):
        raise RefusedError(f"the request is for {shown(said)}", FOR_THE_HOST)
    if b"upgrade" in head.first:
        kind = shown(head.get(b"upgrade"))
        raise RefusedError(f"the request would make the connection another protocol ({kind})", PLAIN_REQUESTS)


def _count(head: RequestHead, connection: Connection) -> bool:
    """Count a request, also for the person that it is made for; return whether it carries one of our traces, which is
    worth something here and is nobody else's to know.
    """
    connection.requests += 1
    parts = head.get(b"traceparent").split("-")
    person = connection.whose(parts[1]) if len(parts) == _TRACE_PARTS else ""
    if person:
        connection.people[person] += 1
    return bool(person)


def _rendered(head: RequestHead, without: AbstractSet[bytes]) -> bytes:
    return render_head(f"{head.method} {head.target} HTTP/1.1".encode(), _headers(head, without))


def _headers(head: RequestHead, without: AbstractSet[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what the host is told: without what is between the app and us, and with how the body is framed."""
    values = (value for name, value in head.headers if name == b"connection")
    named = {item.strip().lower() for value in values for item in value.split(b",")}
    # A body's length must not be talked away.
    dropped = HOP_BY_HOP | without | (named - {b"host", b"content-length"})
    yield from (header for header in head.headers if header[0] not in dropped)
    if head.length is None:
        yield b"transfer-encoding", b"chunked"
    if not head.keep_alive:
        yield b"connection", b"close"


async def _answers(far: Channel, near: Channel, connection: Connection, deadline: Deadline) -> None:
    """Pass answers on as they come; when the host has ended, so does the app's connection, whatever it still sends."""
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            data = await far.receive()
            deadline.touch()
            await connection.passed_back(data, near)
    near.close()


async def _refuse(near: Channel, words: str, deciders: tuple[str, ...]) -> None:
    """Say in an answer why a request does not pass, and raise it."""
    body = f"Bailiwick did not let this request through: {words}.\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    with contextlib.suppress(ConnectionError, EOFError):
        near.write(render_head(b"HTTP/1.1 403 Forbidden", headers) + body)
        await near.drain()
        await linger(near)
    raise RefusedError(words, deciders)
