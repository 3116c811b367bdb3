"""The plane's link to the control plane, through the real door with TLS on both sides."""

import asyncio
import contextlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import AuditReport, DesiredState, KillOrder, Message, PlaneWelcome
from bailiwick.core.statements import SignatureError, SigningKey
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.agent.spool import Spool
from bailiwick.dataplane.credentials import Credentials
from tests.control.planes.test_door import KEY, Answers, Door, door

__all__ = ["door"]


def link_to(door: Door, pinned: PlaneWelcome | None = None) -> Link:
    issued = door.authority.issue("plane/production")
    credentials = door.folder / "credentials"
    credentials.mkdir()
    (credentials / "authority.pem").write_text(door.authority.certificate_pem)
    (credentials / "credentials.pem").write_text(issued.pem)
    pins = door.folder / "pinned-keys.json"
    if pinned is not None:
        pins.write_text(pinned.model_dump_json())
    return Link(url=door.url, credentials=credentials, pins=pins, spool=Spool(door.folder / "spool.sqlite"))


async def heard_within(link: Link, seconds: float, count: int = 1) -> list[Message]:
    heard: list[Message] = []
    enough = asyncio.Event()

    async def take(message: Message) -> None:
        heard.append(message)
        if len(heard) >= count:
            enough.set()

    running = asyncio.create_task(link.run(take))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(enough.wait(), seconds)
    running.cancel()
    await asyncio.wait([running])
    return heard


@pytest.mark.req("DM2", "DG7")
async def test_the_first_contact_pins_the_keys_and_the_state_is_heard(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    link = link_to(door)
    assert isinstance((await heard_within(link, 10))[0], DesiredState)
    pinned = json.loads((door.folder / "pinned-keys.json").read_text())
    assert pinned["release_keys"] == [KEY.public_text]
    assert "link to the control plane is down" not in caplog.text


@pytest.mark.req("DM2", "DG7")
@pytest.mark.parametrize("field", ["downlink_key", "pass_key", "review_keys", "approval_keys", "release_keys"])
async def test_a_control_plane_with_other_keys_than_the_pinned_is_refused_and_the_log_says_so(
    door: Door, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = SigningKey.generate().public_text
    value = (other,) if field.endswith("keys") else other
    pinned = Answers().welcome("production").model_copy(update={field: value})
    assert await heard_within(link_to(door, pinned), 1.5) == []
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("agent.link")]
    assert lines == [
        "the link to the control plane is down: the control plane's keys are not those that were pinned at enrolment"
    ]
    assert json.loads((door.folder / "pinned-keys.json").read_text())[field] == json.loads(json.dumps(value))


@pytest.mark.req("DM2", "SE1")
async def test_a_control_plane_is_told_nothing_before_it_has_shown_the_pinned_keys(door: Door) -> None:
    pinned = Answers().welcome("production").model_copy(update={"downlink_key": SigningKey.generate().public_text})
    link = link_to(door, pinned)
    listening = asyncio.create_task(heard_within(link, 1.5))
    reporting = asyncio.create_task(link.send_reports())
    link._spool.add(
        AuditReport(event=AuditEvent(time=utc_now(), actor="app:a/b", action="query.executed", resource="x"))
    )
    link._spool.flush()
    assert await listening == []
    with pytest.raises(UnavailableError, match="has not shown its keys"):
        await link.secret("orders-db-password")
    reporting.cancel()
    assert link._spool.next_batch() is not None


@pytest.mark.req("DM2", "DG7")
def test_pinned_keys_that_cannot_be_read_are_not_pinned_anew(tmp_path: Path) -> None:
    (tmp_path / "pinned-keys.json").write_text("{")
    spool = Spool(tmp_path / "spool.sqlite")
    with pytest.raises(SignatureError, match="cannot be read"):
        Link(url="https://c", credentials=tmp_path, pins=tmp_path / "pinned-keys.json", spool=spool)
    spool.close()


@pytest.mark.req("DM2")
async def test_a_control_plane_of_a_foreign_authority_is_not_listened_to(
    door: Door, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    from tests.control.planes.test_door import CertificateAuthority, _self_signed, ec, utc_now

    link = link_to(door)
    key = ec.generate_private_key(ec.SECP256R1())
    stranger = CertificateAuthority(key, _self_signed(key, "Bailiwick planes", utc_now), utc_now)
    (door.folder / "credentials" / "authority.pem").write_text(stranger.certificate_pem)
    assert await heard_within(link, 1.5) == []
    assert "the control plane is not reached (ConnectError)" in caplog.text
    assert not (door.folder / "pinned-keys.json").exists()


@pytest.mark.req("RT5")
async def test_an_order_is_heard_after_the_state(door: Door) -> None:
    link = link_to(door)
    listening = asyncio.create_task(heard_within(link, 10, count=2))
    while not door.hub.connected.get("production"):  # noqa: ASYNC110 - the door lives in a thread of its own
        await asyncio.sleep(0.02)
    door.hub.broadcast(KillOrder(scope=StopScope.parse("a/b"), modes=("preview",), because="now"))
    heard = await listening
    assert {type(message) for message in heard} == {DesiredState, KillOrder}


@pytest.mark.req("DM2", "ID2")
async def test_the_plane_renews_its_certificate_while_it_listens(door: Door) -> None:
    link = link_to(door)
    file = door.folder / "credentials" / "credentials.pem"
    short = door.authority.issue("plane/production", lifetime=timedelta(seconds=5))
    file.write_text(short.pem)
    heard: list[Message] = []

    async def take(message: Message) -> None:
        heard.append(message)

    tasks = [asyncio.create_task(link.run(take)), asyncio.create_task(link.keep_certificate())]
    async with asyncio.timeout(20):
        while file.read_text() == short.pem or not heard:  # noqa: ASYNC110 - a file is looked at
            await asyncio.sleep(0.02)
        renewed = x509.load_pem_x509_certificate(file.read_bytes())
        assert renewed.not_valid_after_utc > utc_now() + timedelta(minutes=50)
        assert file.stat().st_mode & 0o777 == 0o600
        # The first one is over; requests go on over new connections, and the stream was never broken.
        over = x509.load_pem_x509_certificate(short.pem.encode()).not_valid_after_utc
        await asyncio.sleep((over - utc_now()).total_seconds() + 0.1)
        await link._hang_up()
        with pytest.raises(BailiwickError, match="no app of this plane"):
            await link.secret("orders-db-password")
    assert len([message for message in heard if isinstance(message, DesiredState)]) == 1
    for task in tasks:
        task.cancel()


@pytest.mark.req("VA4")
async def test_a_plane_drops_a_credential_once_the_tenants_keys_are_destroyed(door: Door) -> None:
    link, now = link_to(door), [0.0]
    await heard_within(link, 10)
    credentials = Credentials(link.secret, clock=lambda: now[0])
    assert await credentials.get("shredded") == "a password from before"
    now[0] = 61
    for _ in range(2):
        with pytest.raises(BailiwickError, match="was destroyed") as caught:
            await credentials.get("shredded")
    assert caught.value.code == "vault.key-destroyed"
