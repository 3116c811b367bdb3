"""Signing in to MySQL and MariaDB: TLS first, then the password, which never goes over an open line.

Source: MySQL Source Code Documentation, "Connection Phase"; MariaDB, "Connecting".
"""

import asyncio
import hashlib
import ssl
import struct
from dataclasses import dataclass, field

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.sql.engines.mysql.packets import OK, Packets, terminated
from bailiwick.dataplane.gateways.sql.messages import ProtocolError

# Rows found rather than changed (as PostgreSQL counts), no LOCAL INFILE, no multiple statements.
_CAPABILITIES = 0x1 | 0x2 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000 | 0x100000 | 0x200000
_TLS, _UTF8MB4 = 0x800, 45
_SWITCH, _MORE = 0xFE, 0x01
_FAST, _FULL = 3, 4
_SCRAMBLE = 20


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the server says first."""

    version: str
    thread: int
    nonce: bytes
    plugin: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Account:
    """As whom we come; the password does not show itself."""

    user: str
    password: str = field(repr=False)
    database: str = ""


def read_greeting(body: bytes) -> Greeting:
    """Return what is in a handshake packet of version 10."""
    if body[0] != 10:  # noqa: PLR2004 - the version
        raise ProtocolError("the database speaks another version of its protocol")
    version, place = terminated(body, 1)
    (thread,) = struct.unpack_from("<I", body, place)
    nonce = body[place + 4 : place + 12]
    low, _, _, _, length = struct.unpack_from("<HBHHB", body, place + 13)
    place += 13 + 8 + 10
    more = max(13, length - 8)
    nonce += body[place : place + more].rstrip(b"\0")
    plugin, _ = terminated(body, place + more)
    return Greeting(version.decode(errors="replace"), thread, nonce[:_SCRAMBLE], plugin.decode(), bool(low & _TLS))


async def sign_in(
    packets: Packets, account: Account, host: str, context: ssl.SSLContext | None, program: str
) -> Greeting:
    """Sign in; raise `ProtocolError` or `DatabaseRefusalError` when the server does not let us, or is another."""
    greeting = read_greeting(await packets.answer())
    capabilities = _CAPABILITIES
    if context is not None:
        if not greeting.tls or packets.channel.waiting:
            raise ProtocolError("the database offers no TLS")
        capabilities |= _TLS
        packets.write(struct.pack("<IIB23x", capabilities, 2**24, _UTF8MB4))
        await _start_tls(packets.channel, host, context)
    plugin = greeting.plugin if greeting.plugin in _PROOFS else "mysql_native_password"
    proof = _PROOFS[plugin](account.password, greeting.nonce)
    attribute = b"\x0cprogram_name" + bytes([len(program.encode()[:60])]) + program.encode()[:60]
    packets.write(
        struct.pack("<IIB23x", capabilities, 2**24, _UTF8MB4)
        + account.user.encode() + b"\0" + bytes([len(proof)]) + proof
        + account.database.encode() + b"\0" + plugin.encode() + b"\0" + bytes([len(attribute)]) + attribute
    )  # fmt: skip
    await _proved(packets, account, plugin, greeting.nonce, open_line=context is None)
    return greeting


async def _proved(packets: Packets, account: Account, plugin: str, nonce: bytes, *, open_line: bool) -> None:
    while True:
        body = await packets.answer()
        if body[0] == OK:
            return
        if body[0] == _SWITCH:
            name, place = terminated(body, 1)
            plugin, nonce = name.decode(errors="replace"), body[place:].rstrip(b"\0")[:_SCRAMBLE]
            if plugin not in _PROOFS:
                raise ProtocolError("the database asks for a way of signing in that is not spoken here")
            packets.write(_PROOFS[plugin](account.password, nonce))
        elif body[0] == _MORE and plugin == "caching_sha2_password" and body[1] == _FAST:
            continue
        elif body[0] == _MORE and plugin == "caching_sha2_password" and body[1] == _FULL and not open_line:
            packets.write(account.password.encode() + b"\0")
        else:
            raise ProtocolError("the database asks for the password over an open line")


async def _start_tls(channel: Channel, host: str, context: ssl.SSLContext) -> None:
    loop = asyncio.get_running_loop()
    secured = await loop.start_tls(channel.transport, channel, context, server_hostname=host)
    if secured is None:
        raise ProtocolError("the database closed during the TLS handshake")
    channel.transport = secured


def _native(password: str, nonce: bytes) -> bytes:
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the plugin is what it is; the line is TLS
    mixed = hashlib.sha1(nonce + hashlib.sha1(once).digest()).digest()  # noqa: S324
    return bytes(a ^ b for a, b in zip(once, mixed, strict=True))


def _caching(password: str, nonce: bytes) -> bytes:
    if not password:
        return b""
    once = hashlib.sha256(password.encode()).digest()
    mixed = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(once, mixed, strict=True))


_PROOFS = {"mysql_native_password": _native, "caching_sha2_password": _caching}
