"""The page of integrations: where systems are, what they offer, and the switch that closes one for every app."""

from dataclasses import replace

import pytest

from bailiwick.control.integrations import take_pressure
from bailiwick.core.grants import FieldMask, RequestGrant
from bailiwick.core.messages import BearerToken, LimitSeen, LimitsReport, ServiceConnection
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import orders_db
from tests.fixtures.rotated import wrap

pytestmark = pytest.mark.req("IN6", "DG7")


def test_an_administrator_sees_what_systems_offer_and_switches_one_off(console: Console) -> None:
    control, people = console.company.control, console.company.people
    with control.store.transaction() as session:
        control.vault.put(session, "crm-key", "the-key-of-the-crm", by="user:admin@example.com")
    wrap(console.company, "crm-key")
    crm = replace(
        orders_db(),
        name="crm",
        kind="http",
        connections={
            "production": ServiceConnection(
                kind="http", url="https://crm.example/api", credential=BearerToken(kind="bearer", secret="crm-key")
            )
        },
        offers={
            "contacts:read": (
                RequestGrant(methods=frozenset({"GET"}), path="/contacts/{id}", fields=(FieldMask(path="ssn"),)),
            )
        },
    )
    control.integrations.register(people["admin"], crm)
    admin, _ = console.signed_in("admin")
    page = admin.get("/integrations").text
    assert "2 business systems, all switched on." in page
    for words in ("https://crm.example/api", "GET /contacts/{id}; ssn hidden", "a key that does not change", "crm-key",
                  "select on orders"):  # fmt: skip
        assert words in page, words
    assert "the-key-of-the-crm" not in page
    now = control.clock()
    report = LimitsReport(
        integration="crm", seconds=10, calls=7, waited=2, repeated=1, refused={"breaker": 3}, breaker="open",
        breaker_words="8 calls in a row failed", time=now, shared="counted with other planes",
        nearest=(LimitSeen(scope="app", kind="rate", limit="600/min", share=0.9, who="finance/desk"),),
    )  # fmt: skip
    with control.store.transaction() as session:
        take_pressure(session, "production", report)
    page = admin.get("/integrations").text
    for words in ("left alone, it fails", "8 calls in a row failed", "each app (finance/desk): 90% of the burst of",
                  "3 refused while it was left alone", "all apps together: 100 at once"):  # fmt: skip
        assert words in page, words
    form = {"csrf_token": csrf_token(page), "enabled": "false", "reason": "a leak"}
    assert admin.post("/integrations/crm/switch", data={**form, "reason": ""}).status_code == 400
    assert admin.post("/integrations/crm/switch", data=form).status_code == 303
    off = admin.get("/integrations").text
    assert "Switched off for every app: crm." in off
    assert "Switched off by user:admin@example.com: a leak" in off
    builder, _ = console.signed_in("builder")
    seen = builder.get("/integrations").text
    assert "Switch crm" not in seen
    refused = builder.post("/integrations/crm/switch", data={**form, "csrf_token": csrf_token(seen)})
    assert refused.status_code == 403
    with control.store.transaction() as session:
        assert control.integrations.enabled(session)["crm"] is False


@pytest.mark.req("IN7")
def test_functions_that_apps_may_call_are_shown_and_what_waits_for_a_second_person(console: Console) -> None:
    functions, people = console.company.control.sql_functions, console.company.people
    made = functions.propose(people["admin"], "orders-db", text="reporting.risk_of(numeric)\n", reason="the desk")
    admin, _ = console.signed_in("admin")
    page = admin.get("/integrations").text
    assert '<a href="/sql-functions/orders-db/1">version 1</a>' in page
    assert "risk_of" not in page
    functions.approve(people["security"], "orders-db", made.version)
    functions.activate(people["admin"], "orders-db", made.version)
    page = admin.get("/integrations").text
    assert "<li><code>reporting.risk_of(numeric)</code></li>" in page
    assert "wait for a second person" not in page
    builder, _ = console.signed_in("builder")
    functions.propose(people["admin"], "orders-db", text="# none\n", reason="not needed")
    assert "wait for a second person" not in builder.get("/integrations").text
