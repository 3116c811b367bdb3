"""Previews of branches on the page of an app: what they are, and the buttons that end one and bring it back."""

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open
from tests.fixtures.company import APP


@pytest.mark.req("OB1", "RV10")
def test_previews_are_listed_ended_and_brought_back_by_who_may(console: Console, open_as: Open) -> None:
    company = console.company
    assert company.push("builder").accepted
    assert company.push("builder", branch="fix/login").accepted
    page = open_as("builder")
    page.goto(f"/apps/{APP}")
    row = page.locator("tr", has_text="fix/login")
    text = row.inner_text()
    assert "starting" in text and "user:builder@example.com" in text
    assert row.locator("a").inner_text().startswith("http://fix-login-x")
    row.get_by_role("button", name="End fix/login").click()
    page.get_by_role("button", name="Bring back fix/login").click()
    page.get_by_role("button", name="End fix/login").wait_for()
    page.goto(f"/history/{APP}")
    assert "to the branch fix/login" in page.inner_text("main")
    page = open_as("approver")
    page.goto(f"/apps/{APP}")
    expect(page.locator("tr", has_text="fix/login")).to_have_count(1)
    expect(page.get_by_role("button", name="Renew fix/login")).to_have_count(0)
