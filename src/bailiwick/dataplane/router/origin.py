"""Where a connection comes from: its other side, or whoever a proxy that is trusted says is behind it.

A proxy says so with one line ahead of everything else, the PROXY protocol, version 1
(https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.1). It is demanded of trusted proxies and taken
from nobody else: a receiver that guesses can be lied to.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.wire import BadRequestError

_LONGEST_LINE = 107
_FIELDS = 6
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The networks of proxies that may say for whom they connect."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Take networks such as `127.0.0.1/32`; raise `ValueError` for what is none."""
        self._networks: list[Network] = [ipaddress.ip_network(network) for network in networks]

    async def client_of(self, channel: Channel) -> str:
        """Return the address of a connection's client; raise `BadRequestError` when a trusted proxy does not say it."""
        if not self._trusts(channel.address):
            return channel.address
        return read_proxy_line(await channel.until(b"\r\n", _LONGEST_LINE)) or channel.address

    async def client_of_socket(self, near: socket.socket) -> str:
        """Return the same of a connection on which nothing was read yet; what follows the line is left where it is."""
        address = str(near.getpeername()[0])
        if not self._trusts(address):
            return address
        loop, line = asyncio.get_running_loop(), b""
        while not line.endswith(b"\r\n"):
            # TLS begins right behind it, and is read by somebody else.
            piece = await loop.sock_recv(near, 1)
            if not piece or len(line) >= _LONGEST_LINE:
                raise BadRequestError("the proxy does not say for whom it connects")
            line += piece
        return read_proxy_line(line) or address

    def _trusts(self, address: str) -> bool:
        if not self._networks or not address:
            return False
        peer = ipaddress.ip_address(address.partition("%")[0])
        return any(peer in network for network in self._networks)


def proxy_line(client: tuple[str, int], server: tuple[str, int]) -> bytes:
    """Return the line that says from where and to where a client connected."""
    kind = "TCP6" if ":" in client[0] else "TCP4"
    return f"PROXY {kind} {client[0]} {server[0]} {client[1]} {server[1]}\r\n".encode()


def read_proxy_line(line: bytes) -> str:
    """Return the client's address, empty when the proxy connects for itself.

    Raises `BadRequestError` for any other line.
    """
    fields = line.decode("latin-1").removesuffix("\r\n").split(" ")
    if fields[:2] == ["PROXY", "UNKNOWN"]:
        return ""
    try:
        if len(fields) != _FIELDS or fields[0] != "PROXY" or fields[1] not in {"TCP4", "TCP6"}:
            raise ValueError
        return str(ipaddress.ip_address(fields[2]))
    except ValueError:
        raise BadRequestError("the proxy does not say for whom it connects") from None
