"""What people do on pages in a real browser: stopping and bringing back, searching, and all of it without scripts."""

import pytest
from playwright.sync_api import expect

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import KillReport
from tests.faces.console.conftest import Console, Open
from tests.faces.console.estate import HOSTILE, Estate, build
from tests.fixtures.company import APP


@pytest.fixture
def estate(console: Console) -> Estate:
    return build(console)


@pytest.mark.req("RT5")
def test_an_app_is_killed_from_its_page_without_a_pointer(open_as: Open, console: Console, estate: Estate) -> None:
    page = open_as("security")
    page.goto(f"/apps/{APP}")
    assert "nobody used it in the last five minutes" in page.inner_text("#kill")
    page.keyboard.press("Control+k")
    page.keyboard.press("Enter")
    page.keyboard.type("it leaks? stop it")  # the question mark opens no help while one types
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It is stopped everywhere.")
    assert "Stopped everywhere by user:security@example.com just now: it leaks? stop it." in page.inner_text("main")
    with console.company.control.store.transaction() as session:
        assert console.company.control.stops.standing(session, APP)[0].because == "it leaks? stop it"


@pytest.mark.req("RT4", "RT5")
def test_what_was_stopped_in_one_mode_can_still_be_stopped_in_the_other(
    open_as: Open, console: Console, estate: Estate
) -> None:
    control = console.company.control
    stop = KillReport(
        app=APP,
        mode="production",
        release="r",
        because="errors",
        time=utc_now(),
        counters={},
        requests=(),
        log_lines=(),
    )
    with control.store.transaction() as session:
        control.stops.record_automatic(session, stop, plane="production", evidence="")
    page = open_as("security")
    page.goto(f"/apps/{APP}")
    assert "Stopped in production by plane:production" in page.inner_text("main")
    assert "Stops 1 release (preview)" in page.inner_text("#kill")
    page.fill("#kill input[name=reason]", "the preview too")
    page.click("#kill button")
    assert "It is stopped everywhere." in page.inner_text("#kill")
    page.fill("#revive input[name=reason]", "it is mended")
    page.click("#revive button")
    expect(page.locator("#revive")).to_have_count(0)
    with control.store.transaction() as session:
        assert control.stops.standing(session, APP) == []


@pytest.mark.req("OB2")
def test_the_audit_is_filtered_paged_and_expanded(open_as: Open, console: Console, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/audit")
    page.fill("input[name=action]", "app.killed")
    page.select_option("select[name=outcome]", "success")
    page.click("button:has-text('Search')")
    expect(page.locator(".events li")).to_have_count(2)
    expect(page.locator(".chips li")).to_have_text(["Action: app.killed ×", "Outcome: success ×", "Remove all"])
    page.locator(".events summary").first.click()
    assert '"action": "app.killed"' in page.locator(".events pre").first.inner_text()
    page.click("[aria-label='Remove Action: app.killed']")
    assert "action" not in page.url
    for number in range(60):
        console.company.control.catalog.create_app(console.company.people["builder"], f"finance/more-{number}")
    page.goto("/audit?action=app.created")
    expect(page.locator(".events li")).to_have_count(50)
    first = page.locator(".events details").first.get_attribute("id")
    page.click("a:has-text('Earlier')")
    expect(page.locator(".events li")).to_have_count(13)
    assert "action=app.created" in page.url
    page.click("a:has-text('Newest')")
    assert page.locator(".events details").first.get_attribute("id") == first


def test_the_console_works_without_script(open_as: Open, console: Console, estate: Estate) -> None:
    page = open_as("admin", java_script_enabled=False)
    page.goto("/")
    page.click("nav >> text=Commands")
    assert page.locator("h1").inner_text() == "Help"
    page.click("nav >> text=Kill switch")
    page.click(f"text=Kill {APP}")
    page.fill("#kill input[name=reason]", "by hand")
    page.click("#kill button")
    assert "by hand" in page.inner_text("main")
    page.goto(f"/approvals/{estate.waiting}")
    page.locator("details.file summary").first.click()
    assert page.locator("details.file").first.get_attribute("open") is None


def test_empty_pages_say_what_to_type(open_as: Open, console: Console) -> None:
    page = open_as("user")
    page.goto("/")
    assert "bailiwick app create finance/refund-desk" in page.inner_text("main")
    page.goto("/approvals")
    assert "bailiwick deploy" in page.inner_text("main")
    page = open_as("builder")
    page.goto(f"/apps/{APP}")
    assert f"git push {console.url}/git/{APP}.git HEAD:main" in page.inner_text("main")
    assert HOSTILE not in page.content()
