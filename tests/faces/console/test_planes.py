"""The page of data planes: an open way is named with what to do, for whoever may read settings."""

from typing import Any

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import NetworksReport, NetworkTry, ReportBatch, Sequenced
from tests.faces.console.conftest import Console

pytestmark = pytest.mark.req("DG4")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"networks": "separate"}


def test_an_open_way_is_shown_with_every_address_that_was_tried(console: Console) -> None:
    way = NetworkTry(source="plane", what="the production database of x", address="10.2.0.9:5432", reached="open")
    closed = NetworkTry(source="sandbox", what="<b>the router</b>", address="10.2.0.5:8410", reached="silent")
    report = NetworksReport(separate=True, tries=(way, closed), time=utc_now())
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=1, report=report),))
    console.company.control.planes.take_reports("editor", batch)
    browser, _ = console.signed_in("admin")
    page = browser.get("/planes").text
    assert "Not shown to be apart from the other networks: control plane, editor and production." in page
    assert "the plane reaches the production database of x at 10.2.0.9:5432: close that way in the firewall" in page
    assert "Until that is done it starts nothing" in page
    assert "<td>no answer</td>" in page
    assert "<b>the router</b>" not in page and "&lt;b&gt;the router" in page


def test_a_builder_does_not_see_where_production_is(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    answer = browser.get("/planes")
    assert answer.status_code == 403
    assert "control plane" not in answer.text
