"""Requests to hosts as parts of a trace: how long the first word of each answer took, in their order."""

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.traces import root_span
from bailiwick.dataplane.gateways.egress import Answered
from bailiwick.dataplane.gateways.egress.asked import Asked
from bailiwick.dataplane.traces.of_egress import span_of_egress

TRACE, EVE = "ab" * 16, "user:eve@example.com"


@pytest.mark.req("OB1", "OB4", "RT2")
def test_each_request_ends_with_the_first_word_of_its_answer_or_with_the_connection() -> None:
    found: list[Answered] = []
    asked = Asked(found.append)
    asked.answer(b"HTTP/1.1 200 OK\r\n")
    for method in ("GET", "POST", "PUT"):
        asked.begin(TRACE, EVE, method)
    asked.answer(b"HTTP/1.1 503 Busy\r\n")
    asked.answer(b"no HTTP at all")
    asked.close()
    asked.close()
    assert [(item.method, item.status) for item in found] == [("GET", 503), ("POST", 0), ("PUT", 0)]
    span = span_of_egress(found[0], "api.exchange.example", utc_now())
    assert (span.kind, span.name, span.parent) == ("egress", "GET api.exchange.example", root_span(TRACE))
    assert (span.outcome, span.facts, span.person) == ("error", {"error_type": "HTTP 503"}, EVE)
