"""What workers say: every finding comes through, and nothing else does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bailiwick.control.review import Edit, Finding, Rule, Severity, Step
from bailiwick.control.review.running.wire import WireError, answers_as_json, answers_from_json

TEXT = some.text(max_size=40) | some.just("name\udcff.py")
NUMBERS = some.integers(0, 10_000)
RULES = some.builds(Rule, TEXT, some.sampled_from(Severity), TEXT, TEXT, TEXT, TEXT)
FINDINGS = some.builds(
    Finding,
    RULES,
    TEXT,
    NUMBERS,
    TEXT,
    steps=some.lists(some.builds(Step, TEXT, NUMBERS, TEXT), max_size=3).map(tuple),
    edit=some.none() | some.builds(Edit, TEXT, NUMBERS, NUMBERS, TEXT),
    worse=some.integers(-3, 3),
)


ONE = Finding(Rule("r", Severity.HIGH, "", ""), "p", 1, "m")


@pytest.mark.req("RV1")
@given(some.lists(FINDINGS, max_size=4))
def test_findings_come_through_as_they_are(findings: list[Finding]) -> None:
    assert answers_from_json(answers_as_json([findings, "ValueError", []]), 3) == [tuple(findings), "ValueError", ()]


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b"[{}]",
        b'[{"findings": 1}]',
        b'[{"findings": [], "failed": "x"}]',
        b'[{"failed": 1}]',
        b'[{"findings": [{}]}]',
        b'[{"findings": [[["r", 9, "", "", "", ""], "p", 1, "m", "", "", "", 0, 0, 0, [], null, 0]]}]',
        b'[{"findings": [[["r", 3, "", "", "", ""], "p", true, "m", "", "", "", 0, 0, 0, [], null, 0]]}]',
        b'[{"findings": [[["r", 3, "", "", "", ""], "p", 1e400, "m", "", "", "", 0, 0, 0, [], null, 0]]}]',
        answers_as_json([[replace(ONE, line=2**40)]]),
        answers_as_json([[replace(ONE, path="p" * 30_000)]]),
        answers_as_json([]),
        answers_as_json([[ONE], [ONE]]),
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_no_worker_may_say_is_an_error(said: bytes) -> None:
    with pytest.raises(WireError):
        answers_from_json(said, 1)
