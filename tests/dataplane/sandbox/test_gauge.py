"""What is said of limits, from the kernel's counters as they go up."""

import os
import time

import pytest

from bailiwick.dataplane.sandbox import Limits, Reached, SandboxSpec
from bailiwick.dataplane.sandbox import gauge as gauge_module
from bailiwick.dataplane.sandbox.cgroups import ControlGroup, Counters
from bailiwick.dataplane.sandbox.gauge import Gauge

LIMITS = Limits(memory_bytes=96 * 2**20, cpu=0.5, processes=16)


class Group(ControlGroup):
    """A control group whose counters are set by hand."""

    now = Counters()

    def counters(self) -> Counters:
        return type(self).now


@pytest.fixture
def gauge(monkeypatch: pytest.MonkeyPatch) -> Gauge:
    monkeypatch.setattr(gauge_module, "_full", lambda *_: "")
    monkeypatch.setattr(Gauge, "_files_full", lambda _: False)
    Group.now = Counters()
    return Gauge(SandboxSpec("test", "test", (), limits=LIMITS), Group(2, {}), os.getpid())


@pytest.mark.req("RT6")
def test_a_limit_is_said_once_for_each_time_that_it_bites(gauge: Gauge) -> None:
    assert gauge.reached() == []
    Group.now = Counters(memory_kills=1, processes_refused=3)
    memory, processes = Reached("memory", "96 MiB of memory reached"), Reached("processes", "16 processes reached")
    assert gauge.reached() == [memory, processes]
    assert gauge.reached() == []
    Group.now = Counters(memory_kills=2, processes_refused=3)
    assert gauge.reached() == [memory]
    assert gauge.broken() == memory
    for _ in range(6):
        gauge.reached()
    # What was long ago is not what ended it.
    assert gauge.broken() is None
    assert (gauge.words_of(memory), gauge.words_of(None)) == ("the memory limit of 96 MiB was exceeded", "")


@pytest.mark.req("RT6")
def test_an_app_that_is_held_back_all_the_time_is_said_to_use_up_its_processors(
    gauge: Gauge, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [time.monotonic()]
    monkeypatch.setattr(gauge_module.time, "monotonic", lambda: clock[0])
    for throttled, said in ((20, []), (125, [Reached("cpu", "0.5 CPU used up for 11 s")])):
        clock[0] += 11
        Group.now = Counters(throttled=throttled)
        assert [item for item in gauge.reached() if item.limit == "cpu"] == said


@pytest.mark.req("RT6")
def test_a_full_disk_is_said_again_only_after_there_was_room(gauge: Gauge, monkeypatch: pytest.MonkeyPatch) -> None:
    full = iter((True, True, False, True))
    monkeypatch.setattr(gauge_module, "_full", lambda *_: "bytes" if next(full) else "")
    assert [len(gauge.reached()) for _ in range(4)] == [1, 0, 0, 1]
