"""Budgets that planes have together, at a real Redis: nothing is spent twice, and what holds when it is not there."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from redis import Redis

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import ModelBudget
from bailiwick.dataplane.gateways.model import Budget, Caller, CallRefusedError, SharedCounts, shared_counts
from bailiwick.dataplane.gateways.model.counts import Charge, Counted
from bailiwick.dataplane.gateways.model.model import Spent
from tests.fixtures.model_gateway import EVE, model
from tests.fixtures.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.req("AI5", "DM5")
CALLER = Caller(EVE, "finance/desk")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the server as long as a busy machine needs: alone a plane would count another sum."""
    monkeypatch.setattr(shared_counts, "_ANSWER_SECONDS", 20.0)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


class Planes:
    """Planes that count together under a tenant of their own, and what each warned of."""

    def __init__(self, folder: Path, server: RedisServer, tenant: str) -> None:
        self.folder, self.server, self.tenant = folder, server, tenant
        self.warned: list[Charge] = []
        self.budgets: list[Budget] = []

    def add(self, limit: int) -> Budget:
        rules = [ModelBudget(name="team", of="folder:finance", limits={"tokens": limit}, warn_at=0.5)]
        made = Budget(
            self.folder / f"{len(self.budgets)}.sqlite",
            utc_now,
            budgets=lambda: rules,
            warn=lambda charge, _: self.warned.append(charge),
            shared=lambda _: SharedCounts(self.server.url, self.tenant),
        )
        self.budgets.append(made)
        return made

    async def close(self) -> None:
        for budget in self.budgets:
            await budget.close()


async def spend(budgets: Sequence[Budget], times: int, tokens: int = 10) -> int:
    """Make calls side by side; return how many were let through."""

    async def one(budget: Budget) -> bool:
        try:
            held = await budget.reserve(model(), CALLER, Spent(tokens, 0))
        except CallRefusedError:
            return False
        await asyncio.sleep(0)
        await budget.settle(held, Spent(tokens, 0))
        return True

    done = await asyncio.gather(*(one(budget) for budget in budgets for _ in range(times)))
    return sum(done)


async def test_planes_that_race_never_spend_more_than_there_is(server: RedisServer, tmp_path: Path) -> None:
    planes = Planes(tmp_path, server, "race")
    budgets = [planes.add(200) for _ in range(2)]
    assert await spend(budgets, 40) <= 20
    # What was set aside at the moment is free again: the rest of it is there for whoever asks next.
    await spend(budgets, 20)
    redis = Redis(unix_socket_path=str(server.socket))
    counted = [key for key in redis.scan_iter("bailiwick:race:model-budget:team:*") if redis.type(key) == b"hash"]
    parts = [list(map(int, redis.hvals(key))) for key in counted if not key.endswith(b":n")]
    assert [sum(part) for part in parts] == [200]
    assert sum(budget.used("team", "folder:finance") for budget in budgets) == 200
    assert len([item for item in planes.warned if item.counted.budget == "team"]) == 1, "one of them warns, once"
    assert b"finance" not in b" ".join(redis.scan_iter("bailiwick:race:*"))
    # What was set aside is told with what was used: the next call says what is true.
    assert await spend(budgets[:1], 1, 0) == 1
    told = [use for budget in budgets[:1] for report in budget.report() for use in report.uses if use.budget == "team"]
    assert max(use.used["tokens"] for use in told) == 200, "each tells of all planes"
    await planes.close()


async def test_what_a_call_did_not_take_is_given_back_to_all(server: RedisServer, tmp_path: Path) -> None:
    planes = Planes(tmp_path, server, "back")
    first, second = planes.add(100), planes.add(100)
    held = await first.reserve(model(), CALLER, Spent(90, 0))
    assert await spend([second], 1, 20) == 0
    await first.settle(held, Spent(5, 0))
    assert await spend([second], 1, 95) == 1
    assert await spend([first], 1, 1) == 0
    await planes.close()


async def test_a_plane_that_crashed_holds_nothing_for_ever(server: RedisServer, tmp_path: Path) -> None:
    planes = Planes(tmp_path, server, "crash")
    first, second = planes.add(100), planes.add(100)
    await first.reserve(model(), CALLER, Spent(90, 0))
    await first.close()
    planes.budgets = [second]
    assert await spend([second], 1, 20) == 0
    again = Budget(
        tmp_path / "0.sqlite", utc_now, budgets=first._budgets, shared=lambda _: SharedCounts(server.url, "crash")
    )
    planes.budgets.append(again)
    assert await spend([again], 1, 1) == 1
    assert await spend([second], 1, 99) == 1
    await planes.close()


async def test_a_message_that_was_overtaken_changes_nothing(server: RedisServer) -> None:
    share = SharedCounts(server.url, "order")
    charge = Charge(Counted("team", "folder:a", "2026-05-01", "tokens"), 10, 100, 1000)
    assert await share.hold("plane", [charge], [90]) is None
    share._number = 0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("time.time_ns", lambda: 1000)
        assert await share.hold("plane", [charge], [10]) is None
    assert await share.hold("other", [charge], [20]) == charge
    await share.close()


async def test_without_the_server_each_plane_counts_alone_and_tells_it_after_what_was_used(tmp_path: Path) -> None:
    with redis_server() as server:
        planes = Planes(tmp_path, server, "away")
        first, second = planes.add(100), planes.add(100)
        assert await spend([first], 1, 10) == 1
        held = await first.reserve(model(), CALLER, Spent(20, 0))
        server.stop()
        await first.settle(held, Spent(15, 0))
        assert await spend([first], 9, 10) == 7, "the budget of one plane still holds"
        assert [report.shared for report in first.report()] == [False]
        server.start()
        for budget in planes.budgets:
            if budget._shared is not None:
                budget._shared._again = 0.0
        assert await spend([first], 1, 1) == 1
        assert await spend([second], 1, 10) == 0, "what was used meanwhile is told to all, though the server lost it"
        await planes.close()
