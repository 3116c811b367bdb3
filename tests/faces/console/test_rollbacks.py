"""Earlier releases on the page of an app: what passes is served again by a click, the rest is for emergencies."""

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.releasing import released, released_by_waiver


def served(console: Console) -> str:
    return console.company.control.planes.desired_state("production").apps[0].release


@pytest.mark.req("RV9", "RV11")
def test_a_good_release_is_served_again_and_a_bad_one_in_an_emergency_only(console: Console, open_as: Open) -> None:
    company = console.company
    bad, waiver = released_by_waiver(company)
    good = released(company)
    released(company)
    company.control.waivers.end(company.people["security"], waiver, "no more of this")
    page = open_as("builder")
    page.goto(f"/apps/{APP}")
    text = page.locator(f"section[aria-labelledby=earlier-{bad}]").inner_text()
    assert "not now" in text
    assert "it passed by a waiver that has ended" in text
    assert "you may not" in text
    page.click(f"section[aria-labelledby=earlier-{good}] button")
    page.wait_for_selector(f"#earlier-{bad}")
    expect(page.locator(f"#earlier-{good}")).to_have_count(0)
    assert served(console) == good
    page = open_as("approver")
    page.goto(f"/apps/{APP}")
    card = page.locator(f"section[aria-labelledby=earlier-{bad}]")
    card.locator("input[name=reason]").fill("the new one loses orders")
    card.locator("button").click()
    page.wait_for_selector(f"#earlier-{good}")
    assert served(console) == bad


@pytest.mark.req("RV9")
def test_the_forms_decide_nothing_themselves(console: Console) -> None:
    company = console.company
    bad, waiver = released_by_waiver(company)
    now = released(company)
    company.control.waivers.end(company.people["security"], waiver, "no more of this")
    builder, _ = console.signed_in("builder")
    token = csrf_token(builder.get(f"/apps/{APP}").text)
    plain = builder.post(f"/apps/{APP}/rollback", data={"csrf_token": token, "release": bad})
    assert plain.status_code == 409
    assert "cannot be served again now" in plain.text
    forced = builder.post(
        f"/apps/{APP}/force-rollback", data={"csrf_token": token, "release": bad, "reason": "it burns"}
    )
    assert forced.status_code == 403
    assert builder.post(f"/apps/{APP}/rollback", data={"release": bad}).status_code in {400, 403, 422}
    assert served(console) == now
