"""The mail gateway on a port of loopback, before a real mail server that wants TLS and a password."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import DataGrant, MailGrant
from bailiwick.core.messages import BasicPassword, MailConnection, SecretValue
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.mail import MailGateway, MailListener
from tests.control.exporters.certificates import Certificates
from tests.fixtures.post_office import PostOffice

APP = "finance/desk"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
EVE = Identity(Principal("user", "eve@example.com"), frozenset({"user:eve@example.com"}))
PASSWORD = "correct-horse-battery-staple"
GRANTS = (
    MailGrant(senders=("billing@example.com",), recipients=("*@example.com", "box@partner.example"), most_recipients=3),
    MailGrant(senders=("news@example.com",), recipients=("*",), most_bytes=4096),
)


@dataclass
class House:
    """The gateway, and what each test says of the world around it."""

    office: PostOffice
    connection: MailConnection | None
    secrets: dict[str, str] = field(default_factory=lambda: {"mail": PASSWORD})
    calls: dict[str, Call] = field(default_factory=lambda: {TRACE: Call(EVE, APP, "rel_1", TRACE)})
    events: list[AuditEvent] = field(default_factory=list)
    decision: Decision = field(default_factory=lambda: Decision(True, "", ("as-granted",)))
    fetched: list[str] = field(default_factory=list)
    port: int = 0
    gateway: MailGateway = field(init=False)
    loop: asyncio.AbstractEventLoop = field(init=False)

    async def fetch(self, name: str) -> SecretValue:
        self.fetched.append(name)
        if name not in self.secrets:
            raise NotFoundError(f"there is no secret '{name}'")
        return SecretValue(name=name, value=self.secrets[name])

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=20)

    def send(self, letter: EmailMessage, trace: str = TRACEPARENT) -> None:
        """Send a message as an app does, for the request of a trace."""
        with self.client() as client:
            options = [f"XTRACE={trace}"] if trace else []
            client.send_message(letter, mail_options=options)

    def told(self) -> AuditEvent:
        """Return the newest audit event."""
        return self.events[-1]


def letter(to: str = "ann@example.com", sender: str = "billing@example.com", text: str = "Hello.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "An invoice"
    message["Message-ID"] = "<1@example.com>"
    message.set_content(text)
    return message


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("mail") / "tls")


@pytest.fixture
def house(certificates: Certificates) -> Iterator[House]:
    office = PostOffice()
    office.demand(*certificates.issue("localhost"), PASSWORD)
    connection = MailConnection(
        kind="smtp", host="localhost", port=office.port, authority=certificates.ca.read_text(), timeout_seconds=5,
        credential=BasicPassword(kind="basic", user="bailiwick", secret="mail"),
    )  # fmt: skip
    made = House(office, connection)
    ready, over = threading.Event(), asyncio.Event()
    binding = Binding(
        app=APP, release="rel_1", tenant="default", plane="production", resource="post", roles={},
        grant=DataGrant(integration="post", tables=(), mail=GRANTS),
    )  # fmt: skip

    async def serve() -> None:
        made.loop = asyncio.get_running_loop()
        credentials = Credentials(made.fetch)
        made.gateway = MailGateway(
            connection=lambda _: made.connection,
            secret=credentials.get,
            forget=credentials.forget,
            resolve=made.calls.get,
            authorize=lambda *_: made.decision,
            emit=made.events.append,
            clock=utc_now,
        )
        listener, door = MailListener(made.gateway, binding), socket.create_server(("127.0.0.1", 0))
        made.port = door.getsockname()[1]
        await listener.start(door)
        ready.set()
        await over.wait()
        listener.close()

    thread = threading.Thread(target=lambda: uvloop.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield made
    made.loop.call_soon_threadsafe(over.set)
    thread.join(10)
    office.close()
