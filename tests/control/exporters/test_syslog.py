"""Syslog over TLS to a real rsyslog, also one that is killed in the middle."""

import json
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.exporters import Outgoing
from bailiwick.control.exporters.formats.syslog import frame, message
from bailiwick.core.events import AuditEvent
from tests.fixtures.waiting import until

from .certificates import Certificates
from .conftest import Exporting, Makes, Moment
from .rsyslog import Rsyslog, need_rsyslog

NOISE_SECONDS = 20


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def rsyslog(tmp_path: Path, certificates: Certificates) -> Iterator[Rsyslog]:
    need_rsyslog()
    server = Rsyslog(tmp_path / "rsyslog", certificates)
    server.start()
    yield server
    server.kill()


def siem(exporting: Makes, rsyslog: Rsyslog, **options: Any) -> Exporting:
    certificate, key = rsyslog.certificates.issue("control.example")
    defaults = {
        "kind": "syslog",
        "host": "127.0.0.1",
        "port": rsyslog.port,
        "server_name": "siem.example",
        "ca": str(rsyslog.certificates.ca),
        "certificate": str(certificate),
        "key": str(key),
        "replay_seconds": 30,
    }
    return exporting(**{**defaults, **options})


def uids(rsyslog: Rsyslog) -> list[str]:
    return [found[1] for line in rsyslog.received() if (found := re.search(r'uid="([^"]*)"', line[3]))]


@pytest.mark.req("OB3")
@pytest.mark.parametrize("form", ["json", "ocsf", "cef"])
def test_rsyslog_reads_every_part_of_a_message(exporting: Makes, rsyslog: Rsyslog, form: str) -> None:
    some = siem(exporting, rsyslog, format=form)
    some.write(1, outcome="refused", reason='no "grant"] here\nnor there', actor='user:"]\\@example.com')
    some.run()
    until(lambda: len(rsyslog.received()) == 1)
    priority, app, message_id, data, text = rsyslog.received()[0]
    assert (app, message_id) == ("bailiwick", "app.created")
    assert priority.endswith(".warning")
    assert 'uid="default/0"' in data
    assert r'actor="user:\"\]\\@example.com"' in data
    if form == "cef":
        assert text.lstrip().startswith("CEF:0|Bailiwick|")
        assert "externalId=default/0" in text
    else:
        document = json.loads(text)
        assert "default/0" in (document.get("uid"), document.get("metadata", {}).get("uid"))


@pytest.mark.req("OB3")
def test_what_was_sent_counts_only_once_it_has_settled(exporting: Makes, rsyslog: Rsyslog, clock: Moment) -> None:
    some = siem(exporting, rsyslog)
    some.write(3)
    some.run()
    until(lambda: len(rsyslog.received()) == 3)
    assert some.row().next_sequence == 0
    clock.pass_seconds(29)
    some.run()
    assert some.row().next_sequence == 0
    clock.pass_seconds(2)
    some.run()
    assert (some.row().next_sequence, some.row().sent) == (3, 3)
    assert uids(rsyslog) == ["default/0", "default/1", "default/2"]


@pytest.mark.req("OB3")
def test_a_receiver_killed_in_the_middle_loses_nothing_and_repeats_are_known_by_id(
    exporting: Makes, rsyslog: Rsyslog, clock: Moment
) -> None:
    total = 5_000
    some = siem(exporting, rsyslog, batch_events=250)
    some.write(total)
    for step in range(200):
        some.worker.step()
        if step in {4, 9, 14}:
            rsyslog.kill()
            rsyslog.start()
        clock.pass_seconds(2)
        if some.row().next_sequence == total:
            break
    assert some.row().next_sequence == total
    until(lambda: set(uids(rsyslog)) == {f"default/{place}" for place in range(total)})
    assert len(uids(rsyslog)) > total
    texts: dict[str, set[str]] = {}
    for _, _, _, data, text in rsyslog.received():
        texts.setdefault(data, set()).add(text)
    assert all(len(same) == 1 for same in texts.values())


@pytest.mark.req("OB3")
def test_a_connection_is_renewed_in_order_while_it_is_used(exporting: Makes, rsyslog: Rsyslog, clock: Moment) -> None:
    some = siem(exporting, rsyslog, replay_seconds=1)
    for round_number in range(1, 4):
        some.write(2)
        some.run()
        time.sleep(0.6)
        clock.pass_seconds(2)
        some.run()
        assert some.row().next_sequence == 2 * round_number
    assert some.row().failures == 0
    until(lambda: uids(rsyslog) == [f"default/{place}" for place in range(6)])


@pytest.mark.req("OB3")
def test_a_receiver_that_is_restarted_while_nothing_is_under_way_is_no_failure(
    exporting: Makes, rsyslog: Rsyslog, clock: Moment
) -> None:
    some = siem(exporting, rsyslog)
    some.write(2)
    some.run()
    clock.pass_seconds(31)
    some.run()
    assert some.row().next_sequence == 2
    rsyslog.kill(signal.SIGTERM)
    rsyslog.start()
    some.write(1)
    some.run()
    clock.pass_seconds(31)
    some.run()
    assert (some.row().next_sequence, some.row().last_error) == (3, "")
    until(lambda: uids(rsyslog) == [f"default/{place}" for place in range(3)])


@pytest.mark.req("OB3")
def test_a_receiver_that_hangs_and_is_then_killed_loses_nothing(
    exporting: Makes, rsyslog: Rsyslog, clock: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bailiwick.control.exporters.receivers.syslog._CLOSE_SECONDS", 0.5)
    some = siem(exporting, rsyslog, replay_seconds=1)
    some.write(3)
    assert rsyslog.process is not None
    some.run()
    until(lambda: len(rsyslog.received()) == 3)
    rsyslog.process.send_signal(signal.SIGSTOP)
    some.write(3)
    some.run()
    # The kernel took them; the receiver did not.
    time.sleep(0.6)
    clock.pass_seconds(5)
    some.run()
    assert "did not close in order" in some.row().last_error
    rsyslog.kill()
    rsyslog.start()
    clock.pass_seconds(60)
    some.run()
    until(lambda: set(uids(rsyslog)) == {f"default/{place}" for place in range(6)})


@pytest.mark.req("OB3")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"server_name": "other.example"}, "certificate is refused"),
        ({"ca": None}, "certificate is refused"),
        ({"certificate": None, "key": None}, ""),
        ({"port": 1}, "no connection to 127.0.0.1:1"),
    ],
)
def test_a_connection_that_proves_too_little_carries_nothing(
    exporting: Makes, rsyslog: Rsyslog, clock: Moment, wrong: dict[str, Any], words: str
) -> None:
    some = siem(exporting, rsyslog, **wrong)
    some.write(2)
    for _ in range(5):
        some.worker.step()
        time.sleep(0.1)
    assert words in some.row().last_error
    assert some.row().last_error
    clock.pass_seconds(120)
    some.worker.step()
    time.sleep(0.3)
    some.worker.step()
    assert some.row().next_sequence == 0
    assert rsyslog.received() == []


@pytest.mark.req("OB3")
@given(st.text(max_size=50), st.text(max_size=50), st.integers(0, 2**40))
def test_no_content_breaks_a_message_or_its_frame(actor: str, app: str, place: int) -> None:
    actor, app = (value.encode(errors="replace").decode() for value in (actor, app))
    event = AuditEvent(time=datetime.now(UTC), actor=actor, action="app.created", resource="app:f/d", app=app)
    made = message(Outgoing(place, event), "text", facility=13, host="hóst name")
    length, _, rest = frame(made).partition(b" ")
    assert int(length) == len(rest)
    text = made.decode()
    assert len(text.splitlines()) == 1
    value = r'"(?:[^"\\\]]|\\["\\\]])*"'
    data = rf'\[meta sequenceId="\d+"\]\[bailiwick@32473( \w+={value})+\]'
    assert re.fullmatch(rf"<1\d\d>1 \S+Z hstname bailiwick - app\.created {data} text", text)
    assert 1 <= int(re.search(r'sequenceId="(\d+)"', text)[1]) <= 2**31 - 1  # type: ignore[index]
