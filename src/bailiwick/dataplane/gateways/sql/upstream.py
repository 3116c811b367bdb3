"""The way to the real database: connect, sign in with the credential from the vault, hand over a ready connection."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from bailiwick.client_tls import client_context
from bailiwick.core.errors import UnavailableError
from bailiwick.core.keyed_masks import pads
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.sql.keyed import SETTING
from bailiwick.dataplane.gateways.sql.messages import (
    CANCEL_REQUEST,
    PROTOCOL_3,
    SSL_REQUEST,
    Message,
    ProtocolError,
    error_fields,
    read_message,
    text,
)

_CONNECT_SECONDS = 10.0
_SIGN_IN_REFUSED = "28"  # SQLSTATE class 28: invalid authorization specification
_CANCEL_SECONDS = 5.0
_MOST_AUTHORITIES = 64
_AUTH_OK, _AUTH_CLEAR, _AUTH_SASL, _AUTH_CONTINUE, _AUTH_FINAL = 0, 3, 10, 11, 12
STATEMENT_SECONDS = 30.0


# A password that was rotated is refused until the new one is told, which is a moment later; waited for so often.
_SIGN_IN_WAITS_SECONDS = (0.0, 0.2, 0.4, 0.8)
_SignedIn = TypeVar("_SignedIn")


class SignInRefusedError(UnavailableError):
    """The database does not take the account or its password: it may have been rotated since it was fetched."""


async def signed_in(attempt: Callable[[], Awaitable[_SignedIn]], forget: Callable[[], None]) -> _SignedIn:
    """Return what a sign-in comes to; one that is refused is made again, with what `forget` has asked for anew."""
    for wait in _SIGN_IN_WAITS_SECONDS:
        try:
            return await attempt()
        except SignInRefusedError:
            forget()
            await asyncio.sleep(wait)
    return await attempt()


@dataclass(frozen=True, slots=True)
class Database:
    """Where a database is and who we are there; the password does not show itself.

    `secret` and `version` say which one it is, where it came by that name. `mask_key` is the key that masks of columns
    are made with (hexadecimal), empty where none is needed. Over TLS its certificate is checked by `authority` (PEM),
    too, beside those that everybody trusts.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    tls: bool = False
    authority: str = ""
    mask_key: str = field(default="", repr=False)
    secret: str = ""
    version: int = 0


@dataclass(eq=False)
class Connection:
    """A connection that is signed in and idle.

    `give_back`, where it is set, is for a session that leaves it idle; `uses` counts how often that was done.
    """

    channel: Channel
    parameters: dict[str, str]
    key: bytes
    target: Database
    give_back: Callable[[], None] | None = None
    uses: int = 0

    def close(self) -> None:
        """End it at once."""
        self.channel.abort()

    async def cancel_and_close(self) -> None:
        """Have the database cancel what this connection runs, as far as it hears, and end it."""
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self.cancel()
        self.close()

    async def cancel(self) -> None:
        """Ask the database to cancel what this connection runs; it answers by closing."""
        channel = await _dial(self.target)
        channel.write(struct.pack("!II", 8 + len(self.key), CANCEL_REQUEST) + self.key)
        with contextlib.suppress(EOFError):
            await channel.exactly(1)
        channel.close()


async def connect(target: Database, application: str, statement_seconds: float = STATEMENT_SECONDS) -> Connection:
    """Return a signed-in connection whose statements may take so long.

    Raises `UnavailableError`, without any credential in it, when it cannot be had.
    """
    try:
        return await asyncio.wait_for(_connect(target, application, statement_seconds), _CONNECT_SECONDS)
    except ssl.SSLCertVerificationError as fault:
        raise UnavailableError(
            f"the certificate of the server of {target.database} is not trusted: {fault.verify_message}",
            hint="the connection names the authority that issued it",
        ) from None
    except (OSError, TimeoutError, ProtocolError, EOFError) as fault:
        raise UnavailableError(f"the database {target.database} does not answer") from fault


async def _dial(target: Database) -> Channel:
    loop = asyncio.get_running_loop()
    if target.host.startswith("/"):
        return (await loop.create_unix_connection(Channel, f"{target.host}/.s.PGSQL.{target.port}"))[1]
    _, channel = await loop.create_connection(Channel, target.host, target.port)
    if target.tls:
        try:
            await _start_tls(channel, target)
        except BaseException:
            channel.abort()
            raise
    return channel


async def _start_tls(channel: Channel, target: Database) -> None:
    channel.write(struct.pack("!II", 8, SSL_REQUEST))
    # Anything in the clear behind the one byte was put there by somebody on the line (CVE-2021-23222).
    if await channel.exactly(1) != b"S" or channel.waiting:
        raise UnavailableError(
            f"the server of {target.database} offers no TLS, so nothing was said to it",
            hint="switch TLS on there: rows cross the network",
        )
    loop = asyncio.get_running_loop()
    context = _checking(target.authority)
    secured = await loop.start_tls(channel.transport, channel, context, server_hostname=target.host)
    if secured is None:
        raise ProtocolError("the database closed during the TLS handshake")
    channel.transport = secured


@lru_cache(maxsize=_MOST_AUTHORITIES)
def _checking(authority: str) -> ssl.SSLContext:
    """Return what servers are checked by; reading what everybody trusts takes longer than a whole sign-in."""
    return client_context(authority)


async def _connect(target: Database, application: str, statement_seconds: float) -> Connection:
    channel = await _dial(target)
    # Names are looked up in pg_catalog only: tables are written out in full, and no other function can take a name.
    # Strings are read as PostgreSQL's grammar read them here, whatever the server's own default is.
    settings = {
        "user": target.user,
        "database": target.database,
        "application_name": application[:60],
        "client_encoding": "UTF8",
        "search_path": "pg_catalog",
        "standard_conforming_strings": "on",
        "statement_timeout": f"{max(1, round(statement_seconds * 1000))}ms",
    }
    if target.mask_key:
        # Said here and not by SET: that would stand in the database's log of statements.
        settings[SETTING] = pads(bytes.fromhex(target.mask_key)).hex()
    body = struct.pack("!I", PROTOCOL_3) + b"".join(text(k) + text(v) for k, v in settings.items()) + b"\0"
    channel.write(struct.pack("!I", len(body) + 4) + body)
    try:
        await _sign_in(channel, target)
        return await _until_ready(channel, target)
    except BaseException:
        channel.abort()
        raise


async def _sign_in(channel: Channel, target: Database) -> None:
    while True:
        message = await read_message(channel)
        if message.kind == b"E":
            raise _refusal(target.database, message.body)
        (method,) = struct.unpack("!I", message.body[:4])
        if message.kind != b"R" or method not in {_AUTH_OK, _AUTH_CLEAR, _AUTH_SASL}:
            raise ProtocolError("the database asks for a way of signing in that is not spoken here")
        if method == _AUTH_OK:
            return
        if method == _AUTH_SASL:
            await _scram(channel, message.body[4:], target)
        elif target.tls or target.host.startswith("/"):
            channel.write(Message(b"p", text(target.password)).encode())
        else:
            raise ProtocolError("the database asks for the password in the clear over an open line")


async def _scram(channel: Channel, offered: bytes, target: Database) -> None:
    """Sign in by SCRAM-SHA-256 (RFC 5802, RFC 7677); the server must prove that it knows the password too."""
    if b"SCRAM-SHA-256" not in offered.split(b"\0"):
        raise ProtocolError("the database offers no SCRAM-SHA-256")
    nonce = secrets.token_urlsafe(24)
    bare = f"n=,r={nonce}"
    first = f"n,,{bare}".encode()
    channel.write(Message(b"p", text("SCRAM-SHA-256") + struct.pack("!I", len(first)) + first).encode())
    challenge = (await _sasl(channel, _AUTH_CONTINUE, target.database)).decode()
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    if not fields["r"].startswith(nonce):
        raise ProtocolError("the database answers another sign-in")
    salted = hashlib.pbkdf2_hmac("sha256", target.password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    unproved = f"c=biws,r={fields['r']}"
    signed = f"{bare},{challenge},{unproved}".encode()
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    channel.write(Message(b"p", f"{unproved},p={proof}".encode()).encode())
    verdict = (await _sasl(channel, _AUTH_FINAL, target.database)).decode()
    expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
    if not hmac.compare_digest(verdict, "v=" + base64.b64encode(expected).decode()):
        raise ProtocolError("the database does not prove that it knows the password")


async def _sasl(channel: Channel, wanted: int, database: str) -> bytes:
    message = await read_message(channel)
    if message.kind == b"E":
        raise _refusal(database, message.body)
    if message.kind != b"R" or struct.unpack("!I", message.body[:4])[0] != wanted:
        raise ProtocolError("the database refuses the sign-in")
    return message.body[4:]


def _refusal(database: str, body: bytes) -> UnavailableError:
    """Return what to say of a sign-in that the database answers with an error: its code, never its words."""
    code = error_fields(body).get("C") or ""
    kind = SignInRefusedError if code.startswith(_SIGN_IN_REFUSED) else UnavailableError
    return kind(f"the database {database} refuses our sign-in: {code}")


async def _until_ready(channel: Channel, target: Database) -> Connection:
    parameters: dict[str, str] = {}
    key = b""
    while True:
        message = await read_message(channel)
        if message.kind == b"S":
            note_parameter(parameters, message.body)
        elif message.kind == b"K":
            key = message.body
        elif message.kind == b"Z":
            return Connection(channel, parameters, key, target)
        elif message.kind == b"E":
            raise UnavailableError(f"the database {target.database} refuses us: {error_fields(message.body).get('C')}")


def note_parameter(parameters: dict[str, str], body: bytes) -> None:
    """Note a setting that the database tells of (ParameterStatus)."""
    try:
        name, value, _ = body.split(b"\0")
        parameters[name.decode()] = value.decode()
    except ValueError as fault:
        raise ProtocolError("the database tells of a setting that is none") from fault
