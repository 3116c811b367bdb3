"""Freezes in the console: the switch says what it meets, a second page confirms, and another person lifts it."""

import pytest

from bailiwick.control.freeze import scope_of
from tests.faces.console.conftest import Console, Open, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG3")


def test_everything_is_frozen_by_keyboard_after_the_radius_was_read(console: Console, open_as: Open) -> None:
    release = released(console.company)
    waiting = console.company.control.deploys.request(console.company.people["builder"], APP)
    page = open_as("security")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("freeze")
    page.keyboard.press("Enter")
    page.wait_for_url("**/freezes")
    assert "Nothing is frozen" in page.locator(".glance").inner_text()
    page.get_by_role("button", name="Freeze everything").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/freezes/new**")
    assert "1 app that you may see is covered" in page.locator(".glance").inner_text()
    assert release in page.locator("table").inner_text()
    assert "user:builder@example.com" in page.locator("table").inner_text()
    page.get_by_label("Why").fill("a supplier was broken into")
    page.get_by_label("Why").press("Enter")
    page.wait_for_url("**/freezes#frz_*")
    words = "Everything is frozen by user:security@example.com: a supplier was broken into."
    assert words in page.locator(".glance").inner_text()
    assert "you may not lift it" in page.locator("section.card").inner_text()
    builder = open_as("builder")
    builder.goto("/")
    assert words in builder.locator("main").inner_text()
    browser, _ = console.signed_in("builder")
    refused = browser.post(f"/apps/{APP}/deploy", data={"csrf_token": csrf_token(browser.get(f"/apps/{APP}").text)})
    assert refused.status_code == 403
    assert "froze everything" in refused.text
    assert "a supplier was broken into" in refused.text
    admin = open_as("admin")
    admin.goto(f"/approvals/{waiting.id}")
    assert "a supplier was broken into" in admin.locator("section.decision").inner_text()
    admin.goto("/freezes")
    admin.get_by_label("What was mended").fill("it was a false alarm")
    admin.get_by_role("button", name="Lift it").click()
    admin.wait_for_url("**/freezes")
    assert "Nothing is frozen" in admin.locator(".glance").inner_text()


def test_what_a_freeze_affects_is_listed_with_owner_and_release_and_can_be_stopped(console: Console) -> None:
    release = released(console.company)
    made = console.company.control.freezes.start(
        console.company.people["admin"], scope_of(integration="orders-db"), "its password leaked"
    )
    security, _ = console.signed_in("security")
    page = security.get("/freezes").text
    for words in (release, APP, "user:builder@example.com", "it uses orders-db", "its password leaked"):
        assert words in page
    token = csrf_token(page)
    assert security.post(f"/freezes/{made.id}/stop", data={}).status_code in {400, 403, 422}
    assert security.post(f"/freezes/{made.id}/stop", data={"csrf_token": token}).status_code == 303
    assert console.company.control.planes.desired_state("production").apps[0].status == "killed"


def test_who_may_not_freeze_is_told_so_and_the_forms_decide_nothing(console: Console) -> None:
    builder, _ = console.signed_in("builder")
    page = builder.get("/freezes").text
    assert "you may not" in page
    assert builder.get("/freezes/new?kind=everything").status_code == 403
    data = {"csrf_token": csrf_token(page), "kind": "everything", "reason": "let me"}
    assert builder.post("/freezes", data=data).status_code == 403
    assert builder.get("/freezes/new?kind=nothing").status_code == 400
    security, _ = console.signed_in("security")
    page = security.get("/freezes").text
    token = csrf_token(page)
    unsaid = {"csrf_token": token, "kind": "folder", "subject": "finance", "reason": ""}
    assert security.post("/freezes", data=unsaid).status_code == 400
    assert security.get("/freezes/new?kind=package&subject=lodash").status_code == 400
    assert security.get("/freezes/new?kind=folder&subject=finanse").status_code == 400
    assert security.post("/freezes", data={"kind": "everything", "reason": "x"}).status_code in {400, 403, 422}
    assert "Nothing is frozen" in security.get("/freezes").text
