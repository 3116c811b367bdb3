"""Limits as an app meets them: told when to come again, and a system that fails is left alone and tried again."""

import threading
import time
from collections.abc import Iterator

import pytest

from bailiwick.core.events import Outcome
from bailiwick.core.messages import IntegrationLimits, NoCredential, ServiceConnection
from tests.dataplane.gateways.services.conftest import House
from tests.fixtures.raw_server import RawServer, ok, raw_server
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN9")
UNAVAILABLE = b"HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def raw(house: House) -> Iterator[RawServer]:
    with raw_server() as made:
        house.connection = ServiceConnection(
            kind="http", url=f"{made.url}/api", credential=NoCredential(), timeout_seconds=1
        )
        made.says(ok(b"{}"))
        yield made


def limit(house: House, **limits: object) -> None:
    house.limits = IntegrationLimits.model_validate(limits)


def test_what_is_over_a_rate_is_told_when_to_come_again_and_audited_together(house: House, raw: RawServer) -> None:
    limit(house, app={"rate": "2/min"}, wait_seconds=0)
    assert house.call("GET", "/open/a").status_code == 200
    for _ in range(3):
        refused = house.call("GET", "/open/a")
        assert (refused.status_code, refused.headers["x-bailiwick-answer"]) == (429, "own")
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert "the app finance/desk's rate of 2/min is used up" in refused.json()["title"]
    assert len(raw.heads) == 1
    report = house.tell()
    assert (report.calls, report.refused) == (1, {"rate": 3})
    limited = [event for event in house.events if event.action == "calls.limited"]
    assert len(limited) == 1
    assert (limited[0].outcome, limited[0].context["refused"], limited[0].app) == (Outcome.REFUSED, 3, "finance/desk")
    assert not [event for event in house.events if event.action == "service.refused"]
    limit(house, app={"rate": "1000/s"})
    assert house.call("GET", "/open/a").status_code == 200, "limits change for apps at work"


def test_calls_at_once_wait_for_each_other(house: House, raw: RawServer) -> None:
    limit(house, app={"at_once": 2})
    under_way, most, lock = 0, 0, threading.Lock()

    def answer(line: object, _: bytes) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        line.sendall(ok(b"{}", "connection: close"))  # type: ignore[attr-defined]

    raw.answer = answer
    threads = [threading.Thread(target=house.call, args=("GET", "/open/a")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(raw.heads), most) == (6, 2)


def test_a_system_that_fails_is_left_alone_tried_by_one_call_and_used_again(house: House, raw: RawServer) -> None:
    limit(house, breaker={"failures": 3, "open_seconds": 1}, repeats={"most": 0})
    raw.says(UNAVAILABLE)
    assert [house.call("GET", "/open/a").status_code for _ in range(3)] == [503] * 3
    left = house.call("GET", "/open/a")
    assert (left.status_code, left.headers["x-bailiwick-answer"]) == (503, "own")
    assert "crm is left alone because it fails: 3 calls in a row failed, the last: status 503" in left.json()["title"]
    assert int(left.headers["retry-after"]) >= 1
    assert len(raw.heads) == 3
    assert house.tell().breaker == "open"
    opened = next(event for event in house.events if event.action == "breaker.opened")
    assert (opened.actor, opened.resource) == ("plane:production", "integration:crm")
    raw.says(ok(b"{}"))
    until(lambda: house.call("GET", "/open/a").status_code == 200)
    assert house.tell().breaker == "closed"
    assert [event.action for event in house.events].count("breaker.closed") == 1


def test_what_an_app_asks_wrongly_does_not_close_the_way_for_others(house: House, raw: RawServer) -> None:
    limit(house, breaker={"failures": 2})
    for status in (500, 400, 404, 422, 500, 500):
        raw.says(b"HTTP/1.1 %d Yours\r\ncontent-length: 0\r\n\r\n" % status)
        assert house.call("GET", "/open/a").status_code == status
    assert len(raw.heads) == 6


def test_only_what_can_do_nothing_twice_is_asked_again(house: House, raw: RawServer) -> None:
    def first_nothing(line: object, head: bytes) -> None:
        if len(raw.heads) % 2 == 0:
            line.sendall(ok(b"{}"))  # type: ignore[attr-defined]

    raw.answer = first_nothing
    assert house.call("GET", "/open/a").status_code == 200
    assert len(raw.heads) == 2
    until(lambda: [event for event in house.events if event.context.get("repeats") == 1])
    assert house.call("PUT", "/upload", content=b"x").status_code == 200
    assert len(raw.heads) == 4
    assert house.call("POST", "/upload", content=b"x").status_code == 502
    assert len(raw.heads) == 5


def test_repeats_have_a_budget(house: House, raw: RawServer) -> None:
    limit(house, repeats={"most": 5, "share": 0.1}, breaker={"failures": 1000, "share": 1, "calls": 10_000})
    raw.says(UNAVAILABLE)
    for _ in range(20):
        assert house.call("GET", "/open/a").status_code == 503
    assert 20 < len(raw.heads) <= 20 + 3 + 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 429 Slow\r\nretry-after: 40\r\ncontent-length: 0\r\n\r\n", id="seconds"),
        pytest.param(
            b"HTTP/1.1 503 Down\r\nretry-after: Fri, 31 Dec 2100 23:59:59 GMT\r\ncontent-length: 0\r\n\r\n", id="date"
        ),
        pytest.param(
            b"HTTP/1.1 403 No\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 4000000000\r\n"
            b"content-length: 0\r\n\r\n",
            id="used-up",
        ),
    ],
)
def test_a_system_that_asks_for_a_pause_gets_one(house: House, raw: RawServer, answer: bytes) -> None:
    raw.says(answer)
    first = house.call("GET", "/open/a")
    assert first.status_code == int(answer[9:12])
    assert {"retry-after", "x-ratelimit-reset"} & set(first.headers)
    raw.says(ok(b"{}"))
    held = house.call("GET", "/open/a")
    assert (held.status_code, "asked to be called no more for now" in held.json()["title"]) == (429, True)
    assert int(held.headers["retry-after"]) <= 300
    assert len(raw.heads) == 1
    assert house.tell().held_until is not None


@pytest.mark.parametrize("written", ["", "soon", "-5", "nan", "1e400", "Fri, 99 Dec 2100"])
def test_what_is_no_pause_is_none(house: House, raw: RawServer, written: str) -> None:
    raw.says(f"HTTP/1.1 429 Slow\r\nretry-after: {written}\r\ncontent-length: 0\r\n\r\n".encode())
    assert [house.call("GET", "/open/a").status_code for _ in range(2)] == [429, 429]
    assert len(raw.heads) == 2
