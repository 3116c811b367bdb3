"""Faults at every place between reading and counting: nothing is lost, and a file that comes again is the same file."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bailiwick.control.audit import log_size
from bailiwick.control.exporters import DeliveryError, ExportWorker, Outgoing
from bailiwick.control.exporters.receivers.folder import FolderReceiver

from .conftest import Exporting, Makes, Moment
from .test_worker import uids, written


class Killed(BaseException):
    """The process ends here, as by kill -9."""


@pytest.fixture
def lake(exporting: Makes, tmp_path: Path) -> Exporting:
    (tmp_path / "lake").mkdir()
    return exporting(kind="folder", path=str(tmp_path / "lake"), batch_seconds=0, batch_events=7)


@pytest.mark.req("OB3")
@pytest.mark.parametrize("seed", range(8))
def test_whatever_fails_every_event_comes_once_or_as_the_same_file(
    lake: Exporting, tmp_path: Path, clock: Moment, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    wrote, counted = FolderReceiver.deliver, ExportWorker._move
    seen: dict[str, bytes] = {}

    def deliver(self: FolderReceiver, events: Sequence[Outgoing]) -> None:
        fate = chance.random()
        if fate < 0.15:
            raise DeliveryError("before anything was written")
        wrote(self, events)
        for file in (tmp_path / "lake").rglob("*.gz"):
            assert seen.setdefault(file.name, file.read_bytes()) == file.read_bytes()
        if fate < 0.3:
            raise DeliveryError("it was written, but the answer was lost")

    def move(self: ExportWorker, end: int, count: int) -> None:
        fate = chance.random()
        if fate < 0.1:
            raise Killed
        counted(self, end, count)
        if fate < 0.2:
            raise Killed

    monkeypatch.setattr(FolderReceiver, "deliver", deliver)
    monkeypatch.setattr(ExportWorker, "_move", move)
    for _ in range(60):
        lake.write(chance.randrange(0, 12))
        clock.pass_seconds(chance.choice([0, 1, 400]))
        try:
            lake.worker.step()
        except Killed:
            lake.worker = lake.new_worker()
    monkeypatch.undo()
    clock.pass_seconds(400)
    lake.run(1000)
    with lake.store.transaction() as session:
        total = log_size(session)
    assert Counter(uids(tmp_path / "lake")) == Counter(f"default/{place}" for place in range(total))


@pytest.mark.req("OB3")
def test_two_processes_at_once_lose_nothing_and_write_no_file_twice_differently(
    lake: Exporting, tmp_path: Path
) -> None:
    lake.write(300)
    workers = [lake.new_worker() for _ in range(3)]

    def drive(worker: ExportWorker) -> None:
        for _ in range(400):
            if worker.step() > 0 and lake.row().next_sequence == 300:
                return

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(drive, workers))
    assert lake.row().next_sequence == 300
    assert set(uids(tmp_path / "lake")) == {f"default/{place}" for place in range(300)}
    assert len(written(tmp_path / "lake")) == -(-300 // 7)
