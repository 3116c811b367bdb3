"""Policies in the console: written with the faults marked, replayed, approved by somebody else, put into force."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.faces.console.conftest import Console, Open, csrf_token
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import NO_KILLS, NO_PUSHES, ORGANIZATION, case_of, in_force


def asked(company: Company, who: str, action: str) -> None:
    with company.control.store.transaction() as session:
        company.control.authorizer.require(session, company.people[who], action, f"app:{APP}")


def write(page: Page, text: str, tests: str) -> None:
    page.get_by_label("Name", exact=True).fill("house")
    page.get_by_label("Reason", exact=True).fill("quiet hours")
    page.get_by_label("Policies, in Cedar").fill(text)
    page.get_by_label("Test cases, in TOML").fill(tests)


@pytest.mark.req("ID1")
def test_the_editor_marks_faults_as_one_pauses_and_offers_a_proposal_once_all_is_well(
    open_as: Open, console: Console
) -> None:
    asked(console.company, "admin", "app.kill")
    page = open_as("admin")
    page.goto("/policies/edit")
    check = page.locator("#check")
    expect(check).to_contain_text("It may be proposed")
    write(page, NO_KILLS.replace("app.kill", "app.kil"), case_of("app.kill"))
    expect(check).to_contain_text("column 38")
    expect(check).to_contain_text("did you mean app.kill?")
    expect(check.locator("tr.minus .no")).to_have_text("3")
    expect(check.get_by_role("button", name="Propose it")).to_have_count(0)
    page.get_by_label("Policies, in Cedar").fill(NO_KILLS)
    expect(check).to_contain_text("1 test case passed")
    expect(check).to_contain_text("1 would have come out differently")
    expect(check.locator("tbody tr")).to_contain_text("house@0/no-kills")
    check.get_by_role("button", name="Propose it").click()
    expect(page).to_have_url(re.compile("/policies/house/1$"))
    expect(page.get_by_label("Decision", exact=True)).to_contain_text("you may not decide")
    expect(page.get_by_label("Decision", exact=True)).to_contain_text(
        "nobody approves a policy that they wrote themselves"
    )


@pytest.mark.req("ID1")
def test_another_person_approves_and_it_is_put_into_force(open_as: Open, console: Console) -> None:
    company = console.company
    company.control.policies.propose(
        company.people["admin"],
        "house",
        scope=ORGANIZATION,
        text=NO_KILLS,
        tests=case_of("app.kill"),
        reason="quiet hours",
    )
    page = open_as("security")
    page.goto("/approvals")
    page.get_by_role("link", name="house, version 1").click()
    expect(page.locator(".diff .plus").first).to_contain_text("no-kills")
    page.get_by_role("button", name="Approve this text").click()
    page.get_by_role("button", name="Put it into force").click()
    expect(page.locator("h1 + .pill")).to_have_text("in force")
    expect(page.locator("main")).to_contain_text("control plane")
    expect(page.locator("main")).to_contain_text("not yet: it has not said so")
    page.goto("/policies")
    expect(page.locator(".glance")).to_contain_text("1 set of your own in force")
    page.goto(f"/apps/{APP}")
    with company.control.store.transaction() as session:
        decision = company.control.authorizer.decide(session, company.people["admin"], "app.kill", f"app:{APP}")
    assert decision.deciders == ("house@1/no-kills",)


@pytest.mark.req("ID1")
def test_without_script_the_same_is_done_by_forms(console: Console) -> None:
    browser, _ = console.signed_in("admin")
    token = csrf_token(browser.get("/policies/edit").text)
    form = {"csrf_token": token, "name": "house", "scope": ORGANIZATION, "reason": "try"}
    broken = browser.post("/policies/check", data={**form, "text": "forbid(", "tests": ""})
    assert "the policy does not end" in broken.text
    written = {"text": NO_PUSHES.replace("\n", "\r\n"), "tests": case_of("app.push")}
    done = browser.post("/policies/propose", data={**form, **written})
    assert (done.status_code, done.headers["location"]) == (303, "/policies/house/1")
    forged = browser.post("/policies/propose", data={**form, **written, "csrf_token": "x"})
    assert forged.status_code == 403


@pytest.mark.req("ID1")
def test_who_may_not_write_policies_sees_no_editor_and_who_may_not_read_them_nothing(console: Console) -> None:
    in_force(console.company)
    builder, _ = console.signed_in("builder")
    assert builder.get("/policies").status_code == 403
    assert builder.get("/policies/edit").status_code == 403
    assert builder.get("/policies/house/1").status_code == 404
