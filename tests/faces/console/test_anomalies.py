"""The pages of anomalies, the API and the command line: look, go on from there, dismiss with a reason."""

import json
from datetime import timedelta

import pytest

from bailiwick.control.anomalies.finding import Found, write_first, write_unusual
from bailiwick.control.anomalies.model import Moved, Point
from bailiwick.control.anomalies.tables import SeriesRow
from bailiwick.core.anomalies import Expected
from tests.faces.console.conftest import Console, Open
from tests.fixtures.company import APP

pytestmark = pytest.mark.req("OB5")


def found(console: Console) -> None:
    """Have the detector find something of the app, and of a person."""
    control = console.company.control
    now = control.clock()
    points = [Point(now - timedelta(minutes=60 - number), 10.0 + number % 3, 4, 20) for number in range(60)]
    with control.store.transaction() as session:
        row = SeriesRow(subject=f"app:{APP}", measure="rows", state=b"", since=[], upto=now, active=now, raised=0)
        session.add(row)
        one = Found(row, 9000.0, Expected(12, 4, 20), 0.9999, True, points)
        moved = [Moved("user:ada@example.com", "rows", 9000, 12, 0.99), Moved(f"app:{APP}", "bytes", 7e6, 900, 0.98)]
        write_unusual(session, control.audit, one, now, moved, ["user:ada@example.com"])
        write_first(session, control.audit, "user:ada@example.com", "integration:orders-db", now, [])


def test_an_anomaly_is_looked_at_and_dismissed_with_a_reason(console: Console, open_as: Open) -> None:
    found(console)
    page = open_as("security")
    page.goto("/anomalies")
    assert page.get_by_text("user:ada@example.com used integration:orders-db for the first time").is_visible()
    page.get_by_role("link", name=f"app:{APP}: 9,000 rows in a minute, where 12 were expected").click()
    assert page.locator("figure.chart polyline").count() == 1
    assert page.get_by_text("12, between 4 and 20").is_visible()
    assert page.get_by_role("row", name="user:ada@example.com rows 9,000 12").is_visible()
    for name, address in (("Kill the app …", f"/apps/{APP}#kill"), ("Set its limits", "/guardrails")):
        assert page.get_by_role("link", name=name).get_attribute("href") == address
    page.get_by_role("link", name="Events and traces of these minutes").click()
    assert page.get_by_text("anomaly.found").first.is_visible()
    page.go_back()
    page.get_by_label("Why").fill("<b>a sale</b>")
    page.get_by_role("button", name="Dismiss it").click()
    assert page.get_by_text("<b>a sale</b>").is_visible()
    assert page.get_by_role("button", name="Dismiss it").count() == 0


def test_a_builder_sees_those_of_their_apps_and_may_not_dismiss_them(console: Console) -> None:
    found(console)
    browser, session = console.signed_in("builder")
    listed = browser.get("/anomalies").text
    assert f"app:{APP}" in listed
    assert "integration:orders-db" not in listed
    with console.company.control.store.transaction() as opened:
        everything = console.company.control.anomalies.list(opened, console.company.people["security"]).anomalies
    ids = {one.subject: one.id for one in everything}
    own = browser.get(f"/anomalies/{ids[f'app:{APP}']}").text
    assert "you may not dismiss it" in own
    assert "7,000,000" in own
    assert ">9,000</td>" not in own
    assert browser.get(f"/anomalies/{ids['user:ada@example.com']}").status_code == 404
    form = {"csrf_token": session.csrf_token, "reason": "mine"}
    assert browser.post(f"/anomalies/{ids[f'app:{APP}']}/dismiss", data=form).status_code == 403
    assert json.dumps(sorted(ids)) == json.dumps(["app:finance/desk", "user:ada@example.com"])
