"""The way to the real database: connect, sign in with the credential from the vault, hand over a ready connection."""

import asyncio
import base64
import hashlib
import hmac
import secrets
import ssl
import struct
from dataclasses import dataclass, field

from bailiwick.core.errors import UnavailableError
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
_LIMIT = 1 << 20
_AUTH_OK, _AUTH_CLEAR, _AUTH_SASL, _AUTH_CONTINUE, _AUTH_FINAL = 0, 3, 10, 11, 12
_STATEMENT_TIMEOUT = "30s"


@dataclass(frozen=True, slots=True)
class Database:
    """Where a database is and who we are there; the password does not show itself."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    tls: bool = False


@dataclass
class Connection:
    """A connection that is signed in and idle."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    parameters: dict[str, str]
    key: bytes
    target: Database

    def close(self) -> None:
        """End it at once."""
        self.writer.transport.abort()

    async def cancel(self) -> None:
        """Ask the database to cancel what this connection runs."""
        reader, writer = await _dial(self.target)
        writer.write(struct.pack("!II", 8 + len(self.key), CANCEL_REQUEST) + self.key)
        await writer.drain()
        await reader.read(1)
        writer.close()


async def connect(target: Database, application: str) -> Connection:
    """Return a signed-in connection; raise `UnavailableError`, without any credential in it, when it cannot be had."""
    try:
        return await asyncio.wait_for(_connect(target, application), _CONNECT_SECONDS)
    except (OSError, TimeoutError, ProtocolError, asyncio.IncompleteReadError) as fault:
        raise UnavailableError(f"the database {target.database} does not answer") from fault


async def _dial(target: Database) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.host.startswith("/"):
        return await asyncio.open_unix_connection(f"{target.host}/.s.PGSQL.{target.port}", limit=_LIMIT)
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=_LIMIT)
    if target.tls:
        writer.write(struct.pack("!II", 8, SSL_REQUEST))
        if await reader.readexactly(1) != b"S":
            raise ProtocolError("the database offers no TLS")
        await writer.start_tls(ssl.create_default_context(), server_hostname=target.host)
    return reader, writer


async def _connect(target: Database, application: str) -> Connection:
    reader, writer = await _dial(target)
    # Names are looked up in pg_catalog only: tables are written out in full, and no other function can take a name.
    settings = {
        "user": target.user,
        "database": target.database,
        "application_name": application[:60],
        "client_encoding": "UTF8",
        "search_path": "pg_catalog",
        "statement_timeout": _STATEMENT_TIMEOUT,
    }
    body = struct.pack("!I", PROTOCOL_3) + b"".join(text(k) + text(v) for k, v in settings.items()) + b"\0"
    writer.write(struct.pack("!I", len(body) + 4) + body)
    try:
        await _sign_in(reader, writer, target)
        return await _until_ready(reader, writer, target)
    except BaseException:
        writer.transport.abort()
        raise


async def _sign_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Database) -> None:
    while True:
        message = await read_message(reader)
        if message.kind == b"E":
            raise UnavailableError(
                f"the database {target.database} refuses our sign-in: {error_fields(message.body).get('C')}"
            )
        (method,) = struct.unpack("!I", message.body[:4])
        if message.kind != b"R" or method not in {_AUTH_OK, _AUTH_CLEAR, _AUTH_SASL}:
            raise ProtocolError("the database asks for a way of signing in that is not spoken here")
        if method == _AUTH_OK:
            return
        if method == _AUTH_SASL:
            await _scram(reader, writer, message.body[4:], target.password)
        elif target.tls or target.host.startswith("/"):
            writer.write(Message(b"p", text(target.password)).encode())
        else:
            raise ProtocolError("the database asks for the password in the clear over an open line")


async def _scram(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, offered: bytes, password: str) -> None:
    """Sign in by SCRAM-SHA-256 (RFC 5802, RFC 7677); the server must prove that it knows the password too."""
    if b"SCRAM-SHA-256" not in offered.split(b"\0"):
        raise ProtocolError("the database offers no SCRAM-SHA-256")
    nonce = secrets.token_urlsafe(24)
    bare = f"n=,r={nonce}"
    first = f"n,,{bare}".encode()
    writer.write(Message(b"p", text("SCRAM-SHA-256") + struct.pack("!I", len(first)) + first).encode())
    challenge = (await _sasl(reader, _AUTH_CONTINUE)).decode()
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    if not fields["r"].startswith(nonce):
        raise ProtocolError("the database answers another sign-in")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    unproved = f"c=biws,r={fields['r']}"
    signed = f"{bare},{challenge},{unproved}".encode()
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    writer.write(Message(b"p", f"{unproved},p={proof}".encode()).encode())
    verdict = (await _sasl(reader, _AUTH_FINAL)).decode()
    expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
    if not hmac.compare_digest(verdict, "v=" + base64.b64encode(expected).decode()):
        raise ProtocolError("the database does not prove that it knows the password")


async def _sasl(reader: asyncio.StreamReader, wanted: int) -> bytes:
    message = await read_message(reader)
    if message.kind != b"R" or struct.unpack("!I", message.body[:4])[0] != wanted:
        raise ProtocolError("the database refuses the sign-in")
    return message.body[4:]


async def _until_ready(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Database) -> Connection:
    parameters: dict[str, str] = {}
    key = b""
    while True:
        message = await read_message(reader)
        if message.kind == b"S":
            name, value, _ = message.body.split(b"\0")
            parameters[name.decode()] = value.decode()
        elif message.kind == b"K":
            key = message.body
        elif message.kind == b"Z":
            return Connection(reader, writer, parameters, key, target)
        elif message.kind == b"E":
            raise UnavailableError(f"the database {target.database} refuses us: {error_fields(message.body).get('C')}")
