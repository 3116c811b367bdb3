"""Plain HTTP/1.1 to a declared host: every request is read strictly, held against what was declared, and written anew.

What the host gets is what was understood here, so that nothing is smuggled past by being read in two ways. Answers pass
as they are: one connection is of one app to one host, and nobody else's requests share it.
"""

import asyncio
import contextlib
from collections.abc import Callable

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError
from bailiwick.dataplane.gateways.egress.deadline import Deadline
from bailiwick.dataplane.gateways.egress.reading import (
    PLAIN_REQUESTS,
    count,
    next_head,
    refuse,
    rendered,
    require_for,
)
from bailiwick.dataplane.router.bodies import pieces_of_body
from bailiwick.dataplane.router.wire import BadRequestError, RequestHead

_HTTP_PORT = 80


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
        while head := await next_head(near, deadline):
            require_for(head, connection, usual_port)
            require_allowed(head)
            own_trace = count(head, connection)
            if far is None:
                far = await connection.far_channel()
            if back is None:
                back = asyncio.create_task(_answers(far, near, connection, deadline))
            await connection.passed_out(rendered(head, without={b"traceparent"} if own_trace else set()), far)
            async for piece in pieces_of_body(near, head.length):
                deadline.touch()
                await connection.passed_out(piece, far)
        # TLS is not half closed: who has ended it does not wait for an answer.
        if far is not None and back is not None and far.transport.can_write_eof():
            far.end()
            await back
    except BadRequestError as fault:
        await refuse(near, str(fault), PLAIN_REQUESTS)
    except RefusedError as fault:
        await refuse(near, str(fault), fault.deciders)
    finally:
        deadline.stop()
        if back is not None:
            back.cancel()


async def _answers(far: Channel, near: Channel, connection: Connection, deadline: Deadline) -> None:
    """Pass answers on as they come; when the host has ended, so does the app's connection, whatever it still sends."""
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            data = await far.receive()
            deadline.touch()
            connection.asked.answer(data)
            await connection.passed_back(data, near)
    near.close()
