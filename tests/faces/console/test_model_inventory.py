"""The page of what leaves for models in a real browser: shown by line, switched off where it is listed."""

import pytest

from tests.control.inference.test_outflows import more_settings, report, seen
from tests.faces.console.conftest import Console, Open, csrf_token
from tests.faces.console.test_pages import AXE, RULES
from tests.fixtures.company import APP

__all__ = ["more_settings"]


@pytest.mark.req("AI2")
def test_each_line_has_its_switch(open_as: Open, console: Console) -> None:
    control = console.company.control
    report(
        console.company,
        seen(place="settings"),
        seen(bytes=12_000),
        seen(place="tool-results", data_class="iban", bytes=0, found=3, redacted=2),
        seen(""),
    )
    page = open_as("security", bypass_csp=True)
    page.goto("/")
    page.click("nav >> text=Models")
    page.click("text=What leaves for them")
    assert page.inner_text(".glance") == (
        "12.2 kB left for 1 model in 30 days; 3 values of data classes in it, 1 of them as they are; 0 switches off."
    )
    row = page.locator("tr", has_text="iban in results of tools")
    assert "1 of 3" in row.inner_text()
    page.add_script_tag(path=str(AXE))
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    row.locator("summary").click()
    row.locator("input[name=reason]").fill("until the audit")
    row.locator("button").click()
    (off,) = control.planes.desired_state("production").outflow_switches
    assert (off.app, off.place, off.data_class, off.reason) == (APP, "tool-results", "iban", "until the audit")
    card = page.locator("section.card", has_text="No data of the class iban in results of tools")
    card.locator("input[name=reason]").fill("audited")
    card.locator("button").click()
    assert control.planes.desired_state("production").outflow_switches == ()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/model-inventory?data_class=iban")
    assert page.locator("tbody tr").first.inner_text().startswith("support-model")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.req("AI2", "ID1")
def test_builders_see_their_own_apps_and_no_switch(console: Console) -> None:
    report(console.company, seen(), seen("", person="user:ann@example.com"))
    browser, _ = console.signed_in("builder")
    shown = browser.get("/model-inventory").text
    assert "user:eve@example.com" in shown
    assert "user:ann@example.com" not in shown
    assert 'action="/model-inventory' not in shown.replace('action="/model-inventory" role="search"', "")
    token = csrf_token(browser.get("/audit").text if "csrf_token" not in shown else shown)
    form = {"csrf_token": token, "model": "support-model", "reason": "x"}
    assert browser.post("/model-inventory/off", data=form).status_code == 403
    admin = console.signed_in("admin")[0]
    assert admin.post("/model-inventory/off", data={"model": "support-model", "reason": "x"}).status_code == 403
