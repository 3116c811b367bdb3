"""Notices in the console: one's own choice, messages that did not arrive, and the link of a mail."""

import re
from typing import Any

import pytest

from bailiwick.control.notice_settings import NoticeSettings, SmtpOptions
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.policies import case_of, in_force
from tests.fixtures.post_office import PostOffice
from tests.fixtures.releasing import released


@pytest.fixture
def more_settings(post_office: PostOffice) -> dict[str, Any]:
    smtp = SmtpOptions(host="127.0.0.1", port=post_office.port, security="none", sender="bw@example.com")
    return {"notices": NoticeSettings(smtp=smtp)}


@pytest.mark.req("DG2")
def test_the_link_of_a_mail_leads_its_person_through_the_sign_in_to_one_decision(
    console: Console, post_office: PostOffice
) -> None:
    company = console.company
    assert company.push("builder").accepted
    deploy = company.control.deploys.request(company.people["builder"], APP).id
    company.control.notice_keeper.send_mail()
    path = re.findall(r"(/decide/\S+)", post_office.text_for("admin@example.com"))[0]
    stranger = console.browser()
    asked = stranger.get(path)
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/sign-in?return_to=%2Fdecide%2F")
    assert stranger.post(f"{path}/approve", data={"reason": "mine"}).status_code == 303
    security, _ = console.signed_in("security")
    assert "This link was made for another person" in security.get(path).text
    admin, _ = console.signed_in("admin")
    page = admin.get(path).text
    assert "New in its reach" in page
    assert f'action="{path}/approve"' in page
    assert admin.get(path).status_code == 200  # looking again decides nothing and uses nothing up
    assert admin.post(f"{path}/approve", data={"reason": "no token"}).status_code == 403
    fields = {"csrf_token": csrf_token(page), "reason": "reads its own region only"}
    done = admin.post(f"{path}/approve", data=fields)
    assert done.headers["location"] == f"/approvals/{deploy}"
    again = admin.get(path)
    assert again.status_code == 410
    assert "by user:admin@example.com, to approve" in again.text
    assert "link used to approve" in admin.get("/notices").text


@pytest.mark.req("DG2")
def test_a_person_chooses_and_administrators_see_what_did_not_arrive(console: Console, post_office: PostOffice) -> None:
    company = console.company
    security, _ = console.signed_in("security")
    page = security.get("/notices").text
    assert "You get mail when something waits for you." in page
    assert security.post("/notices/mail", data={"csrf_token": csrf_token(page), "mail": "off"}).status_code == 303
    assert "You get no mail; what waits is under Approvals." in security.get("/notices").text
    post_office.refused.add("admin@example.com")
    assert company.push("builder").accepted
    company.control.deploys.request(company.people["builder"], APP)
    company.control.notice_keeper.send_mail()
    admin, _ = console.signed_in("admin")
    shown = admin.get("/notices").text
    assert "1 message did not arrive" in shown
    assert "does not take mail for this address (status 550)" in shown
    post_office.refused.clear()
    (retry,) = re.findall(r'action="(/notices/ntc_[^"]+/retry)"', shown)
    assert security.post(retry, data={"csrf_token": csrf_token(page)}).status_code == 403
    assert admin.post(retry, data={"csrf_token": csrf_token(shown)}).status_code == 303
    company.control.notice_keeper.send_mail()
    assert post_office.recipients == ["admin@example.com"]
    builder, _ = console.signed_in("builder")
    assert "admin@example.com" not in builder.get("/notices").text


@pytest.mark.req("DG2")
def test_where_policy_lets_a_link_stand_for_a_sign_in_a_short_card_decides(
    console: Console, post_office: PostOffice
) -> None:
    company = console.company
    released(company)
    permit = '@id("x") @reason("x") permit (principal, action == Action::"app.approve-by-link", resource);'
    in_force(company, permit, case_of("app.approve-by-link", "allow"))
    assert company.push("builder").accepted
    deploy = company.control.deploys.request(company.people["builder"], APP).id
    company.control.notice_keeper.send_mail()
    path = re.findall(r"(/decide/\S+)", post_office.text_for("approver@example.com"))[0]
    browser = console.browser()
    page = browser.get(path)
    assert page.status_code == 200
    assert "you decide as user:approver@example.com" in page.text
    assert "Sign out" not in page.text
    form = f"{path}/unsigned/approve"
    assert form in page.text
    elsewhere = browser.post(form, data={"reason": "x"}, headers={"origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    assert browser.post(form, data={"reason": " "}).status_code == 400
    done = browser.post(form, data={"reason": "nothing new in it"})
    assert "The deploy is released. Your reason: nothing new in it" in done.text
    # A second use proves nobody any more: it asks to sign in, and says there what became of it.
    assert browser.post(form, data={"reason": "again"}).status_code == 303
    with company.control.store.transaction() as session:
        assert company.control.deploys.deploy(session, deploy).decided_by == "user:approver@example.com"
