"""Rules and several approvals in the console: without script, from the rule to the release."""

from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP, MANIFEST
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG1", "DG2")


def test_a_rule_is_changed_and_the_page_of_a_deploy_says_what_is_missing_and_what_is_new(console: Console) -> None:
    company = console.company
    released(company)
    admin, _ = console.signed_in("admin")
    page = admin.get("/approval-rules").text
    assert "later deploys are: one approver" in page
    form = {"kind": "several", "by": "role:approver, group:security", "reason": "two see more",
            "csrf_token": csrf_token(page)}  # fmt: skip
    assert admin.post("/approval-rules", data=form).status_code == 303
    assert "2 different people" in admin.get("/approval-rules").text
    approver, _ = console.signed_in("approver")
    theirs = approver.post("/approval-rules", data=form | {"csrf_token": csrf_token(approver.get("/approvals").text)})
    assert theirs.status_code == 403
    wider = MANIFEST + '\n[egress]\nallow = ["rates.example.net:443"]\n'
    assert company.push("builder", {"bailiwick.toml": wider}).accepted
    deploy = company.control.deploys.request(company.people["builder"], APP)
    inbox = approver.get("/approvals").text
    assert "Waits for you" in inbox
    assert "Waits for others" in admin.get("/approvals").text
    card = f"/approvals/{deploy.id}"
    page = approver.get(card).text
    for words in (
        "What production may reach now",
        "What this deploy may reach",
        '<span class="pill warn">new egress</span> may open connections to rates.example.net:443',
        '<span class="pill warn">missing</span> somebody of the group security',
        "<code>user:security@example.com</code>",
    ):
        assert words in page
    sent = {"csrf_token": csrf_token(page), "reason": "looked at it"}
    assert approver.post(f"{card}/approve", data=sent).status_code == 303
    page = approver.get(card).text
    assert "you approved it" in page
    assert '<span class="pill good">there</span> somebody with the role approver' in page
    assert approver.post(f"{card}/withdraw", data=sent).status_code == 303
    assert "withdrawn 20" in approver.get(card).text
    assert approver.post(f"{card}/approve", data=sent).status_code == 303
    security, _ = console.signed_in("security")
    sent = {"csrf_token": csrf_token(security.get(card).text), "reason": "looked at it, too"}
    assert security.post(f"{card}/approve", data=sent).status_code == 303
    done = security.get(card).text
    assert "How it came through" in done
    assert "<code>user:security@example.com</code> as group:security" in done


def test_a_change_window_is_set_and_a_deploy_says_that_it_waits_for_it(console: Console) -> None:
    company = console.company
    released(company)
    admin, _ = console.signed_in("admin")
    page = admin.get("/approval-rules").text
    assert "No change window is set" in page
    form = {"csrf_token": csrf_token(page), "reason": "on call then"}
    hours = {"days": "mon-sun", "opens": "00:00", "closes": "24:00", "zone": "Europe/Berlin"}
    assert admin.post("/approval-rules/windows", data=form | hours).status_code == 303
    assert "every day all day (Europe/Berlin)" in admin.get("/approval-rules").text
    first, last = (f"{utc_now() + timedelta(days=days):%Y-%m-%d}" for days in (-1, 2))
    days = {"name": "year end", "first": first, "last": last}
    assert admin.post("/approval-rules/windows/close", data=form | days).status_code == 303
    assert f"year end ({first} to {last})" in admin.get("/approval-rules").text
    assert company.push("builder").accepted
    deploy = company.control.deploys.request(company.people["builder"], APP)
    approver, _ = console.signed_in("approver")
    card = f"/approvals/{deploy.id}"
    page = approver.get(card).text
    assert '<span class="pill warn">change window closed</span> closed for year end' in page
    sent = {"csrf_token": csrf_token(page), "reason": "looked at it"}
    assert approver.post(f"{card}/approve", data=sent).status_code == 303
    assert "approved; goes out when the window opens" in approver.get(card).text
    assert "approved; goes out when the window opens" in approver.get("/approvals").text
    assert approver.post("/approval-rules/windows", data=sent | hours).status_code == 403
    gone = form | {"closed": "year end"}
    assert admin.post("/approval-rules/windows/remove", data=gone).status_code == 303
    assert "year end (" not in admin.get("/approval-rules").text


def test_an_emergency_is_red_and_asks_a_third_person_to_look_at_it(console: Console) -> None:
    company = console.company
    released(company)
    assert company.push("builder").accepted
    builder, _ = console.signed_in("builder")
    page = builder.get(f"/apps/{APP}").text
    asked = builder.post(
        f"/apps/{APP}/deploy", data={"emergency": "refunds <b>twice</b>", "csrf_token": csrf_token(page)}
    )
    card = asked.headers["location"]
    assert '<span class="pill bad">emergency</span> refunds &lt;b&gt;twice&lt;/b&gt;' in builder.get(card).text
    for who in ("approver", "security"):
        company.control.deploys.approve(company.people[who], card.rpartition("/")[2], "looked at it")
    assert "It was fine" not in builder.get(card).text
    admin, _ = console.signed_in("admin")
    assert "Emergencies to look at" in admin.get("/approvals").text
    page = admin.get(card).text
    sent = {"verdict": "follow-up", "reason": "a test is missing", "csrf_token": csrf_token(page)}
    assert admin.post(f"{card}/review", data=sent).status_code == 303
    assert "follow-up. a test is missing" in admin.get(card).text
    assert "Emergencies to look at" not in admin.get("/approvals").text
