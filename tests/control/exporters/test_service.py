"""What people do with exporters: who may, what is kept, what is said, and that each thread goes its own way."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.app import running
from bailiwick.control.exporter_settings import SecretFrom
from bailiwick.control.exporters import DeliveryError, ExporterStatus, ExportRunner, in_words, secret_reader
from bailiwick.control.settings import ControlSettings
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.fixtures.company import Company
from tests.fixtures.waiting import until

from .http_receiver import HttpReceiver, Sent, answer, listening
from .test_webhook import SECRET
from .test_worker import uids

NOW = datetime(2026, 11, 28, 10, 2, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with listening() as started:
        yield started


@pytest.fixture
def more_settings(tmp_path: Path, receiver: HttpReceiver) -> dict[str, Any]:
    (tmp_path / "lake").mkdir()
    (tmp_path / "hook.secret").write_text(f"{SECRET}\n")
    return {
        "audit_exporters": [
            {
                "name": "hook",
                "kind": "webhook",
                "url": f"{receiver.url}/in/key-in-path",
                "secret": {"file": tmp_path / "hook.secret"},
            },
            {"name": "lake", "kind": "folder", "path": tmp_path / "lake", "batch_seconds": 0},
        ]
    }


@pytest.mark.req("OB3")
async def test_exporters_run_with_the_control_plane(company: Company, receiver: HttpReceiver, tmp_path: Path) -> None:
    async with running(company.control):
        until(lambda: receiver.sent and uids(tmp_path / "lake"))
    assert uids(tmp_path / "lake")[0] == "default/0"


@pytest.mark.req("OB3")
def test_a_receiver_that_hangs_holds_up_no_other(company: Company, receiver: HttpReceiver, tmp_path: Path) -> None:
    def hang(handler: object, sent: Sent) -> None:
        time.sleep(5)

    receiver.answers = hang  # type: ignore[assignment]
    runner = ExportRunner(company.control.exporters.workers())
    runner.start()
    until(lambda: receiver.sent)
    until(lambda: uids(tmp_path / "lake"))
    began = time.monotonic()
    runner.stop()
    assert time.monotonic() - began < 5


@pytest.mark.req("OB3", "ID1")
@pytest.mark.parametrize("who", ["security", "builder", "user"])
def test_only_administrators_change_exporters(company: Company, who: str) -> None:
    exporters, identity = company.control.exporters, company.people[who]
    for attempt in (
        lambda: exporters.pause(identity, "lake", "why not"),
        lambda: exporters.resume(identity, "lake"),
        lambda: exporters.replay(identity, "lake", 0, "again"),
        lambda: exporters.test(identity, "lake"),
    ):
        with pytest.raises(ForbiddenError):
            attempt()
    if who == "security":
        assert [item.name for item in exporters.statuses(identity)] == ["hook", "lake"]
    else:
        with pytest.raises(ForbiddenError):
            exporters.statuses(identity)


@pytest.mark.req("OB3")
def test_pause_resume_and_replay_take_effect_and_are_in_the_log(company: Company, tmp_path: Path) -> None:
    exporters, admin = company.control.exporters, company.people["admin"]
    lake = next(worker for worker in exporters.workers() if worker.options.name == "lake")
    assert exporters.pause(admin, "lake", "the share moves").paused
    lake.step()
    assert uids(tmp_path / "lake") == []
    assert not exporters.resume(admin, "lake").paused
    lake.step()
    first = uids(tmp_path / "lake")
    assert first
    status = exporters.replay(admin, "lake", 2, "lost on the other side")
    assert status.next_sequence == 2
    lake.step()
    assert uids(tmp_path / "lake")[-1] > first[-1]
    noted = [action for action, _ in company.actions() if action.startswith("exporter.")]
    assert noted == ["exporter.paused", "exporter.resumed", "exporter.replayed"]


@pytest.mark.req("OB3")
def test_a_replay_of_what_is_not_there_or_without_a_reason_is_refused(company: Company) -> None:
    exporters, admin = company.control.exporters, company.people["admin"]
    with pytest.raises(InvalidInputError, match="the log has places 0 to"):
        exporters.replay(admin, "lake", 10_000, "too far")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        exporters.replay(admin, "lake", 0, " ")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        exporters.pause(admin, "lake", "")
    with pytest.raises(NotFoundError) as fault:
        exporters.pause(admin, "lakes", "x")
    assert fault.value.hint == "did you mean 'lake'?"


@pytest.mark.req("OB3")
def test_a_test_sends_one_event_and_says_what_came_of_it(
    company: Company, receiver: HttpReceiver, tmp_path: Path
) -> None:
    exporters, admin = company.control.exporters, company.people["admin"]
    exporters.test(admin, "hook")
    assert b'"action":"exporter.tested"' in receiver.sent[0].body
    assert exporters.status(admin, "hook").next_sequence == 0
    receiver.answers = answer(500)
    with pytest.raises(DeliveryError, match="status 500"):
        exporters.test(admin, "hook")
    (tmp_path / "hook.secret").unlink()
    with pytest.raises(DeliveryError, match="holds no secret"):
        exporters.test(admin, "hook")


@pytest.mark.req("OB3")
def test_secrets_come_from_a_file_a_variable_or_the_vault(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = company.control
    read = secret_reader(control.store, control.vault)
    (tmp_path / "token").write_text("in a file\n")
    monkeypatch.setenv("SIEM_TOKEN", "in a variable")
    with control.store.transaction() as session:
        control.vault.put(session, "siem-token", "in the vault", by="user:admin@example.com")
    places = {"file": str(tmp_path / "token"), "env": "SIEM_TOKEN", "vault": "siem-token"}
    found = [read(SecretFrom.model_validate({kind: place})).get_secret_value() for kind, place in places.items()]
    assert found == ["in a file", "in a variable", "in the vault"]
    for kind, words in (
        ("file", "file /none"),
        ("env", "environment variable /none"),
        ("vault", "vault's secret /none"),
    ):
        with pytest.raises(DeliveryError, match=f"the {words} holds no secret"):
            read(SecretFrom.model_validate({kind: "/none"}))


@pytest.mark.req("OB3")
def test_no_secret_is_shown_anywhere(company: Company, receiver: HttpReceiver) -> None:
    exporters, admin = company.control.exporters, company.people["admin"]
    receiver.answers = answer(500, SECRET.encode())
    for worker in exporters.workers():
        worker.step()
    shown = repr(exporters.statuses(admin)) + repr(company.control.settings) + repr(exporters.workers()[0].options)
    assert SECRET not in shown
    assert SECRET.removeprefix("whsec_") not in shown
    assert "key-in-path" not in repr(exporters.statuses(admin))


@pytest.mark.req("OB3")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "has everything"),
        ({"behind": 1}, "behind by 1 event"),
        ({"behind": 1204, "paused": True}, "paused; behind by 1,204 events"),
        (
            {
                "behind": 1204,
                "failures": 7,
                "failing_since": NOW,
                "last_error": "no connection to siem:6514: Connection refused",
                "next_attempt": NOW + timedelta(seconds=100),
            },
            "behind by 1,204 events, fails since 2026-11-28 10:02 UTC: no connection to siem:6514: Connection refused; "
            "next try in 40 s",
        ),
    ],
)
def test_health_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    values: dict[str, Any] = {
        "name": "siem", "kind": "syslog", "destination": "siem:6514", "next_sequence": 1, "behind": 0, "sent": 1,
        "paused": False, "failures": 0, "failing_since": None, "last_error": "", "last_success": None,
        "next_attempt": None,
    }  # fmt: skip
    assert in_words(ExporterStatus(**(values | changes)), NOW + timedelta(seconds=60)) == words


def test_two_exporters_of_one_name_are_refused(company: Company) -> None:
    twice = [{"name": "a", "kind": "folder", "path": "/x"}] * 2
    with pytest.raises(ValueError, match="a name of its own"):
        ControlSettings.model_validate({**dict(company.control.settings), "audit_exporters": twice})
