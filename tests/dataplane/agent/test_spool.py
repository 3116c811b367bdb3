from datetime import UTC, datetime
from pathlib import Path

import pytest

from bailiwick.core.messages import AppReport
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
