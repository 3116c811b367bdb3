"""Requests to a declared host: each is read strictly, held against what was declared, and written anew."""

import contextlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError, shown
from bailiwick.dataplane.gateways.egress.deadline import Deadline
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
# version-trace-parent-flags (W3C Trace Context section 3.2).
_TRACE_PARTS = 4


async def next_head(near: Channel, deadline: Deadline) -> RequestHead | None:
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


def require_for(head: RequestHead, connection: Connection, usual_port: int) -> None:
    """Return when a request is for the declared host and stays a request; raise `RefusedError`."""
    target = connection.target
    said = head.get(b"host").lower()
    if said != target.address and not (said == target.host and target.port == usual_port):
        raise RefusedError(f"the request is for {shown(said)}", FOR_THE_HOST)
    if b"upgrade" in head.first:
        kind = shown(head.get(b"upgrade"))
        raise RefusedError(f"the request would make the connection another protocol ({kind})", PLAIN_REQUESTS)


def count(head: RequestHead, connection: Connection) -> bool:
    """Count a request, also for the person that it is made for; return whether it carries one of our traces, which is
    worth something here and is nobody else's to know.
    """
    connection.requests += 1
    parts = head.get(b"traceparent").split("-")
    person = connection.whose(parts[1]) if len(parts) == _TRACE_PARTS else ""
    if person:
        connection.people[person] += 1
        connection.asked.begin(parts[1], person, head.method)
    return bool(person)


def rendered(head: RequestHead, without: AbstractSet[bytes]) -> bytes:
    """Return a head as the host gets it: without the named headers, and what is between the app and us only."""
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


async def refuse(near: Channel, words: str, deciders: tuple[str, ...]) -> None:
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
