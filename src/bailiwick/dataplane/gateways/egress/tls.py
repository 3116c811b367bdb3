"""TLS to a declared host: the server name in the ClientHello is looked at and left where it is, then bytes pass."""

import asyncio
import socket

from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError, shown
from bailiwick.dataplane.gateways.egress.intercept import pass_opened
from bailiwick.dataplane.gateways.egress.relay import Relay
from bailiwick.dataplane.hello import MAX_HELLO_BYTES, HelloError, needed, server_name

_HELLO_SECONDS = 10.0
TLS_FOR_THE_HOST = ("tls-for-the-declared-host",)


async def pass_tls(connection: Connection) -> None:
    """Pass TLS on, both ways, until it ends; raise `RefusedError` when it is for another host, or none."""
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            named = server_name(await peeked_hello(connection.near))
    except HelloError as fault:
        raise RefusedError(str(fault), TLS_FOR_THE_HOST) from None
    except TimeoutError:
        raise RefusedError("the connection does not begin with TLS", TLS_FOR_THE_HOST) from None
    require_name(named, connection.target.host)
    rule = connection.rails.opens(named)
    if rule is not None:
        await pass_opened(connection, rule)
        return
    far = await connection.dial()
    relay = Relay(connection.near, far, connection.pipes, connection.paced_out, connection.paced)
    try:
        await relay.run(connection.rails.idle_seconds, connection.rails.total_seconds)
    finally:
        connection.sent, connection.received, connection.because = relay.sent, relay.received, relay.because


def require_name(named: str, host: str) -> None:
    """Return when TLS is for the declared host; raise `RefusedError` that says for which it is."""
    if named != host:
        raise RefusedError(f"the TLS connection is for {shown(named)}", TLS_FOR_THE_HOST)


async def peeked_hello(near: socket.socket) -> bytes:
    """Return the first TLS record without taking it: whoever comes next reads it again. Raise `HelloError`."""
    try:
        found = near.recv(MAX_HELLO_BYTES, socket.MSG_PEEK)
    except BlockingIOError:
        found = b""
    while len(found) < (wanted := needed(found)):
        # We are woken when as much is there, or nothing more can come: half a hello does not keep us busy.
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)
        await _readable(near)
        found = near.recv(wanted, socket.MSG_PEEK)
        if len(found) < wanted:
            needed(found)
            raise HelloError("the ClientHello is cut short")
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return found[:wanted]


async def _readable(near: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    woken: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    loop.add_reader(near.fileno(), wake)
    try:
        await woken
    finally:
        loop.remove_reader(near.fileno())
