"""Which events a rule counts, by whole texts with stars, and which it never does."""

from typing import Any

import pytest
from pydantic import ValidationError

from bailiwick.control.alerts import AlertRule
from bailiwick.control.alerts.matching import key_of, matches, words_of
from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent, Outcome

pytestmark = pytest.mark.req("OB5")
EVENT = AuditEvent(
    time=utc_now(), actor="service:anomalies", action="anomaly.found", resource="app:finance/desk", app="finance/desk",
    context={
        "measure": "rows", "score": 0.998, "kind": "unusual", "value": 9000, "expected": 12, "people": ("user:a@b.c",)
    },
)  # fmt: skip


def rule(**match: Any) -> AlertRule:
    return AlertRule.model_validate({"name": "r", "match": {"actions": ["anomaly.found"], **match}})


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({}, True),
        ({"actions": ["app.killed", "anomaly.*"]}, True),
        ({"actions": ["anomaly"]}, False),
        ({"resource": "app:finance/*"}, True),
        ({"resource": "app:sales/*"}, False),
        ({"resource": "app:finance/d[e]sk"}, False),
        ({"resource": "app:finance/des?"}, False),
        ({"actor": "user:*"}, False),
        ({"outcome": "refused"}, False),
        ({"outcome": "success"}, True),
        ({"app": "finance/desk"}, True),
        ({"facts": {"score": {"at_least": 0.99}}}, True),
        ({"facts": {"score": {"at_least": 0.999}}}, False),
        ({"facts": {"measure": {"at_least": 1}}}, False),
        ({"facts": {"measure": {"like": "ro*"}}}, True),
        ({"facts": {"people": {"like": "user:a@*"}}}, True),
        ({"facts": {"people": {"like": "user:z@*"}}}, False),
        ({"facts": {"missing": {}}}, False),
    ],
)
def test_an_event_counts_when_all_that_is_said_holds(match: dict[str, Any], holds: bool) -> None:
    assert matches(rule(**match), EVENT) is holds


@pytest.mark.parametrize("action", ["alert.raised", "notice.sent", "notice.given-up"])
def test_what_alerts_do_raises_none(action: str) -> None:
    assert not matches(rule(actions=["*"]), EVENT.model_copy(update={"action": action}))


def test_words_come_from_the_event() -> None:
    assert words_of(EVENT, 1) == "app:finance/desk: rows was 9000, expected 12"
    refused = EVENT.model_copy(
        update={"action": "app.use", "outcome": Outcome.REFUSED, "reason": "no role " + "x" * 400}
    )
    assert words_of(refused, 3).startswith("app.use at app:finance/desk by service:anomalies: no role")
    assert words_of(refused, 3).endswith("(3 times)")
    assert len(words_of(refused, 3)) <= 300
    assert key_of(rule(), EVENT) == "app:finance/desk"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "UP"}, {"match": {"actions": []}}, {"tell": ["sms:123"]}, {"tell": ["mail:nobody"]}, {"at_least": 0},
        {"tell": ["pager:a b"]}, {"severity": "high"}, {"group_by": ["time"]}, {"other": 1}, {"within_minutes": 9999},
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertRule.model_validate({"name": "r", "match": {"actions": ["a.b"]}, **wrong})
