"""The cursor: nothing is lost, and what comes twice has the same id and, where it is a file, the same name."""

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bailiwick.core.events import Outcome

from .conftest import Exporting, Makes, Moment


def written(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        file.name: [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
        for file in sorted(folder.rglob("*.ndjson.gz"))
    }


def uids(folder: Path) -> list[str]:
    return [event["uid"] for events in written(folder).values() for event in events]


@pytest.fixture
def lake(exporting: Makes, tmp_path: Path) -> Exporting:
    (tmp_path / "lake").mkdir()
    return exporting(kind="folder", path=str(tmp_path / "lake"), batch_seconds=0, batch_events=10)


@pytest.mark.req("OB3")
def test_every_event_is_written_once_in_order(lake: Exporting, tmp_path: Path) -> None:
    lake.write(25)
    lake.run()
    assert uids(tmp_path / "lake") == [f"default/{place}" for place in range(25)]
    assert list(written(tmp_path / "lake")) == [
        "000000000000-000000000009.ndjson.gz",
        "000000000010-000000000019.ndjson.gz",
        "000000000020-000000000024.ndjson.gz",
    ]
    row = lake.row()
    assert (row.next_sequence, row.sent, row.batch_end) == (25, 25, None)


@pytest.mark.req("OB3")
def test_a_batch_that_was_written_but_not_counted_is_written_over_by_itself(lake: Exporting, tmp_path: Path) -> None:
    lake.write(5)
    lake.run()
    before = {file: file.read_bytes() for file in (tmp_path / "lake").rglob("*.gz")}
    # The process died between the file and the cursor; then more events came.
    lake.set_cursor(0, batch_end=5)
    lake.write(3)
    lake.run()
    assert list(written(tmp_path / "lake")) == [
        "000000000000-000000000004.ndjson.gz",
        "000000000005-000000000007.ndjson.gz",
    ]
    assert {file: file.read_bytes() for file in before} == before
    assert uids(tmp_path / "lake") == [f"default/{place}" for place in range(8)]


@pytest.mark.req("OB3")
def test_a_folder_that_is_away_for_an_hour_loses_nothing(lake: Exporting, tmp_path: Path, clock: Moment) -> None:
    (tmp_path / "lake").rename(tmp_path / "away")
    waits = []
    ends = clock.now + timedelta(hours=1)
    while clock.now < ends:
        lake.write(1)
        lake.run()
        row = lake.row()
        assert row.next_attempt is not None
        waits.append((row.next_attempt - clock.now).total_seconds())
        clock.now = row.next_attempt
    assert waits[0] <= 1
    assert all(150 <= wait <= 300 for wait in waits[10:])
    assert "is no folder" in lake.row().last_error
    (tmp_path / "away").rename(tmp_path / "lake")
    lake.run()
    failed, recovered = lake.noted("exporter.failed"), lake.noted("exporter.recovered")
    assert [event.outcome for event in failed] == [Outcome.FAILED]
    assert len(recovered) == 1
    lake.run()
    total = len(waits) + 2
    assert uids(tmp_path / "lake") == [f"default/{place}" for place in range(total)]
    row = lake.row()
    assert (row.failures, row.failing_since, row.next_sequence) == (0, None, total)


@pytest.mark.req("OB3")
def test_filters_pass_over_what_is_not_asked_for(exporting: Makes, tmp_path: Path) -> None:
    some = exporting(
        kind="folder", path=str(tmp_path), batch_seconds=0, actions=["session.", "app.killed"], outcomes=["refused"]
    )
    some.write(2)
    some.write(1, action="session.started", outcome="refused")
    some.write(1, action="session.started")
    some.write(1, action="app.killed", outcome="refused")
    some.run()
    assert uids(tmp_path) == ["default/2", "default/4"]
    assert (some.row().next_sequence, some.row().sent) == (5, 2)


@pytest.mark.req("OB3")
def test_an_exporter_may_begin_now_and_files_wait_until_they_are_worth_it(
    exporting: Makes, tmp_path: Path, clock: Moment
) -> None:
    late = exporting(kind="folder", path=str(tmp_path), start="now", batch_seconds=60, batch_events=3)
    late.write(4)
    late.run()
    late.write(2)
    late.run()
    assert uids(tmp_path) == []
    clock.pass_seconds(61)
    late.run()
    assert uids(tmp_path) == ["default/4", "default/5"]
    late.write(3)
    late.run()
    assert uids(tmp_path)[2:] == ["default/6", "default/7", "default/8"]


@pytest.mark.req("OB3")
def test_a_cursor_that_somebody_sets_while_a_batch_is_under_way_counts(lake: Exporting, tmp_path: Path) -> None:
    lake.write(30)
    lake.worker.step()
    with lake.store.transaction() as session:
        session.execute(text("UPDATE audit_exporters SET next_sequence = 2, batch_end = NULL"))
    lake.run()
    assert lake.row().next_sequence == 30
    assert set(uids(tmp_path / "lake")) == {f"default/{place}" for place in range(30)}
