"""A database across a network: over TLS with a certificate that is trusted, or not at all."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import DatabaseConnection
from bailiwick.dataplane.gateways.sql.asking import ask
from bailiwick.dataplane.gateways.sql.upstream import Database, connect
from bailiwick.store.embedded import EmbeddedPostgres
from tests.control.exporters.certificates import Certificates

pytestmark = pytest.mark.req("IN1", "IN9")
PASSWORD = "the-password-across-the-network"
# PostgreSQL, protocol 3: a length, and the number that asks for TLS.
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture(scope="module")
def account(postgres: EmbeddedPostgres) -> str:
    postgres.create_role("across", PASSWORD)
    return "across"


@asynccontextmanager
async def over_tls(
    postgres: EmbeddedPostgres, certificate: tuple[Path, Path]
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yield the port of a front of a real server, which is built without TLS, and what came to it in the clear."""
    context, clear = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[bytes]()
    context.load_cert_chain(*certificate)

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clear.append(await reader.readexactly(8))
        writer.write(b"S")
        with suppress(OSError):
            await writer.start_tls(context)
            inner = await asyncio.open_unix_connection(f"{postgres.socket_directory}/.s.PGSQL.5432")
            await asyncio.gather(copy(reader, inner[1]), copy(inner[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], clear


async def test_rows_cross_the_network_over_tls_with_an_authority_that_the_connection_names(
    postgres: EmbeddedPostgres, account: str, certificates: Certificates
) -> None:
    authority = certificates.ca.read_text()
    async with over_tls(postgres, certificates.issue("localhost")) as (port, clear):
        place = (port, "postgres", account, PASSWORD, True)
        opened = await connect(Database("localhost", *place, authority=authority), "a test")
        assert (await ask(opened, "SELECT 6 * 7", seconds=10)).rows == (("42",),)
        opened.close()
        with pytest.raises(UnavailableError, match=r"the server of postgres is not trusted: .*issuer") as refused:
            await connect(Database("localhost", *place), "a test")
        assert PASSWORD not in str(refused.value) + repr(refused.value)
        with pytest.raises(UnavailableError, match="not trusted: IP address mismatch"):
            await connect(Database("127.0.0.1", *place, authority=authority), "a test")
        assert set(clear) == {SSL_REQUEST}


async def test_nothing_is_said_to_a_server_that_offers_no_tls() -> None:
    heard, ended = bytearray(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readexactly(8))
        writer.write(b"N")
        heard.extend(await reader.read())
        writer.close()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnavailableError, match="offers no TLS, so nothing was said to it"):
            await connect(Database("127.0.0.1", port, "shop", "across", PASSWORD, tls=True), "a test")
    await asyncio.wait_for(ended.wait(), 10)
    assert bytes(heard) == SSL_REQUEST


def test_what_is_not_on_this_machine_is_over_tls_whatever_is_said() -> None:
    def at(host: str, **said: object) -> DatabaseConnection:
        written = {"host": host, "database": "shop", "user": "u", "secret": "s", **said}
        return DatabaseConnection.model_validate(written)

    assert [at(host).over_tls for host in ("db.example", "10.1.2.3", "localhost", "127.0.0.1", "::1")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert at("localhost", tls=True).over_tls
    with pytest.raises(ValidationError, match="rows go over TLS"):
        at("db.example", tls=False)
