"""Delegations and the inbox in the console: handed over, decided in somebody's place, and ended."""

import re
from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.releasing import released


@pytest.mark.req("DG2")
def test_a_delegate_finds_in_the_inbox_what_waits_for_them_and_decides(console: Console) -> None:
    company = console.company
    released(company)
    assert company.push("builder").accepted
    deploy = company.control.deploys.request(company.people["builder"], APP).id
    user, _ = console.signed_in("user")
    assert "Nothing waits for a decision." in user.get("/approvals").text
    assert user.get(f"/approvals/{deploy}").status_code == 404
    assert "nothing to hand over" in user.get("/delegations").text
    approver, _ = console.signed_in("approver")
    page = approver.get("/delegations").text
    fields = {"csrf_token": csrf_token(page), "delegate": "user@example.com", "reason": "on leave"}
    days = {"until": (utc_now() + timedelta(days=5)).date().isoformat(), "starts": "", "folder": "finance"}
    assert approver.post("/delegations", data={**fields, **days, "reason": " "}).status_code == 400
    assert approver.post("/delegations", data={**fields, **days, "until": "soon"}).status_code == 400
    assert approver.post("/delegations", data={**fields, **days}).status_code == 303
    assert "1 person may approve for you" in approver.get("/delegations").text
    inbox = user.get("/approvals").text
    assert "1 deploy waits for a decision, 1 of them for yours" in inbox
    assert "for user:approver@example.com" in inbox
    assert "nothing new in its reach" in inbox
    card = user.get(f"/approvals/{deploy}").text
    assert "you may decide for user:approver@example.com" in card
    said = {"csrf_token": csrf_token(card), "reason": "only its own region"}
    assert user.post(f"/approvals/{deploy}/approve", data=said).status_code == 303
    lately = approver.get("/approvals").text
    assert "user:user@example.com for user:approver@example.com" in lately
    assert "only its own region" in lately
    (end,) = re.findall(r'action="(/delegations/dlg_[^"]+/end)"', approver.get("/delegations").text)
    assert approver.post(end, data={"csrf_token": csrf_token(page), "reason": "back early"}).status_code == 303
    assert "0 people may approve for you" in approver.get("/delegations").text


@pytest.mark.req("DG2")
def test_the_inbox_keeps_what_waits_for_me_apart(console: Console) -> None:
    company = console.company
    assert company.push("builder").accepted
    company.control.deploys.request(company.people["builder"], APP)
    admin, _ = console.signed_in("admin")
    mine = admin.get("/approvals").text
    assert "Waits for you" in mine
    assert "Waits for others" not in mine
    assert re.search(r"orders-db: select on orders: .*, and \d+ more", mine)
    builder, _ = console.signed_in("builder")
    others = builder.get("/approvals").text
    assert "Waits for others" in others
    assert "Waits for you" not in others
