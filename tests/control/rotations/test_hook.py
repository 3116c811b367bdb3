"""Values of a system of the company's own: a hook makes, tries and takes them away, and lies in many ways."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from pydantic import ValidationError

from bailiwick.control.rotation_settings import HookOptions
from bailiwick.control.rotations import HookSource, State
from tests.control.exporters.http_receiver import HttpReceiver, Sent, answer, listening
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.rotated import declare, put, rotate, shown, value

pytestmark = pytest.mark.req("SE2")
NAME, OLD = "crm-key", "the-old-key-of-the-crm"
HOOK = HookSource(kind="hook", hook="crm")


@dataclass
class Crm:
    """Keys of a system: a few are good at a time. Strict: it knows who asks, and what it is asked again."""

    good: set[str] = field(default_factory=lambda: {OLD})
    made: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answers(self, handler: BaseHTTPRequestHandler, sent: Sent) -> None:
        body = json.loads(sent.body)
        action = body["action"]
        self.asked.append(action)
        known = sent.headers["authorization"] == "Bearer token-of-the-hook" and body["secret"] == NAME
        if action in self.faults or not known:
            return answer(*self.faults.get(action, (401,)))(handler, sent)
        if action == "make":
            key = self.made.setdefault(sent.headers["idempotency-key"], f"crm_{len(self.made)}_key-made-by-it")
            self.good.add(key)
            return answer(200, json.dumps({"value": key}).encode())(handler, sent)
        if action == "test":
            return answer(204 if body["value"] in self.good else 403)(handler, sent)
        self.good.discard(body["value"])
        return answer(204)(handler, sent)


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def receiver(crm: Crm) -> Iterator[HttpReceiver]:
    with listening() as started:
        started.answers = crm.answers
        yield started


@pytest.fixture
def more_settings(receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CRM_HOOK", "token-of-the-hook")
    return {"secret_rotation": {"hooks": {"crm": {"url": f"{receiver.url}/rotate", "token": {"env": "CRM_HOOK"}}}}}


@pytest.fixture
def declared(company: Company) -> Company:
    put(company, NAME, OLD)
    declare(company, HOOK, NAME)
    return company


def test_a_hook_makes_tries_and_takes_away(declared: Company, crm: Crm, clock: MovingClock) -> None:
    rotate(declared, NAME)
    declared.control.rotation_keeper.keep()
    assert (crm.asked, value(declared, NAME)) == (["make", "test"], "crm_0_key-made-by-it")
    assert crm.good == {OLD, "crm_0_key-made-by-it"}
    clock.move(minutes=61)
    declared.control.rotation_keeper.keep()
    assert shown(declared, NAME)[1][0].state is State.DONE
    assert crm.good == {"crm_0_key-made-by-it"}


LIES = (
    ("make", (403, b""), State.FAILED, "with status 403"),
    ("make", (307, b""), State.FAILED, "with status 307"),
    ("make", (200, b"<html>Sign in</html>"), State.FAILED, "no JSON"),
    ("make", (200, b"[1]"), State.FAILED, "no JSON object"),
    ("make", (200, b'{"value": 7}'), State.FAILED, "with no value"),
    ("make", (200, b'{"value": ""}'), State.FAILED, "can be no secret"),
    ("make", (200, b'{"value": "a\\u0000b"}'), State.FAILED, "can be no secret"),
    ("make", (200, json.dumps({"value": "x" * 17_000}).encode()), State.FAILED, "can be no secret"),
    ("make", (200, json.dumps({"value": OLD}).encode()), State.FAILED, "the old value"),
    ("make", (503, b""), State.STAGED, "with status 503"),
    ("make", (429, b""), State.STAGED, "with status 429"),
    ("make", (200, b"[" * 10_000), State.FAILED, "no JSON"),
    ("test", (403, b""), State.FAILED, "'test' with status 403"),
    ("test", (500, b""), State.STAGED, "'test' with status 500"),
)


def test_whatever_a_hook_says_the_old_value_stays_in_force_until_another_one_works(
    declared: Company, crm: Crm, clock: MovingClock
) -> None:
    for action, fault, state, words in LIES:
        crm.faults = {action: fault}
        rotate(declared, NAME)
        declared.control.rotation_keeper.keep()
        found = shown(declared, NAME)[1][0]
        assert (found.state, value(declared, NAME)) == (state, OLD), words
        assert words in found.error
        assert OLD not in repr(shown(declared, NAME))
        clock.move(minutes=61)
        declared.control.rotation_keeper.keep()
        assert (shown(declared, NAME)[1][0].state, value(declared, NAME)) == (State.FAILED, OLD)


def test_one_that_was_made_before_a_fault_is_used_when_the_hook_is_back(
    declared: Company, crm: Crm, clock: MovingClock
) -> None:
    crm.faults["test"] = (500, b"")
    rotate(declared, NAME)
    declared.control.rotation_keeper.keep()
    crm.faults.clear()
    clock.move(seconds=6)
    declared.control.rotation_keeper.keep()
    assert value(declared, NAME) == "crm_0_key-made-by-it"
    assert len(crm.made) == 1


def test_an_old_value_that_cannot_be_taken_away_is_said_and_tried_for_ever(
    declared: Company, crm: Crm, clock: MovingClock
) -> None:
    crm.faults["revoke"] = (403, b"")
    rotate(declared, NAME)
    declared.control.rotation_keeper.keep()
    for _ in range(3):
        clock.move(hours=3)
        declared.control.rotation_keeper.keep()
    found = shown(declared, NAME)[1][0]
    assert (found.state, found.attempts) == (State.SWITCHED, 3)
    assert "'revoke' with status 403" in found.error
    crm.faults.clear()
    clock.move(hours=1)
    declared.control.rotation_keeper.keep()
    assert shown(declared, NAME)[1][0].state is State.DONE


@pytest.mark.parametrize(
    "url", ["http://crm.example/hook", "https://me:word@crm.example/", "https:///hook", "ftp://127.0.0.1/", "crm"]
)
def test_a_hook_is_reached_over_tls_or_on_this_machine(url: str) -> None:
    with pytest.raises(ValidationError):
        HookOptions(url=url)
