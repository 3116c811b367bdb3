import errno
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bailiwick.core.messages import AppReport, KillReport, RequestTrace, StorageReport
from bailiwick.core.telemetry import own_register
from bailiwick.dataplane.agent import journal as journal_module
from bailiwick.dataplane.agent.spool import Spool


def report(number: int) -> AppReport:
    return AppReport(app="a/b", mode="preview", release=f"rel_{number}", status="running", time=datetime.now(UTC))


@pytest.mark.req("OB2", "DM5")
def test_reports_survive_a_restart_in_order_and_numbers_never_start_again(tmp_path: Path) -> None:
    first = Spool(tmp_path / "spool.sqlite")
    for number in range(5):
        first.add(report(number))
    first.close()
    second = Spool(tmp_path / "spool.sqlite")
    batch = second.next_batch()
    assert batch is not None
    assert [item.report.release for item in batch.reports] == [f"rel_{number}" for number in range(5)]  # type: ignore[union-attr]
    second.forget(batch.reports[-1].sequence)
    assert second.next_batch() is None
    second.add(report(9))
    second.flush()
    later = second.next_batch()
    assert later is not None
    assert later.spool == batch.spool
    assert later.reports[0].sequence == batch.reports[-1].sequence + 1
    second.close()


def test_a_report_comes_back_as_it_went_in_whatever_its_text(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite")
    added = [
        AppReport(app="a/b", mode="preview", release="r", status="failed", time=datetime.now(UTC), words=words)
        for words in ("", "null", '"{[quoted]}"', "línea\n\t\\u0041", "🛑", "\x00")
    ]
    for item in added:
        spool.add(item)
    spool.flush()
    batch = spool.next_batch()
    assert batch is not None
    assert [item.report for item in batch.reports] == added
    spool.close()


# Adds reports and says of each, once that is done, that it was; it is killed at some moment.
_ADDER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from bailiwick.core.messages import AppReport
from bailiwick.dataplane.agent.spool import Spool
spool = Spool(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 10**9):
    spool.add(AppReport(app="a/b", mode="preview", release=str(number), status="running", time=datetime.now(UTC)))
    os.write(1, b"%d\\n" % number)
"""


def releases_in(path: Path) -> list[int]:
    spool = Spool(path)
    found: list[int] = []
    while (batch := spool.next_batch()) is not None:
        found += [int(item.report.release) for item in batch.reports]  # type: ignore[union-attr]
        spool.forget(batch.reports[-1].sequence)
    spool.close()
    return found


@pytest.mark.req("OB2", "DM5")
def test_what_was_added_before_a_kill_is_there_after_it_once_and_in_order(tmp_path: Path) -> None:
    path, expected = tmp_path / "spool.sqlite", 0
    for seconds in (0.0, 0.01, 0.05, 0.2):
        adder = subprocess.Popen([sys.executable, "-c", _ADDER, str(path), str(expected)], stdout=subprocess.PIPE)
        assert adder.stdout is not None
        said = [adder.stdout.readline()]
        time.sleep(seconds)
        adder.send_signal(signal.SIGKILL)
        said += adder.stdout.read().splitlines()
        adder.wait()
        acknowledged = int(said[-1])
        found = releases_in(path)
        assert found == list(range(expected, expected + len(found)))
        # The one more was added, and the kill came before that could be said.
        assert found[-1] - acknowledged in {0, 1}
        expected = found[-1] + 1


@pytest.mark.req("OB2")
def test_a_journal_that_the_database_took_is_not_taken_again_and_half_a_line_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    spool = Spool(path)
    spool.add(report(1))
    spool.flush()
    first = spool.next_batch()
    spool.close()
    assert first is not None
    line = first.reports[0].report.model_dump_json(by_alias=True).encode()
    # Killed after the database had taken the turn and before the file was emptied; and while more was written.
    (tmp_path / "spool.journal1").write_bytes(b"1 %b\n" % line)
    (tmp_path / "spool.journal0").write_bytes(b"1000 %b\nnonsense\n1000 {}\n1000 %b" % (line, line[:20]))
    again = Spool(path)
    batch = again.next_batch()
    again.close()
    assert batch is not None
    assert [item.sequence for item in batch.reports] == [1, 2]
    assert (tmp_path / "spool.journal0").read_bytes() == b""
    assert (tmp_path / "spool.journal0").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_loses_nothing_while_the_process_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    spool = Spool(tmp_path / "spool.sqlite")
    monkeypatch.setattr(journal_module.os, "write", full)
    for number in range(3):
        spool.add(report(number))
    spool.flush()
    batch = spool.next_batch()
    assert batch is not None
    assert len(batch.reports) == 3
    spool.close()
    spool.close()
    spool.add(report(4))  # too late, and written to nobody's file
    assert caplog.text.count("reports wait in memory only") == 1


# Files may not grow for a while, as on a full disk.
_FULL = """
import resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from bailiwick.core.messages import AppReport
from bailiwick.core.policy import PoliciesInForce
from bailiwick.core.policy.question import Resource
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.agent.spool import Spool
spool = Spool(Path(sys.argv[1]))
engine = PoliciesInForce(environment="production", unrecorded=spool.fault)
admin = Identity(Principal("user", "a@example.com"), frozenset({"user:a@example.com"}))
roles = {"org-admin": frozenset({"user:a@example.com"})}

def asked():
    decision = engine.decide(admin, "app.read", Resource("App", "app:a/b", roles))
    return decision.allowed, decision.reason, decision.deciders

def wait(true):
    while not true():
        time.sleep(0.01)

assert asked()[0], asked()
resource.setrlimit(resource.RLIMIT_FSIZE, (48 * 1024, resource.RLIM_INFINITY))
added = 0
while not spool.fault():
    spool.add(AppReport(app="a/b", mode="preview", release=str(added), status="running", time=datetime.now(UTC)))
    added += 1
print(asked())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
wait(lambda: not spool.fault())
assert asked()[0], asked()
spool.close()
print(added)
"""


@pytest.mark.req("OB2", "DM5")
def test_nothing_is_allowed_while_no_record_can_be_kept_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    ran = subprocess.run([sys.executable, "-c", _FULL, path], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    refused, added = ran.stdout.splitlines()
    assert refused.startswith("(False, 'what is done cannot be put on record, so everything is refused: ")
    assert refused.endswith("('audit-cannot-be-kept',))")
    assert "reports cannot be written to" in ran.stderr
    assert releases_in(path) == list(range(int(added)))


@pytest.mark.req("OB2")
def test_what_the_database_does_not_take_before_the_end_is_taken_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    spool = Spool(path)
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE reports")
    added = [report(number) for number in range(3)]
    for item in added:
        spool.add(item)
    spool.close()
    again = Spool(path)
    batch = again.next_batch()
    again.close()
    assert batch is not None
    assert [item.report for item in batch.reports] == added


@pytest.mark.req("AI3")
def test_a_report_with_a_field_that_is_not_in_the_register_is_not_kept(tmp_path: Path) -> None:
    own = own_register()
    fields = {name: field for name, field in own.fields.items() if name != "plane.app.words"}
    spool = Spool(tmp_path / "spool.sqlite", register=replace(own, fields=fields))
    spool.add(report(1))
    kept = StorageReport(
        app="a/b", mode="preview", used_bytes=1, size_bytes=2, files=1, most_files=2, time=datetime.now(UTC)
    )
    spool.add(kept)
    spool.flush()
    batch = spool.next_batch()
    assert batch is not None
    assert [item.report for item in batch.reports] == [kept]
    spool.close()


@pytest.mark.req("AI3")
def test_a_field_that_is_off_is_not_on_the_wire_from_the_next_report_on(tmp_path: Path) -> None:
    off: list[str] = []
    spool = Spool(tmp_path / "spool.sqlite", off=lambda: off)

    def sent(words: str) -> bytes:
        now = datetime.now(UTC)
        requests = (
            RequestTrace(trace="ab" * 16, time=now, method="GET", path="/", status=500, milliseconds=1.0,
                         principal=f"user:{words}@example.com"),
        )  # fmt: skip
        spool.add(AppReport(app="a/b", mode="preview", release="r", status="failed", time=now, words=words))
        spool.add(
            KillReport(app="a/b", mode="preview", release="r", because="it fails", time=now, counters={"errors": 3},
                       requests=requests, log_lines=(words,))
        )  # fmt: skip
        spool.flush()
        batch = spool.next_batch()
        assert batch is not None
        spool.forget(batch.reports[-1].sequence)
        assert [item.report.kind for item in batch.reports] == ["app", "kill"]
        return batch.model_dump_json(by_alias=True).encode()

    assert sent("amber").count(b"amber") == 3
    off += ["plane.app.words", "plane.kill.requests.principal", "plane.kill.log_lines"]
    # One that is needed leaves all the same, whatever is said.
    off += ["plane.kill.because", "plane.app.app"]
    left = sent("violet")
    assert (left.count(b"violet"), left.count(b"it fails"), left.count(b"a/b")) == (0, 1, 2)
    # What is on disk has it as little: neither in the journal nor in the database.
    assert not any(b"violet" in path.read_bytes() for path in tmp_path.iterdir())
    off.clear()
    assert sent("third").count(b"third") == 3
    spool.close()
