"""Grants from plain questions in the console: by keyboard from the question to the saved rule, and who may not."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from bailiwick.control.identity.credentials import SpentCodeError
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import PassRequest
from bailiwick.core.passes import read_pass
from bailiwick.core.pkce import pkce_challenge
from tests.control.grant_drafts.conftest import ORDERS, seen, tell
from tests.faces.console.conftest import Console, Open, csrf_token

pytestmark = pytest.mark.req("IN8", "DG7")


def test_a_rule_is_drafted_looked_at_and_saved_without_a_pointer(open_as: Open, console: Console) -> None:
    page = open_as("admin")
    page.goto("/integrations")
    page.get_by_role("link", name="Tables of orders-db, and a grant from a question").press("Enter")
    expect(page.locator("main")).to_contain_text("Nobody has looked yet what tables orders-db has.")
    page.get_by_role("button", name="Look", exact=True).press("Enter")
    expect(page.locator("main")).to_contain_text("A data plane is looking")
    tell(console.company, seen(ORDERS))
    page.reload()
    assert "1 table with 6 columns, seen by the plane editor; what 2 columns of them hold waits" in page.inner_text(
        "main"
    )
    page.get_by_role("button", name="Confirm orders.customer_email").press("Enter")
    expect(page.locator("tr[id='orders.customer_email'] .pill")).to_have_text("personal-email")
    page.get_by_label("What orders.card_number holds").fill("payment")
    page.keyboard.press("Enter")
    expect(page.locator("tr[id='orders.card_number'] .pill")).to_have_text("payment")
    page.get_by_label("What is needed").fill("top orders of my region, e-mails masked")
    page.keyboard.press("Enter")
    main = page.locator("main")
    expect(main).to_contain_text(
        "only rows whose region is the person's own region; columns id, region, customer_email (masked"
    )
    expect(main).to_contain_text("all rows of orders, not only 'top'")
    page.get_by_role("button", name="Prepare the preview").press("Enter")
    link = page.get_by_role("link", name="See the rows on the plane editor")
    expect(link).to_have_attribute("href", re.compile("//bailiwick-grants.preview.localhost"))
    page.get_by_role("textbox", name="Name").fill("regional_orders:read")
    page.get_by_role("textbox", name="Why").fill("the desk needs it")
    page.get_by_label("what it opens beyond the question is meant").press("Space")
    page.get_by_role("button", name="Save the rule").press("Enter")
    expect(page.locator("main")).to_contain_text("Saved as regional_orders:read")
    with console.company.control.store.transaction() as session:
        offers = console.company.control.integrations.integration(session, "orders-db").offers
    assert "regional_orders:read" in offers


def test_who_may_see_it_may_ask_but_not_preview_confirm_or_save(console: Console) -> None:
    control, people = console.company.control, console.company.people
    control.identity.roles.assign(people["admin"], "builder", "user:builder@example.com", "integration:orders-db")
    control.catalogues.look(people["admin"], "orders-db")
    tell(console.company, seen(ORDERS))
    builder, _ = console.signed_in("builder")
    shown = builder.get("/integrations/orders-db").text
    assert "Say what it holds" not in shown
    token = csrf_token(shown)
    asked = builder.post("/integrations/orders-db/ask", data={"csrf_token": token, "question": "orders of my region"})
    place = asked.headers["location"]
    page = builder.get(place).text
    assert page.count("you may not") == 2
    form = {"csrf_token": token, "rule": "mine:read", "reason": "please", "column": "orders.id", "data_class": "x"}
    for path in (
        f"{place}/save",
        f"{place}/preview",
        "/integrations/orders-db/classes",
        "/integrations/orders-db/look",
    ):
        assert builder.post(path, data=form).status_code == 403, path
    stranger, _ = console.signed_in("user")
    assert stranger.get("/integrations/orders-db").status_code == 403
    assert stranger.get(place).status_code == 403
    admin, _ = console.signed_in("admin")
    assert "Compare grants with 90 days of use" in admin.get("/integrations/orders-db").text
    assert "No app in production has a grant on it." in admin.get("/integrations/orders-db?usage=true").text
    assert admin.get("/integrations/orders-db/drafts/none").status_code == 404
    assert admin.get("/integrations/nothing").status_code == 404
    without = {key: value for key, value in form.items() if key != "csrf_token"}
    assert admin.post(f"{place}/save", data=without).status_code == 403


def test_the_way_to_a_planes_page_is_by_a_code_for_that_plane_only(console: Console) -> None:
    control, people = console.company.control, console.company.people
    control.catalogues.look(people["admin"], "orders-db")
    tell(console.company, seen(ORDERS))
    draft = control.grant_drafts.ask(people["admin"], "orders-db", "orders of my region")
    control.grant_previews.order(people["admin"], "orders-db", draft.id)
    other = control.grant_drafts.ask(people["admin"], "orders-db", "orders of region EMEA")
    control.grant_previews.order(people["admin"], "orders-db", other.id, plane="production")
    admin, _ = console.signed_in("admin")
    asked = {"app": "editor", "mode": "grants", "challenge": pkce_challenge("v" * 43), "state": "s"}

    def code() -> str:
        away = admin.get("/sign-in/app", params=asked)
        assert away.status_code == 303
        place = urlsplit(away.headers["location"])
        assert (place.hostname, place.path) == ("bailiwick-grants.preview.localhost", "/.bailiwick/callback")
        return parse_qs(place.query)["code"][0]

    def answered(plane: str, **fields: str) -> str:
        told = {"code": code(), "app": "editor", "mode": "grants", "verifier": "v" * 43, **fields}
        return control.planes.answer_pass(plane, PassRequest.model_validate(told)).token

    # What a plane says of itself counts for nothing: it is known by its certificate.
    with pytest.raises(SpentCodeError):
        answered("production")
    with pytest.raises(SpentCodeError):
        answered("editor", verifier="w" * 43)
    with pytest.raises(BailiwickError):
        answered("editor", mode="production", app="finance/desk")
    key = control.planes.welcome("editor").pass_key
    found = read_pass(answered("editor"), key, app="editor", mode="grants", now=control.clock())
    assert str(found.identity.principal) == "user:admin@example.com"
    assert found.expires - control.clock() < timedelta(minutes=16)
    assert admin.get("/sign-in/app", params={**asked, "app": "mars"}).status_code == 400
    assert console.browser().get("/sign-in/app", params=asked).headers["location"].startswith("/sign-in")
