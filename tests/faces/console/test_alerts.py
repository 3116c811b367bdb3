"""The page of alerts: what stands is answered and silenced there, by who may."""

import pytest

from bailiwick.core.events import AuditEvent, Outcome
from tests.faces.console.conftest import Console, Open


@pytest.mark.req("OB5")
def test_an_alert_is_answered_silenced_and_resolved_on_its_page(console: Console, open_as: Open) -> None:
    control = console.company.control
    control.alert_keeper.keep()
    rule = {"name": "refusals", "severity": "error", "match": {"actions": ["app.use"], "outcome": "refused"}}
    control.alerts.write_rule(console.company.people["security"], rule)
    event = AuditEvent(
        time=control.clock(), actor="user:eve@example.com", action="app.use", resource="app:a/b",
        outcome=Outcome.REFUSED, reason="<i>no role</i>",
    )  # fmt: skip
    with control.store.transaction() as session:
        control.audit.append(session, event)
    control.alert_keeper.keep()
    page = open_as("security")
    page.goto("/alerts")
    assert page.get_by_text("1 alert standing, 1 rule in force.").is_visible()
    assert page.get_by_text("<i>no role</i>").first.is_visible()
    page.get_by_role("button", name="I look after it").click()
    assert page.get_by_text("user:security@example.com looks after it").is_visible()
    page.get_by_text("Silence what is like it").click()
    page.locator("details input[name=reason]").fill("a test")
    page.get_by_role("button", name="Silence it").click()
    assert page.get_by_text("a test").is_visible()
    page.get_by_label("Why it ends").fill("done")
    page.get_by_role("button", name="End it").click()
    assert page.get_by_text("Nothing is silent.").is_visible()
    page.get_by_label("Why it is over").fill("mended")
    page.get_by_role("button", name="It is over").click()
    assert page.get_by_text("Nothing stands").is_visible()
    browser, _ = console.signed_in("builder")
    assert browser.get("/alerts").status_code == 403
