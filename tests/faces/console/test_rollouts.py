"""Rollouts in the console: the picture on the page of an app, its plan, and the forms that move it."""

import pytest
from playwright.sync_api import expect

from bailiwick.control.rollouts import staged
from tests.faces.console.conftest import Console, Open
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG5")


def test_a_plan_is_set_a_rollout_is_seen_and_aborted_by_keyboard(console: Console, open_as: Open) -> None:
    stable = released(console.company)
    page = open_as("admin")
    page.goto(f"/apps/{APP}")
    expect(page.locator("#rollout")).to_have_count(0)
    page.get_by_text("Change it").click()
    page.get_by_label("Steps, one a line").fill("group:pilots=30\n5%=10")
    form = page.locator("form[action$='/rollout/plan']")
    form.get_by_label("Why").fill("a busy desk")
    form.get_by_label("Why").press("Enter")
    page.wait_for_url("**#rollout")
    assert "Group:pilots for 30 min → 5 % for 10 min → everybody, set on app:finance/desk" in page.inner_text("main")
    candidate = released(console.company)
    builder = open_as("builder")
    builder.goto(f"/apps/{APP}")
    shown = builder.locator("#rollout")
    words = f"Step 1 of 2: group:pilots and 0% of people have {candidate}."
    assert words in shown.inner_text()
    assert "It waits for: the candidate starts." in shown.inner_text()
    assert [stable in shown.inner_text(), "you may not promote it" in shown.inner_text()] == [True, True]
    expect(shown.locator("svg .rollout-mark")).to_have_count(1)
    why = shown.get_by_label("What is wrong with it")
    why.fill("wrong totals")
    why.press("Enter")
    builder.wait_for_url("**#rollout")
    expect(builder.locator("#rollout")).to_have_count(0)
    builder.get_by_text("Rollouts before").click()
    assert "user:builder@example.com: wrong totals" in builder.inner_text("main")


def test_who_may_not_plan_sees_the_plan_and_no_form(console: Console) -> None:
    company = console.company
    company.control.rollout_plans.set(company.people["admin"], f"app:{APP}", staged(["5%=10"]), "carefully")
    browser, session = console.signed_in("builder")
    text = browser.get(f"/apps/{APP}").text
    assert "5 % for 10 min → everybody" in text
    assert "/rollout/plan" not in text
    refused = browser.post(
        f"/apps/{APP}/rollout/plan", data={"csrf_token": session.csrf_token, "steps": "", "reason": "hurry"}
    )
    assert refused.status_code == 403
