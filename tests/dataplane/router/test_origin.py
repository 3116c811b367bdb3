"""Where a client is: what a trusted proxy says, and nobody else; and what policies make of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.front import Front
from bailiwick.dataplane.router.origin import Proxies, proxy_line, read_proxy_line
from bailiwick.dataplane.router.wire import BadRequestError


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_what_the_front_says_is_what_the_router_reads(address: str) -> None:
    assert read_proxy_line(proxy_line((address, 4711), ("10.0.0.1", 443))) == address


def test_a_proxy_that_connects_for_itself_names_nobody() -> None:
    assert read_proxy_line(b"PROXY UNKNOWN\r\n") == ""


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1\r\n", b"PROXY\r\n", b"PROXY TCP4 here there 1 2\r\n", b"PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n"],
)
def test_any_other_line_is_refused(line: bytes) -> None:
    with pytest.raises(BadRequestError):
        read_proxy_line(line)


class Told:
    """A plane's port that notes from where each connection comes, and what came first."""

    def __init__(self, proxies: Proxies) -> None:
        self.found: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._proxies = proxies
        self._tasks: set[asyncio.Task[None]] = set()

    def opened(self, channel: Channel) -> None:
        task = asyncio.create_task(self._look(channel))
        self._tasks.add(task)

    async def _look(self, channel: Channel) -> None:
        try:
            address = await self._proxies.client_of(channel)
        except BadRequestError:
            address = "refused"
        await self.found.put((address, await channel.receive() if address != "refused" else b""))
        channel.close()


async def told_of(proxies: Proxies, sent: bytes) -> tuple[str, bytes]:
    told = Told(proxies)
    server = await asyncio.get_running_loop().create_server(lambda: Channel(told.opened), "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(sent)
    found = await asyncio.wait_for(told.found.get(), 10)
    writer.close()
    server.close()
    return found


HEAD = b"GET / HTTP/1.1\r\nhost: desk.apps.localhost\r\n\r\n"
LINE = proxy_line(("192.0.2.7", 1), ("10.0.0.1", 2))


@pytest.mark.req("ID1")
async def test_only_a_trusted_proxy_says_who_is_behind_it_and_it_must() -> None:
    trusted = Proxies(["127.0.0.0/8"])
    assert await told_of(trusted, LINE + HEAD) == ("192.0.2.7", HEAD)
    assert await told_of(trusted, HEAD) == ("refused", b"")
    assert await told_of(Proxies(), HEAD) == ("127.0.0.1", HEAD)
    # From anybody else the line is a request that no router understands.
    assert await told_of(Proxies(["10.0.0.0/8"]), LINE + HEAD) == ("127.0.0.1", LINE + HEAD)


@pytest.fixture
async def announced() -> AsyncIterator[Told]:
    told = Told(Proxies(["127.0.0.1/32"]))
    server = await asyncio.get_running_loop().create_server(lambda: Channel(told.opened), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    front = Front({"apps.localhost": f"127.0.0.1:{port}"}, announce=True)
    door = await asyncio.start_server(front.handle, "127.0.0.2", 0)
    _, writer = await asyncio.open_connection(*door.sockets[0].getsockname(), local_addr=("127.0.0.3", 0))
    writer.write(HEAD)
    yield told
    writer.close()
    door.close()
    server.close()


async def test_the_front_announces_its_browsers(announced: Told) -> None:
    assert await asyncio.wait_for(announced.found.get(), 10) == ("127.0.0.3", HEAD)
