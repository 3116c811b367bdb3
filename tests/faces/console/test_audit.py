"""The audit pages in a browser: bars that narrow, kept searches, the live tail, and an event with its proof."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, text

from tests.faces.console.conftest import Console, Open, csrf_token
from tests.fixtures.company import APP


def create(console: Console, path: str) -> None:
    console.company.control.catalog.create_folder(console.company.people["admin"], path)


@pytest.mark.req("OB2")
def test_a_bar_narrows_the_search_to_its_time_and_keeps_the_rest(open_as: Open, console: Console) -> None:
    page = open_as("admin")
    page.goto("/audit?action=folder.created&q=resource%3Dfolder%3A*")
    bars = page.locator(".over-time a")
    expect(bars).to_have_count(1)
    assert "1 event, 0 refused or failed" in bars.first.get_attribute("aria-label")
    bars.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**since=*")
    assert "until=" in page.url
    expect(page.locator(".events li")).to_have_count(1)
    chips = page.locator(".filters-on li").all_inner_texts()
    assert chips[:2] == ["Action: folder.created ×", "Resource: folder:* ×"]


@pytest.mark.req("OB2")
def test_a_search_is_kept_found_again_and_removed(open_as: Open, console: Console) -> None:
    page = open_as("admin")
    page.goto("/audit?action=folder.*&q=plane%3Dnowhere")
    expect(page.locator("section.empty")).to_have_count(1)
    page.click("text=Keep this search")
    page.fill(".keep input[name=name]", "New <b>folders</b>")
    page.click(".keep button")
    assert "no name for a search" in page.inner_text("main")
    page.goto("/audit?action=folder.*")
    page.click("text=Keep this search")
    page.fill(".keep input[name=name]", "New folders")
    page.check(".keep input[name=shared]")
    page.click(".keep button")
    assert page.locator(".kept .here").inner_text().startswith("New folders")
    other = open_as("security")
    other.goto("/audit")
    other.click(".kept >> text=New folders")
    expect(other.locator(".events li")).to_have_count(1)
    expect(other.locator(".kept button")).to_have_count(0)
    page.click("[aria-label='Remove the kept search New folders']")
    expect(page.locator(".kept")).to_have_count(0)


@pytest.mark.req("OB2", "ID4")
def test_who_may_not_read_the_log_gets_none_of_its_pages_or_streams(console: Console) -> None:
    browser, session = console.signed_in("builder")
    for path in ("/audit", "/audit/events/0", "/audit/live"):
        assert browser.get(path).status_code == 403
    body = {"csrf_token": session.csrf_token, "name": "x", "term": "action=a.b"}
    assert browser.post("/audit/searches", data=body).status_code == 403
    admin, _ = console.signed_in("admin")
    token = csrf_token(admin.get("/audit").text)
    assert admin.post("/audit/searches", data={"name": "x", "term": "app.created"}).status_code == 403
    kept = admin.post("/audit/searches", data={"csrf_token": token, "name": "x", "term": "action=app.*"})
    assert kept.status_code == 303
    assert kept.headers["location"] == "/audit?action=app.%2A"
    nobody = console.browser()
    assert nobody.get("/audit/live").status_code in {303, 307, 401}
    assert admin.get("/audit/events/99999").status_code == 404
    assert admin.get("/audit?since=soon").status_code == 400


@pytest.mark.req("OB2")
def test_events_come_in_as_they_happen_until_the_switch_is_off(open_as: Open, console: Console) -> None:
    page = open_as("security")
    page.goto("/audit?action=folder.*")
    page.click(".live-switch")
    page.locator(".live-switch[aria-pressed=true]").wait_for()
    page.wait_for_timeout(500)
    create(console, "legal")
    console.company.control.catalog.create_app(console.company.people["admin"], "finance/not-asked-for")
    row = page.locator(".events .fresh")
    row.first.wait_for()
    expect(page.locator(".events li")).to_have_count(2)
    assert "folder:legal" in row.first.inner_text()
    row.first.locator("summary").click()
    assert row.first.locator("a").first.get_attribute("href").startswith("/audit/events/")
    page.click(".live-switch")
    create(console, "sales")
    page.wait_for_timeout(1500)
    expect(page.locator(".events li")).to_have_count(2)


@pytest.mark.req("OB2", "ID5")
def test_a_live_page_ends_with_the_session_behind_it(open_as: Open, console: Console) -> None:
    page = open_as("security")
    page.goto("/audit")
    page.click(".live-switch")
    page.wait_for_timeout(700)
    company = console.company
    company.control.identity.revoke_principal(company.people["admin"], "user:security@example.com", "left")
    page.locator(".live-switch[aria-pressed=false]").wait_for()
    create(console, "after")
    page.wait_for_timeout(1200)
    assert "folder:after" not in page.inner_text("main")


@pytest.mark.req("OB2")
def test_an_event_shows_what_it_changed_where_to_look_and_its_proof(open_as: Open, console: Console) -> None:
    control, people = console.company.control, console.company.people
    control.stops.kill(people["admin"], APP, "a leak")
    page = open_as("admin")
    page.goto("/audit?action=app.killed")
    page.locator(".events summary").first.click()
    assert page.locator(".events .changes tbody tr").inner_text() == "stopped\t−none\t+everywhere"
    page.click("text=Event and proof")
    assert re.fullmatch(r"Event \d+ is in the log of \d+ events that was signed at .*", page.inner_text(".glance"))
    assert "Allowed by" in page.inner_text(".decision")
    expect(page.locator(".proof .root")).to_have_count(1)
    expect(page.locator(".proof .given")).to_have_count(2 * page.locator(".proof line.path").count())
    page.click(".further >> text=resource")
    assert page.url.endswith(f"/apps/{APP}")


@pytest.mark.req("OB2")
def test_an_event_that_was_changed_in_the_database_is_not_called_proved(open_as: Open, console: Console) -> None:
    with create_engine(console.company.control.store.owner_url).begin() as owner:
        owner.execute(
            text("UPDATE audit_events SET body = replace(convert_from(body, 'UTF8'), 'success', 'refused')::bytea")
        )
    page = open_as("admin")
    page.goto("/audit/events/2")
    assert "Not proved: the proof does not lead from event 2 to the signed root" in page.inner_text(".glance")
    expect(page.locator(".proof")).to_have_count(0)
