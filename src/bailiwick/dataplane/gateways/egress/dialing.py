"""Opens a connection to a declared host: resolves the name anew each time, checks every address, tries them in turn."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

from bailiwick.dataplane.gateways.egress.addresses import AddressPolicy
from bailiwick.dataplane.gateways.egress.resolving import NameServers

_RESOLVE_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_MOST_TRIED = 4
REACHABLE_ADDRESSES = ("reachable-addresses",)

Resolve = Callable[[str], Awaitable[list[str]]]


class UnreachableError(Exception):
    """There is no connection to the host; `deciders` are the checks that refused it, none when it did not answer."""

    def __init__(self, words: str, deciders: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.deciders = deciders


class Dialer:
    """Opens connections to hosts by name. What is connected to is an address that was checked a moment before, so that
    a name which changes its mind in between (DNS rebinding) changes nothing.
    """

    def __init__(self, addresses: AddressPolicy, resolve: Resolve | None = None) -> None:
        self._addresses = addresses
        self._resolve = resolve or system_resolver

    async def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection; raise `UnreachableError` that says why there is none.

        One address among several that may not be reached makes none of them good.
        """
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await self._resolve(host)
        except (OSError, UnicodeError, TimeoutError):
            raise UnreachableError("the name cannot be resolved") from None
        if not found or not all(self._addresses.permits(address) for address in found):
            raise UnreachableError("the name leads to no address that may be reached", REACHABLE_ADDRESSES)
        tried = list(dict.fromkeys(found))[:_MOST_TRIED]
        for address in tried:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS / len(tried)):
                    return await _connected(address, port)
        raise UnreachableError("the host does not answer")


def dialer_of(allowed: Iterable[str], name_servers: Sequence[str] = ()) -> Dialer:
    """Return what opens connections, also into the networks that an operator allows, by the operator's name servers."""
    return Dialer(AddressPolicy(allowed), NameServers(name_servers) if name_servers else None)


async def system_resolver(host: str) -> list[str]:
    """Return the addresses of a name, as this machine resolves names; raise `OSError` when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:
        opened.close()
        raise
    return opened
