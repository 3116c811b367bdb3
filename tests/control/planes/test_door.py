import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec

from bailiwick.control.audit import AuditLog
from bailiwick.control.planes import (
    DoorCertificate,
    PeerCertificateProtocol,
    PlaneConsents,
    PlaneHub,
    PlaneService,
    build_plane_app,
)
from bailiwick.control.vault import CertificateAuthority, KeyDestroyedError, LocalFileKeyProvider, Vault
from bailiwick.control.vault.authority import _self_signed
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, UnavailableError
from bailiwick.core.messages import (
    STATE_TYPE,
    AskOrder,
    DesiredState,
    KillOrder,
    LogAnswer,
    LogWanted,
    PersonTokenAnswer,
    PersonTokenRequest,
    PlaneAnswer,
    PlaneWelcome,
    RefusedAnswer,
    SecretValue,
    decode_downlink,
)
from bailiwick.core.statements import Keyring, SigningKey, open_envelope, read_envelope
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.store import Store

KEY = SigningKey.generate()


class Answers:
    """Stands in for the plane service: what is tested here is the door in front of it."""

    def __init__(self, authority: CertificateAuthority | None = None) -> None:
        self.authority = authority
        self.given: set[str] = set()

    def renew_certificate(self, plane: str, request: bytes) -> str:
        assert self.authority is not None
        return self.authority.answer(f"plane/{plane}", request)

    def welcome(self, plane: str) -> PlaneWelcome:
        key = KEY.public_text
        return PlaneWelcome(
            plane=plane, downlink_key=key, pass_key=key, review_keys=(key,), approval_keys=(key,), release_keys=(key,)
        )

    @property
    def consents(self) -> PlaneConsents:
        return PlaneConsents(self.token, lambda _: ())

    def token(self, plane: str, asked: PersonTokenRequest) -> PersonTokenAnswer:
        return PersonTokenAnswer(consent="con_1", token=f"{plane} for {asked.person}", seconds=60)

    def secret(self, plane: str, name: str) -> SecretValue:
        if name == "shredded":
            if name in self.given:
                raise KeyDestroyedError("the tenant's key was destroyed")
            self.given.add(name)
            return SecretValue(name=name, value="a password from before")
        raise ForbiddenError("no app of this plane uses this secret", deciders=("default-deny",))


@dataclass
class Door:
    url: str
    folder: Path
    authority: CertificateAuthority
    hub: PlaneHub
    certificate: DoorCertificate
    version: list[int]

    def client(self, path: str, *, authority: CertificateAuthority | None = None, **options: Any) -> httpx2.Client:
        issued = (authority or self.authority).issue(path, **options)
        pair = self.folder / f"{path.replace('/', '-')}.pem"
        pair.write_text(issued.certificate + issued.key)
        context = ssl.create_default_context(cadata=self.authority.certificate_pem)
        context.load_cert_chain(pair)
        return httpx2.Client(base_url=self.url, verify=context, timeout=10)


def authority_of(store: Store, folder: Path, name: str) -> CertificateAuthority:
    vault = Vault(store, LocalFileKeyProvider(folder / name), AuditLog(), utc_now)
    with store.transaction() as session:
        return CertificateAuthority.load(session, vault, utc_now)


@pytest.fixture
def door(store: Store, tmp_path: Path) -> Iterator[Door]:
    authority = authority_of(store, tmp_path, "key")
    certificate = DoorCertificate(authority, tmp_path / "door", "127.0.0.1", utc_now)

    version = [0]

    def state(plane: str) -> DesiredState:
        version[0] += 1
        return DesiredState(version=version[0], plane=plane, time=datetime.now(UTC), sign_in_url="", apps=(), epochs={})

    hub = PlaneHub(state, KEY, utc_now)
    with opened(Answers(authority), hub, certificate) as url:  # type: ignore[arg-type]
        yield Door(url, tmp_path, authority, hub, certificate, version)


@contextlib.contextmanager
def opened(service: PlaneService, hub: PlaneHub, certificate: DoorCertificate) -> Iterator[str]:
    """Yield the address of a door where planes are answered."""
    app = build_plane_app(service, hub, {"editor": "editor", "production": "production"})
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            http=PeerCertificateProtocol,
            ssl_context_factory=lambda _config, _default: certificate.context,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
    )

    def serve() -> None:
        import asyncio

        async def main() -> None:
            hub.attach(asyncio.get_running_loop())
            await server.serve()

        asyncio.run(main())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.mark.req("DM2", "DG4")
def test_a_plane_is_known_by_its_certificate_alone(door: Door) -> None:
    for plane in ("editor", "production"):
        answer = door.client(f"plane/{plane}").get("/plane/v1/welcome", headers={"x-plane": "other"})
        assert answer.json()["plane"] == plane


@pytest.mark.req("IN2")
def test_a_plane_asks_for_tokens_of_people_as_itself(door: Door) -> None:
    asked = {"integration": "crm", "app": "finance/desk", "person": "ada@example.com"}
    answer = door.client("plane/editor").post("/plane/v1/person-tokens", json=asked)
    assert answer.json()["token"] == "editor for ada@example.com"
    for wrong in ({**asked, "plane": "production"}, {**asked, "refused": "x"}):
        assert door.client("plane/editor").post("/plane/v1/person-tokens", json=wrong).status_code == 422


@pytest.mark.req("DM2")
@pytest.mark.parametrize("path", ["control", "plane/unknown", "plane/editor/more", "service/x"])
def test_a_certificate_of_something_else_opens_nothing(door: Door, path: str) -> None:
    answer = door.client(path).get("/plane/v1/welcome")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.req("DM2")
def test_without_a_certificate_with_an_expired_or_a_foreign_one_there_is_no_connection(
    door: Door,
) -> None:
    bare = httpx2.Client(verify=ssl.create_default_context(cadata=door.authority.certificate_pem))
    expired = door.client("plane/editor", lifetime=timedelta(minutes=-1))
    key = ec.generate_private_key(ec.SECP256R1())
    stranger = CertificateAuthority(key, _self_signed(key, "Bailiwick planes", utc_now), utc_now)
    foreign = door.client("plane/production", authority=stranger)
    for client in (bare, expired, foreign):
        with pytest.raises(httpx2.TransportError):
            client.get(f"{door.url}/plane/v1/welcome")


@pytest.mark.req("SE1")
def test_a_secret_that_no_app_uses_is_refused(door: Door) -> None:
    assert door.client("plane/editor").get("/plane/v1/secrets/other").status_code == 403


@pytest.mark.req("RT5")
def test_the_stream_gives_the_state_and_then_orders_at_once_signed(door: Door) -> None:
    ring = Keyring.of([KEY.public_text])
    kind = "application/vnd.bailiwick.downlink.v1+json"
    with door.client("plane/production").stream("GET", "/plane/v1/stream") as answer:
        lines = answer.iter_lines()
        first = decode_downlink(open_envelope(read_envelope(next(lines)), ring, kind))
        assert isinstance(first, DesiredState)
        began = time.monotonic()
        door.hub.broadcast(KillOrder(scope=StopScope(StopKind.APP, "a/b"), because="now"))
        second = decode_downlink(open_envelope(read_envelope(next(lines)), ring, kind))
        assert isinstance(second, KillOrder)
        assert time.monotonic() - began < 2


def listen(
    door: Door, plane: str, *, answers: threading.Event, heard: list[DesiredState], end: threading.Event
) -> None:
    """Be a plane that says what it has taken, while `answers` is set."""
    ring = Keyring.of([KEY.public_text])
    client = door.client(f"plane/{plane}")
    with (
        contextlib.suppress(httpx2.TransportError),
        door.client(f"plane/{plane}").stream("GET", "/plane/v1/stream") as stream,
    ):
        for line in stream.iter_lines():
            message = decode_downlink(open_envelope(read_envelope(line), ring, STATE_TYPE))
            if end.is_set():
                return
            if isinstance(message, DesiredState):
                heard.append(message)
                if answers.is_set():
                    client.post("/plane/v1/taken", json={"message_version": 1, "version": message.version})


@pytest.mark.req("ID5", "RT5")
def test_a_change_waits_until_every_plane_that_listens_acts_on_it_and_not_for_one_that_hangs(door: Door) -> None:
    heard: dict[str, list[DesiredState]] = {"editor": [], "production": []}
    answers = {"editor": threading.Event(), "production": threading.Event()}
    end = threading.Event()
    assert door.hub.settle() == frozenset()
    for plane, event in answers.items():
        event.set()
        arguments = {"answers": event, "heard": heard[plane], "end": end}
        threading.Thread(target=listen, args=(door, plane), kwargs=arguments, daemon=True).start()
    while len(door.hub.connected) < 2:
        time.sleep(0.01)
    for _ in range(5):
        before = door.version[0]
        assert door.hub.settle() == frozenset()
        assert all(states[-1].version > before for states in heard.values())
    answers["editor"].clear()
    assert door.hub.settle() == {"editor"}
    began = time.monotonic()
    assert door.hub.settle() == {"editor"}
    assert time.monotonic() - began < 1
    answers["editor"].set()
    while door.hub.settle():
        time.sleep(0.01)
    end.set()
    door.hub.settle()


@pytest.mark.req("OB4", "RT5")
def test_a_plane_answers_whoever_waits_and_no_other_plane_does(door: Door) -> None:
    order = AskOrder(id="ask_1", plane="editor", token="a-pass", wanted=LogWanted(app="a/b", mode="preview"))
    with pytest.raises(UnavailableError, match="not connected"):
        door.hub.ask(order, 1)
    heard: list[AskOrder] = []
    ended = threading.Event()

    def be_plane(plane: str, *answers: PlaneAnswer) -> None:
        ring, client = Keyring.of([KEY.public_text]), door.client(f"plane/{plane}")
        with door.client(f"plane/{plane}").stream("GET", "/plane/v1/stream") as stream:
            for line in stream.iter_lines():
                message = decode_downlink(open_envelope(read_envelope(line), ring, STATE_TYPE))
                if isinstance(message, AskOrder):
                    heard.append(message)
                    # Of another plane's question nobody takes an answer, and of each the first only.
                    door.client("plane/production").post(
                        "/plane/v1/answers", json=PlaneAnswer(id=message.id, answer=WRONG).model_dump(mode="json")
                    )
                    for answer in answers:
                        found = client.post("/plane/v1/answers", json=answer.model_dump(mode="json"))
                        assert found.status_code == 204
                if ended.is_set():
                    return

    good = LogAnswer(lines=())
    listening = threading.Thread(
        target=be_plane, args=("editor", PlaneAnswer(id="ask_1", answer=good), PlaneAnswer(id="ask_1", answer=WRONG))
    )
    listening.start()
    while not door.hub.connected.get("editor"):
        time.sleep(0.01)
    assert door.hub.ask(order, 10) == good
    assert [item.token for item in heard] == ["a-pass"]
    with pytest.raises(UnavailableError, match="did not answer"):
        door.hub.ask(order.model_copy(update={"id": "ask_2"}), 0.3)
    assert door.client("plane/editor").post("/plane/v1/answers", json={}).status_code == 422
    ended.set()
    door.hub.tell()
    listening.join()


WRONG = RefusedAnswer(code="x", status=500, words="somebody else said this")
