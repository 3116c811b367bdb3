"""Asks name servers for the addresses of hosts (RFC 1035), where an operator names some; answers are kept by their TTL.

Each question goes out from a socket and with a number of its own, and only what repeats it comes in (RFC 5452). What
is truncated is asked again over TCP. Without such name servers, names are resolved as the plane's machine does it.
"""

import asyncio
import contextlib
import secrets
import socket
import struct
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_A, _CNAME, _AAAA, _IN = 1, 5, 28, 1
_RESPONSE, _TRUNCATED, _RECURSE = 0x8000, 0x0200, 0x0100
_NAME_ERROR = 3
_MOST_LINKS = 8
_MOST_POINTERS = 32
_MOST_KEPT_SECONDS = 30.0
_MOST_KEPT = 1000
_SERVER_SECONDS = 1.5
_DNS_PORT = 53

Server = tuple[str, int]


class ResolutionError(OSError):
    """No name server gave an answer that can be relied on."""


class NameServers:
    """Resolves names by asking these servers, one after the other until one answers."""

    def __init__(self, servers: Sequence[str]) -> None:
        """Take servers as `address` or `address:port` (IPv6 in brackets)."""
        self._servers = [_server(text) for text in servers]
        self._kept: dict[str, tuple[float, list[str]]] = {}

    async def __call__(self, host: str) -> list[str]:
        """Return the addresses of a name; raise `ResolutionError` when there is no answer."""
        until, found = self._kept.get(host, (0.0, []))
        if time.monotonic() < until:
            return found
        answers = await asyncio.gather(self._ask(host, _A), self._ask(host, _AAAA))
        found = [address for addresses, _ in answers for address in addresses]
        seconds = min([_MOST_KEPT_SECONDS, *(ttl for addresses, ttl in answers if addresses)])
        if found and seconds > 0:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[host] = (time.monotonic() + seconds, found)
        return found

    async def _ask(self, host: str, kind: int) -> tuple[list[str], float]:
        for server in self._servers:
            with contextlib.suppress(OSError, TimeoutError, EOFError, ValueError, IndexError, struct.error):
                async with asyncio.timeout(_SERVER_SECONDS):
                    return await _asked(server, host, kind)
        raise ResolutionError(f"no name server answers for {host}")


async def _asked(server: Server, host: str, kind: int) -> tuple[list[str], float]:
    question = _question(host, kind)
    number = secrets.randbelow(65536)
    query = _HEADER.pack(number, _RECURSE, 1, 0, 0, 0) + question
    answer = await _by_udp(server, query, question)
    if int.from_bytes(answer[2:4]) & _TRUNCATED:
        answer = await _by_tcp(server, query)
        if not _is_answer(answer, query, question):
            raise ResolutionError("the name server answered something else")
    return _read(answer, host, kind)


async def _by_udp(server: Server, query: bytes, question: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        # Connected, so that the system takes in only what comes from this server.
        asking.connect(server)
        await loop.sock_sendall(asking, query)
        while True:
            answer = await loop.sock_recv(asking, 4096)
            if _is_answer(answer, query, question):
                return answer


async def _by_tcp(server: Server, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(query).to_bytes(2) + query)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    finally:
        writer.close()


def _is_answer(answer: bytes, query: bytes, question: bytes) -> bool:
    """Whether it answers this very question: same number, and the question repeated."""
    return (
        len(answer) >= _HEADER.size + len(question)
        and answer[:2] == query[:2]
        and bool(answer[2] & (_RESPONSE >> 8))
        and answer[4:6] == b"\0\1"
        and answer[_HEADER.size : _HEADER.size + len(question)].lower() == question.lower()
    )


def _question(host: str, kind: int) -> bytes:
    labels = host.rstrip(".").encode("idna").split(b".")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!2H", kind, _IN)


def _read(answer: bytes, host: str, kind: int) -> tuple[list[str], float]:
    """Return the addresses that an answer gives for a name, behind some other names at most, and for how long."""
    _, flags, _, count, _, _ = _HEADER.unpack_from(answer)
    code = flags & 0xF
    if code == _NAME_ERROR:
        return [], 0.0
    if code:
        raise ResolutionError(f"the name server failed with {code}")
    place = _name(answer, _HEADER.size)[1] + 4
    names: dict[bytes, tuple[bytes, int]] = {}
    found: dict[bytes, list[tuple[str, int]]] = {}
    for _ in range(count):
        owner, place = _name(answer, place)
        is_of, family, ttl, length = _RECORD.unpack_from(answer, place)
        place += _RECORD.size
        data = answer[place : place + length]
        if family == _IN and is_of == _CNAME:
            names[owner] = (_name(answer, place)[0], ttl)
        elif family == _IN and is_of == kind:
            address = IPv4Address(data) if kind == _A else IPv6Address(data)
            found.setdefault(owner, []).append((str(address), ttl))
        place += length
    name, ttls = host.rstrip(".").lower().encode(), [float(_MOST_KEPT_SECONDS)]
    for _ in range(_MOST_LINKS):
        if name in found:
            return [address for address, _ in found[name]], min(ttls + [ttl for _, ttl in found[name]])
        if name not in names:
            return [], 0.0
        name, ttl = names[name]
        ttls.append(ttl)
    raise ResolutionError("the name leads from name to name")


def _name(message: bytes, place: int) -> tuple[bytes, int]:
    """Return a name in lower case, and where what follows it begins."""
    labels: list[bytes] = []
    after = -1
    for _ in range(_MOST_POINTERS + 128):
        length = message[place]
        if length == 0:
            return b".".join(labels).lower(), after if after >= 0 else place + 1
        if length >= 0xC0:  # noqa: PLR2004 - a pointer, RFC 1035 section 4.1.4
            after = after if after >= 0 else place + 2
            place = int.from_bytes(message[place : place + 2]) & 0x3FFF
            continue
        labels.append(message[place + 1 : place + 1 + length])
        place += 1 + length
    raise ResolutionError("a name does not end")


def _server(text: str) -> Server:
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return str(IPv6Address(address)), int(port.removeprefix(":") or _DNS_PORT)
    if text.count(":") > 1:
        return str(IPv6Address(text)), _DNS_PORT
    address, _, port = text.partition(":")
    return str(IPv4Address(address)), int(port or _DNS_PORT)
