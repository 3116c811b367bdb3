"""The page that says who ran a query, in a browser."""

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open
from tests.fixtures.queries import run_queries

pytestmark = pytest.mark.req("IN10")


def test_a_pasted_line_of_a_log_leads_to_the_person_and_stays_out_of_addresses(open_as: Open, console: Console) -> None:
    ran = run_queries(console.company)
    page = open_as("security")
    page.goto("/audit")
    page.click("main >> text=who ran this query?")
    page.fill("textarea", ran.line(0))
    page.click("text=Look it up")
    assert page.url.endswith("/queries/who")
    expect(page.locator(".events > li")).to_have_count(1)
    assert "user:emea@example.com" in page.inner_text(".events")
    assert "line of a log" in page.inner_text("#found")
    page.fill("textarea", "<script>alert(1)</script>")
    page.click("text=Look it up")
    expect(page.locator("section.empty")).to_have_count(1)
    assert page.input_value("textarea") == "<script>alert(1)</script>"
    page.fill("textarea", "")
    page.click("text=Look it up")
    assert "nothing was asked" in page.inner_text(".glance")


def test_who_may_not_read_the_log_gets_no_such_page(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    assert browser.get("/queries/who").status_code == 403
    assert browser.post("/queries/who", data={"text": "SELECT 1"}).status_code == 403
