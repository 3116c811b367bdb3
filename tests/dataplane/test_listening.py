"""Connections of one app to all that it declared are bounded together."""

import asyncio
import socket

import pytest

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.listening import Listener, Room


@pytest.mark.req("RT6")
async def test_listeners_that_share_a_room_cut_what_comes_beyond_it() -> None:
    room, listeners, ports = Room(2), [], []

    async def answer(channel: Channel) -> None:
        channel.write(await channel.receive())
        await channel.receive()

    for _ in range(2):
        listener = Listener(answer)
        listener.room = room
        opened = socket.create_server(("127.0.0.1", 0))
        opened.setblocking(False)
        ports.append(opened.getsockname()[1])
        await listener.start(opened)
        listeners.append(listener)

    async def ask(port: int) -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        try:
            return await asyncio.wait_for(reader.read(1), 10), writer
        except ConnectionError:
            return b"", writer

    first, second, third = [await ask(port) for port in (*ports, ports[0])]
    assert [item[0] for item in (first, second, third)] == [b"x", b"x", b""]
    assert (room.take_refused(), room.take_refused()) == (1, 0)
    first[1].close()
    for _ in range(1000):  # a place is given back once the listener has seen the end
        if (await ask(ports[1]))[0] == b"x":
            break
    else:
        pytest.fail("nobody was let in after somebody had left")
    for listener in listeners:
        listener.close()
