"""Functions of databases in the console: proposed with faults told, approved by somebody else, taken back by one."""

import re

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open, csrf_token
from tests.faces.console.test_pages import AXE, RULES

pytestmark = pytest.mark.req("IN7")
TEXT = "reporting.risk_of(numeric, text)\n"


def test_a_list_is_checked_proposed_decided_and_taken_back(open_as: Open, console: Console) -> None:
    page = open_as("admin")
    page.goto("/integrations")
    page.get_by_role("link", name="Functions that apps may call").first.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Apps call the functions of PostgreSQL that only compute, and no others.")
    page.get_by_role("link", name="Propose functions").click()
    text, check = page.get_by_label("Functions, one a line"), page.locator("#check")
    text.fill("public.dblink(text, text)")
    expect(check).to_contain_text("reach past every grant")
    expect(check.get_by_role("button", name="Propose it")).to_have_count(0)
    text.fill(TEXT)
    expect(check).to_contain_text("1 function could be called.")
    page.get_by_label("Reason", exact=True).fill("the desk shows risks")
    page.evaluate(AXE.read_text())
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    page.get_by_role("button", name="Propose it").click()
    expect(page).to_have_url(re.compile("/sql-functions/orders-db/1$"))
    expect(page.get_by_label("Decision", exact=True)).to_contain_text(
        "nobody approves functions of a database that they"
    )
    expect(page.get_by_role("button", name="Take your proposal back")).to_be_visible()
    other = open_as("security", viewport={"width": 390, "height": 844})
    other.goto("/sql-functions/orders-db/1")
    expect(other.get_by_role("button", name="Take your proposal back")).to_have_count(0)
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    other.get_by_label("Reason").fill("read its source")
    other.get_by_role("button", name="Approve this text").click()
    other.get_by_role("button", name="Put it into force").click()
    page.goto("/sql-functions")
    expect(main).to_contain_text("Of 1 database apps may call more functions; 0 proposals wait for a decision.")
    expect(main).to_contain_text("reporting.risk_of(numeric, text)")
    page.get_by_role("link", name="version 1").click()
    page.evaluate(AXE.read_text())
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    page.get_by_label("Why it is taken back").fill("it writes a log")
    page.get_by_role("button", name="Take it out of force").click()
    expect(main).to_contain_text("taken back")
    with console.company.control.store.transaction() as session:
        assert console.company.control.sql_functions.in_force(session) == {}


def test_who_may_not_read_or_propose_is_refused_in_words(console: Console) -> None:
    functions, people = console.company.control.sql_functions, console.company.people
    functions.propose(people["admin"], "orders-db", text=TEXT, reason="<b>the desk</b>")
    builder, _ = console.signed_in("builder")
    seen = builder.get("/integrations").text
    assert 'href="/sql-functions"' not in seen.partition("<main")[2]
    assert builder.get("/sql-functions").status_code == 403
    assert builder.get("/sql-functions/orders-db/1").status_code == 404
    assert builder.get("/sql-functions/edit").status_code == 403
    form = {"csrf_token": csrf_token(seen), "reason": "x"}
    for verb, status in (("approve", 403), ("withdraw", 403), ("activate", 403), ("explode", 404)):
        assert builder.post(f"/sql-functions/orders-db/1/{verb}", data=form).status_code == status, verb
    security, _ = console.signed_in("security")
    page = security.get("/sql-functions/orders-db/1").text
    assert "&lt;b&gt;the desk&lt;/b&gt;" in page
    assert "Take your proposal back" not in page
    admin, _ = console.signed_in("admin")
    own = {"csrf_token": csrf_token(admin.get("/sql-functions/orders-db/1").text), "reason": "mine"}
    assert admin.post("/sql-functions/orders-db/1/approve", data=own).status_code == 403
    assert admin.post("/sql-functions/orders-db/1/refuse", data=own).status_code == 403
    assert admin.post("/sql-functions/orders-db/1/activate", data=own).status_code == 409
    assert admin.post("/sql-functions/orders-db/1/withdraw", data={**own, "reason": ""}).status_code == 400
