"""Coding standards in the console: written with faults told, tried on apps, approved by somebody else."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open
from tests.faces.console.test_pages import AXE, RULES

HOUSE = (Path(__file__).parents[2] / "assets" / "standards" / "house.toml").read_text()


@pytest.mark.req("RV8")
def test_a_draft_is_checked_tried_and_proposed(open_as: Open, console: Console) -> None:
    company = console.company
    assert company.push("builder", {"tools/old.py": "import requests\n"}).accepted
    page = open_as("admin")
    page.goto("/standards")
    expect(page.get_by_role("main")).to_contain_text("No coding standard holds here.")
    page.get_by_role("link", name="Write a standard").click()
    page.get_by_label("Name", exact=True).fill("house")
    page.get_by_label("Reason", exact=True).fill("one way to call")
    text = page.get_by_label("The standard, in TOML")
    check = page.locator("#check")
    text.fill(HOUSE.replace("import httpx", "import requests"))
    expect(check).to_contain_text("test 2 is good, and the rule finds")
    expect(check.get_by_role("button", name="Propose it")).to_have_count(0)
    text.fill(HOUSE)
    expect(check).to_contain_text("Every rule passes its own tests")
    page.get_by_role("button", name="Try it on apps").click()
    trial = page.get_by_label("What the trial found")
    expect(trial).to_contain_text("1 of 1 app would be blocked; of 1 push of the last month, 1.")
    expect(trial).to_contain_text("tools/old.py:1")
    page.evaluate(AXE.read_text())
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    page.get_by_role("button", name="Propose it").click()
    expect(page).to_have_url(re.compile("/standards/house/1$"))
    expect(page.get_by_label("Decision", exact=True)).to_contain_text(
        "nobody approves a coding standard that they wrote"
    )


@pytest.mark.req("RV8")
def test_another_person_approves_and_it_holds(open_as: Open, console: Console) -> None:
    company = console.company
    company.control.standards.propose(
        company.people["admin"], "house", scope="folder:finance", text=HOUSE, reason="one way to call"
    )
    page = open_as("security", viewport={"width": 390, "height": 844})
    page.goto("/standards/house/1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Reason").fill("read it")
    page.get_by_role("button", name="Approve this text").click()
    page.get_by_role("button", name="Put it into force").click()
    expect(page.get_by_role("main")).to_contain_text("in force")
    page.goto("/standards")
    expect(page.get_by_role("main")).to_contain_text("1 standard in force; 0 proposals wait for a decision.")
    page.evaluate(AXE.read_text())
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    assert not company.push("builder", {"app.py": "app = 7\n"}).accepted


@pytest.mark.req("RV8")
def test_builders_read_what_binds_them_and_others_see_nothing(open_as: Open, console: Console) -> None:
    company = console.company
    company.control.standards.propose(
        company.people["admin"], "house", scope="organization:default", text=HOUSE, reason="<b>one</b> way"
    )
    page = open_as("builder")
    page.goto("/standards")
    expect(page.get_by_role("main")).to_contain_text("<b>one</b> way")
    expect(page.get_by_role("link", name="Write a standard")).to_have_count(0)
    answer = page.goto("/standards/edit")
    assert answer is not None
    assert answer.status == 403
    other = open_as("user")
    gone = other.goto("/standards/house/1")
    assert gone is not None
    assert gone.status == 404
