"""The pages of service identities: who sees what, what is flagged in words, and the switch."""

from datetime import timedelta

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import update

from bailiwick.control.identity import ServiceDraft, TrustDraft
from bailiwick.control.identity.tables import ServiceRow
from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console
from tests.fixtures.company import APP
from tests.fixtures.issuer import own_assertion

NIGHTLY, AGENT = "service:nightly", "agent:coder"
KEY = ECKey.generate_key("P-256")


def prepare(console: Console) -> None:
    admin, services = console.company.people["admin"], console.company.control.services
    services.create(admin, ServiceDraft(NIGHTLY, "user:builder@example.com", "Sends the nightly report", 20))
    services.create(admin, ServiceDraft(AGENT, "group:admin", "Writes code", 90))
    services.add_key(admin, NIGHTLY, dict(KEY.as_dict(private=False)))
    services.add_trust(admin, NIGHTLY, TrustDraft("https://ci.example", "bailiwick", "job:nightly"))
    console.company.control.identity.roles.assign(admin, "builder", NIGHTLY, "folder:finance")


@pytest.mark.req("IN5", "ID4")
def test_the_list_says_at_one_glance_what_needs_somebody(console: Console) -> None:
    prepare(console)
    with console.company.control.store.transaction() as session:
        long_ago = utc_now() - timedelta(days=200)
        session.execute(update(ServiceRow).where(ServiceRow.name == AGENT).values(created=long_ago))
    browser, _ = console.signed_in("admin")
    page = browser.get("/services").text
    assert "identities that are no people" in page
    assert " unused" in page and "1 expiring" in page
    for name in (NIGHTLY, AGENT, f"app:{APP}", "plane:editor", "integration:orders-db/production"):
        assert f"/services/{name}" in page
    unused = browser.get("/services?flag=unused").text
    assert f"/services/{AGENT}" in unused and f"/services/{NIGHTLY}" not in unused
    agents = browser.get("/services?kind=agent").text
    assert f"/services/{AGENT}" in agents and "/services/plane:editor" not in agents
    assert "cannot be filtered by" in browser.get("/services?kind=nonsense").text


@pytest.mark.req("IN5", "ID4")
def test_a_page_tells_scope_credentials_and_history(console: Console) -> None:
    prepare(console)
    control = console.company.control
    control.exchange.for_itself(own_assertion(NIGHTLY, KEY, console.url), audience="api")
    browser, _ = console.signed_in("admin")
    page = browser.get(f"/services/{NIGHTLY}").text
    for words in ("Sends the nightly report", "builder on folder:finance", KEY.thumbprint(), "https://ci.example",
                  "sub = job:nightly", "token.issued", "service.created", "just now"):  # fmt: skip
        assert words in page, words
    account = browser.get("/services/integration:orders-db/production").text
    assert "account u at postgresql://127.0.0.1:5432/orders" in account
    assert browser.get(f"/services/app:{APP}").status_code == 200
    assert browser.get("/services/service:none").status_code == 404


@pytest.mark.req("IN5", "ID4", "ID1")
def test_an_owner_switches_their_own_off_and_others_do_not_see_it(console: Console) -> None:
    prepare(console)
    stranger, strange = console.signed_in("user")
    assert "You own no identity" in stranger.get("/services").text
    assert stranger.get(f"/services/{NIGHTLY}").status_code == 404
    form = {"csrf_token": strange.csrf_token, "reason": "mine"}
    assert stranger.post(f"/services/{NIGHTLY}/disable", data=form).status_code == 404
    owner, session = console.signed_in("builder")
    page = owner.get(f"/services/{NIGHTLY}").text
    assert "You may not read the audit log" in page
    assert "Every token of it ends at once" in page
    forged = owner.post(f"/services/{NIGHTLY}/disable", data={"csrf_token": "x", "reason": "it went wild"})
    assert forged.status_code == 403
    form = {"csrf_token": session.csrf_token, "reason": "it went wild"}
    assert owner.post(f"/services/{NIGHTLY}/disable", data={**form, "reason": ""}).status_code == 400
    done = owner.post(f"/services/{NIGHTLY}/disable", data=form)
    assert (done.status_code, done.headers["location"]) == (303, f"/services/{NIGHTLY}")
    page = owner.get(f"/services/{NIGHTLY}").text
    assert "switched off" in page and "Every token of it ends at once" not in page
    assert ("service.disabled", "user:builder@example.com") in console.company.actions()
