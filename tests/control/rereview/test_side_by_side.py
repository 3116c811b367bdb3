"""Re-reviews side by side: slow ones hold up no others, apps take turns, and nothing is lost with a process."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from bailiwick.control.catalog import App
from bailiwick.control.rereview.keeper import SIDE_BY_SIDE
from bailiwick.control.rereview.queue import AskedQueue, Taken
from bailiwick.control.review import Report
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock

_PATIENCE_SECONDS = 30.0


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@dataclass
class Readers:
    """In the place of independent reviewers: those of apps that are called slow read until they are let go."""

    gate: threading.Event = field(default_factory=threading.Event)
    began: list[str] = field(default_factory=list)
    most: int = 0
    _now: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, app: App, commit: str, report: Report) -> Report:
        with self._changed:
            self.began.append(f"{app.path}@{commit}")
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
        if "slow" in app.path:
            assert self.gate.wait(_PATIENCE_SECONDS)
        with self._changed:
            self._now -= 1
        return report

    def wait_for(self, *names: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: set(names) <= set(self.began), _PATIENCE_SECONDS), self.began


@pytest.fixture
def readers(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    made = Readers()
    monkeypatch.setattr(company.control.source, "examine", lambda _, commit: Report(commit, ()))
    monkeypatch.setattr(company.control.rereview_keeper, "_second", made)
    yield made
    made.gate.set()


@pytest.fixture
def keeping(company: Company, readers: Readers) -> Iterator[threading.Thread]:
    """The keeper, not yet at work, in a thread."""
    thread = threading.Thread(target=company.control.rereview_keeper.keep)
    yield thread
    readers.gate.set()
    if thread.ident is not None:
        thread.join(_PATIENCE_SECONDS)


def ask(company: Company, app: str, *trees: str) -> None:
    with company.control.store.transaction() as session:
        known = {item.path for item in company.control.catalog.every_app(session)}
    if app not in known:
        company.control.catalog.create_app(company.people["builder"], app)
    for tree in trees or ("t1",):
        company.control.rereviews.ask_for_tree(app, tree, tree, "the rules changed")


def waiting(company: Company) -> int:
    with company.control.store.transaction() as session:
        return company.control.rereviews.progress(session).waiting


def queue_of(company: Company) -> AskedQueue:
    return AskedQueue(company.control.store, company.control.clock)


def all_of(queue: AskedQueue) -> Iterator[Taken]:
    while taken := queue.take(()):
        yield taken


@pytest.mark.req("RV9", "RV7")
def test_a_slow_review_holds_up_no_other_app_and_none_that_is_asked_for_meanwhile(
    company: Company, readers: Readers, keeping: threading.Thread
) -> None:
    ask(company, "finance/slow")
    ask(company, "finance/one")
    keeping.start()
    readers.wait_for("finance/slow@t1", "finance/one@t1")
    ask(company, "finance/two")
    readers.wait_for("finance/two@t1")
    assert waiting(company) >= 1
    readers.gate.set()
    keeping.join(_PATIENCE_SECONDS)
    assert waiting(company) == 0


@pytest.mark.req("RV9")
def test_no_more_than_the_bound_are_at_work_and_of_an_app_only_one(
    company: Company, readers: Readers, keeping: threading.Thread
) -> None:
    for number in range(SIDE_BY_SIDE + 2):
        ask(company, f"finance/slow-{number}", "t1", "t2")
    keeping.start()
    readers.wait_for(*(f"finance/slow-{number}@t1" for number in range(SIDE_BY_SIDE)))
    assert len(readers.began) == SIDE_BY_SIDE
    readers.gate.set()
    keeping.join(_PATIENCE_SECONDS)
    assert readers.most == SIDE_BY_SIDE
    assert waiting(company) == 0


@pytest.mark.req("RV9")
def test_apps_take_turns_however_much_one_of_them_asks_for(company: Company, clock: MovingClock) -> None:
    ask(company, "finance/many", "t1", "t2", "t3")
    clock.move(seconds=1)
    ask(company, "finance/few")
    ask(company, "finance/other")
    turns = [(item.app, item.tree) for item in all_of(queue_of(company))]
    assert [app for app, _ in turns[:3]] == ["finance/many", "finance/few", "finance/other"]
    assert [tree for app, tree in turns if app == "finance/many"] == ["t1", "t2", "t3"]


@pytest.mark.req("RV9")
def test_what_a_dead_process_took_is_free_once_its_lease_is_over(company: Company, clock: MovingClock) -> None:
    ask(company, "finance/one")
    dead, alive = queue_of(company), queue_of(company)
    taken = dead.take(())
    assert taken is not None
    assert alive.take(()) is None
    clock.move(minutes=1)
    dead.renew([taken])
    clock.move(minutes=1, seconds=30)
    assert alive.take(()) is None, "the lease was renewed"
    clock.move(minutes=1)
    again = alive.take(())
    assert again is not None
    assert (again.tree, again.tries) == ("t1", 2)
    # Who comes back from the dead neither holds nor strikes off what is another's now.
    with company.control.store.transaction() as session:
        dead.done(session, taken)
    assert waiting(company) == 1


@pytest.mark.req("RV9")
def test_a_process_that_ends_waits_for_no_slow_review_and_leaves_it_to_the_next(
    company: Company, readers: Readers, keeping: threading.Thread
) -> None:
    ask(company, "finance/slow")
    keeping.start()
    readers.wait_for("finance/slow@t1")
    company.control.rereview_keeper.ending.set()
    keeping.join(_PATIENCE_SECONDS)
    assert not keeping.is_alive()
    assert not readers.gate.is_set()
    left = queue_of(company).take(())
    assert left is not None
    assert left.app == "finance/slow"


@pytest.mark.req("RV9")
def test_a_review_that_breaks_ends_no_other_and_is_tried_again(
    company: Company, clock: MovingClock, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(app: App, commit: str) -> Report:
        if app.path == "finance/broken":
            raise ZeroDivisionError
        return Report(commit, ())

    monkeypatch.setattr(company.control.source, "examine", breaks)
    ask(company, "finance/broken")
    ask(company, "finance/one")
    company.control.rereview_keeper.keep()
    assert readers.began == ["finance/one@t1"]
    assert waiting(company) == 1
    assert queue_of(company).take(()) is None
    clock.move(minutes=11)
    again = queue_of(company).take(())
    assert again is not None
    assert again.tries == 2


@pytest.mark.req("RV9", "RV3")
def test_the_engines_that_pushes_need_too_read_one_tree_at_a_time(
    company: Company, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work: list[int] = [0, 0]

    def examine(_: App, commit: str) -> Report:
        at_work[0] += 1
        at_work[1] = max(at_work)
        time.sleep(0.05)
        at_work[0] -= 1
        return Report(commit, ())

    monkeypatch.setattr(company.control.source, "examine", examine)
    for number in range(SIDE_BY_SIDE):
        ask(company, f"finance/app-{number}")
    company.control.rereview_keeper.keep()
    assert at_work == [0, 1]
    assert waiting(company) == 0
