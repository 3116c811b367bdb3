"""The service gateway on a port of loopback, with a business system behind it that checks who calls."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import DataGrant, FieldMask, Mask, RequestGrant
from bailiwick.core.messages import (
    BearerToken,
    IntegrationLimits,
    LimitsReport,
    PersonTokenAnswer,
    PersonTokenRequest,
    SecretValue,
    ServiceConnection,
)
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.limits import Gates
from bailiwick.dataplane.gateways.services import ServiceCredentials, ServiceGateway, ServiceListener
from bailiwick.dataplane.gateways.upstreams import Upstreams
from tests.fixtures.crm import CLIENT_SECRET, KEY, Crm, crm
from tests.fixtures.waiting import until

APP = "finance/desk"
_CONTEXT = ssl.create_default_context()
TRACE = "0af7651916cd43dd8448eb211c80319c"
EVE = Identity(Principal("user", "eve@example.com"), frozenset({"user:eve@example.com"}))
GRANTS = (
    RequestGrant(
        methods=frozenset({"GET", "HEAD"}),
        path="/contacts/{id}",
        query=(),
        fields=(
            FieldMask(path="ssn"),
            FieldMask(path="owner.email", mask=Mask.EMAIL),
            FieldMask(path="cards.number", mask=Mask.LAST4),
        ),
    ),
    RequestGrant(
        methods=frozenset({"GET"}), path="/contacts", query=("page",), fields=(FieldMask(path="contacts.ssn"),)
    ),
    RequestGrant(methods=frozenset({"POST"}), path="/notes", body=("text",), headers=("x-note-kind",)),
    RequestGrant(methods=frozenset({"GET", "POST", "PUT"}), path="/open/**", headers=("x-amz-meta-note",)),
    *(
        RequestGrant(methods=frozenset({"GET"}), path=f"/{name}")
        for name in ("me", "echo", "moved", "packed", "half", "none", "garbage", "big", "slow", "chunks", "forbidden")
    ),
    RequestGrant(methods=frozenset({"GET"}), path="/pages", query=("page",), links=("next", "links.next")),
    RequestGrant(methods=frozenset({"POST", "PUT"}), path="/upload"),
    RequestGrant(methods=frozenset({"GET"}), path="/text", fields=(FieldMask(path="ssn"),)),
)


@dataclass
class House:
    """The gateway, and what each test says of the world around it."""

    crm: Crm
    secrets: dict[str, str] = field(default_factory=lambda: {"crm-key": KEY, "crm-client": CLIENT_SECRET})
    calls: dict[str, Call] = field(default_factory=lambda: {TRACE: Call(EVE, APP, "rel_1", TRACE)})
    events: list[AuditEvent] = field(default_factory=list)
    decision: Decision = field(default_factory=lambda: Decision(True, "", ("as-granted",)))
    connection: ServiceConnection | None = None
    fetched: list[str] = field(default_factory=list)
    person_token: Callable[[PersonTokenRequest], PersonTokenAnswer] | None = None
    asked_for: list[PersonTokenRequest] = field(default_factory=list)
    limits: IntegrationLimits = field(default_factory=IntegrationLimits)
    reports: list[LimitsReport] = field(default_factory=list)
    url: str = ""
    gateway: ServiceGateway = field(init=False)
    loop: asyncio.AbstractEventLoop = field(init=False)

    async def fetch(self, name: str) -> SecretValue:
        self.fetched.append(name)
        if name not in self.secrets:
            raise NotFoundError(f"there is no secret '{name}'")
        return SecretValue(name=name, value=self.secrets[name])

    async def ask(self, request: PersonTokenRequest) -> PersonTokenAnswer:
        self.asked_for.append(request)
        assert self.person_token is not None
        return await asyncio.to_thread(self.person_token, request)

    def call(self, method: str, target: str, *, trace: str = TRACE, **given: Any) -> httpx2.Response:
        headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"} if trace else {}
        headers |= given.pop("headers", {})
        # Nothing here speaks TLS to the gateway: one context for all, which takes a while to make.
        return httpx2.request(method, f"{self.url}{target}", headers=headers, timeout=20, verify=_CONTEXT, **given)

    def tell(self) -> LimitsReport:
        """Have the gates report and audit now; return the newest report."""
        self.loop.call_soon_threadsafe(self.gateway.gates.tell)
        until(lambda: len(self.reports) > 0)
        return self.reports.pop()

    def told(self) -> AuditEvent:
        """Return the newest audit event."""
        return self.events[-1]


@pytest.fixture
def system() -> Iterator[Crm]:
    with crm() as made:
        yield made


@pytest.fixture
def house(system: Crm) -> Iterator[House]:
    made = House(system)
    made.connection = ServiceConnection(
        kind="http", url=f"{system.url}/api", credential=BearerToken(kind="bearer", secret="crm-key"), timeout_seconds=1
    )
    ready, over = threading.Event(), asyncio.Event()
    binding = Binding(
        app=APP, release="rel_1", tenant="default", plane="production", resource="crm", roles={},
        grant=DataGrant(integration="crm", tables=(), requests=GRANTS), name="contacts",
    )  # fmt: skip

    async def serve() -> None:
        made.loop = asyncio.get_running_loop()
        secrets = Credentials(made.fetch)
        upstreams = Upstreams(certificate=secrets.get)
        made.gateway = ServiceGateway(
            connection=lambda _: made.connection,
            credentials=ServiceCredentials(secrets, upstreams, made.ask),
            upstreams=upstreams,
            resolve=made.calls.get,
            authorize=lambda *_: made.decision,
            emit=made.events.append,
            clock=utc_now,
            gates=Gates(
                limits=lambda _: made.limits,
                state=lambda: made.limits,
                emit=made.events.append,
                report=made.reports.append,
                clock=utc_now,
            ),
        )
        listener, door = ServiceListener(made.gateway, binding), socket.create_server(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        await listener.start(door)
        ready.set()
        await over.wait()
        listener.close()
        upstreams.close()

    thread = threading.Thread(target=lambda: uvloop.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield made
    made.loop.call_soon_threadsafe(over.set)
    thread.join(10)
