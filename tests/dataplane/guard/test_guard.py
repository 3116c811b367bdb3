import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.guardrails import ErrorRails
from bailiwick.dataplane.guard import ErrorSpike, RateLimit


@pytest.mark.req("RT4")
def test_a_run_of_errors_trips_at_once_whatever_the_rate() -> None:
    spike = ErrorSpike(ErrorRails(consecutive_errors=4))
    verdicts = [spike.observe(number * 30.0, failed=True) for number in range(4)]
    assert verdicts == ["", "", "", "4 requests in a row failed"]


@pytest.mark.req("RT4")
def test_every_second_request_failing_trips_by_count() -> None:
    spike = ErrorSpike(ErrorRails(window_requests=10, error_ratio=0.5, consecutive_errors=99, window_seconds=0.001))
    verdicts = [spike.observe(float(number), failed=number % 2 == 1) for number in range(12)]
    assert any("of the last 10 requests failed" in verdict for verdict in verdicts)


@pytest.mark.req("RT4")
@given(st.lists(st.booleans(), max_size=200))
def test_few_errors_never_trip(answers: list[bool]) -> None:
    spike = ErrorSpike(ErrorRails())
    for number, failed in enumerate(answers):
        sparse = failed and number % 5 == 0
        assert spike.observe(number * 0.01, failed=sparse) == ""


@pytest.mark.req("RT6")
def test_a_rate_allows_a_burst_of_one_second_and_then_the_rate() -> None:
    limit = RateLimit(10)
    allowed = sum(limit.wait_seconds(0.0) == 0 for _ in range(100))
    assert 10 <= allowed <= 12
    assert limit.wait_seconds(0.0) > 0
    assert limit.wait_seconds(0.2) == 0
    later = sum(limit.wait_seconds(10 + second / 1000) == 0 for second in range(1000))
    assert 10 <= later <= 22
