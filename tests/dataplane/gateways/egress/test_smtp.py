import asyncio
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from tests.fixtures.egress import HOST, certificate, door_to, outside

MAIL = EmailMessage()
MAIL["From"], MAIL["To"], MAIL["Subject"] = "desk@example.com", "ann@example.com", "Refunds"
MAIL.set_content("Dear Ann,\n.\n..two dots\nä long line: " + "x" * 900 + "\nso long\n")


class Office:
    """A post office that keeps what it gets."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        self.kept.append(envelope)
        return "250 kept"


class Counter(Controller):
    """An SMTP server that offers TLS, and takes credentials also in clear: it is careless."""

    def __init__(self, office: Office, pair: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pair)
        super().__init__(office, hostname="127.0.0.1", port=0)

    def factory(self) -> SMTP:
        return SMTP(
            self.handler,
            tls_context=self.context,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def counter(office: Office, tmp_path: Path) -> Iterator[Counter]:
    served = Counter(office, certificate(tmp_path))
    served.start()
    yield served
    served.stop()


def send(port: int, trust: Path | None, name: str = HOST) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="desk", timeout=20) as mail:
        if trust is not None:
            mail.ehlo()
            # smtplib verifies the name that it was told to connect to.
            mail._host = name  # type: ignore[attr-defined]
            mail.starttls(context=ssl.create_default_context(cafile=trust))
            mail.login("desk", "secret")
        mail.send_message(MAIL)


@pytest.mark.req("RT2")
@pytest.mark.parametrize("encrypted", [False, True], ids=["in clear", "starttls"])
async def test_mail_passes_whole(counter: Counter, office: Office, tmp_path: Path, encrypted: bool) -> None:
    async with door_to(counter.port, "smtp") as door:
        await asyncio.to_thread(send, door.port, tmp_path / "pair.pem" if encrypted else None)
        outcome = await door.outcome()
    assert [item.rcpt_tos for item in office.kept] == [["ann@example.com"]]
    assert b"so long" in (office.kept[0].original_content or b"")
    assert outcome.refused == ""
    assert outcome.sent > 1000
    assert outcome.requests == (0 if encrypted else 1)


@pytest.mark.req("RT2")
async def test_tls_for_another_host_is_refused_inside_of_mail_too(
    counter: Counter, office: Office, tmp_path: Path
) -> None:
    async with door_to(counter.port, "smtp") as door:
        with pytest.raises((smtplib.SMTPException, OSError)):
            await asyncio.to_thread(send, door.port, tmp_path / "pair.pem", "elsewhere.example")
        assert (await door.outcome()).refused == "the TLS connection is for elsewhere.example"
    assert office.kept == []


async def test_what_the_host_offers_is_what_passes_here(counter: Counter) -> None:
    async with door_to(counter.port, "smtp") as door:
        answer = await door.said(b"EHLO desk\r\nQUIT\r\n")
    offered = [line[4:].split()[0] for line in answer.decode().splitlines() if line.startswith("250")]
    assert {"SIZE", "8BITMIME", "STARTTLS"} <= set(offered[1:])
    assert "AUTH" not in offered
    assert answer.count(b"250 ") == 1


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", "'GET' is no command"),
        (b"EHLO desk\r\nAUTH PLAIN AGRlc2sAc2VjcmV0\r\n", "credentials are sent before STARTTLS"),
        (b"EHLO desk\r\nBDAT 5 LAST\r\nhello", "'BDAT' is no command"),
        (b"EHLO desk\r\nSTARTTLS\r\nMAIL FROM:<a@example.com>\r\n", "ahead of TLS"),
        (b"EHLO desk\r\nSTARTTLS\r\n", ""),
        (b"EHLO desk\nMAIL FROM:<a@example.com>\r\n", "does not end as lines"),
        (b"EHLO " + b"x" * 4000, "too long"),
        (b"\x16\x03\x01\x00\x05hello\r\n", "does not end as lines"),
    ],
)  # fmt: skip
async def test_only_mail_passes(counter: Counter, office: Office, said: bytes, words: str) -> None:
    async with door_to(counter.port, "smtp") as door:
        answer = await door.said(said, end=True)
        outcome = await door.outcome()
    assert words in outcome.refused
    assert bool(words) == bool(outcome.refused)
    if words:
        assert b"554 5.7.1 Bailiwick did not let this through" in answer
    assert office.kept == []


ENVELOPE = b"HELO desk\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
SMUGGLED = b"MAIL FROM:<boss@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nPay.\r\n.\r\n"


@pytest.mark.req("RT2")
@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r\n\0.\r\n"])
async def test_no_mail_is_smuggled_behind_another(counter: Counter, office: Office, end: bytes) -> None:
    async with door_to(counter.port, "smtp") as door:
        await door.said(ENVELOPE + b"Hello." + end + SMUGGLED, end=True)
        assert "does not end as lines of SMTP do" in (await door.outcome()).refused
    assert office.kept == []


async def test_a_message_that_breaks_off_is_not_sent(counter: Counter, office: Office) -> None:
    async with door_to(counter.port, "smtp") as door:
        await door.said(ENVELOPE + b"Hello.\r\n" * 20_000, end=True)
        await door.outcome()
    assert office.kept == []


async def test_a_host_that_does_not_speak_smtp_is_said() -> None:
    async def web(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with outside(web) as port, door_to(port, "smtp") as door:
        await door.said(b"EHLO desk\r\n")
        assert (await door.outcome()).refused == "the host does not speak SMTP"
