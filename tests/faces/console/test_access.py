"""People, roles, who can, and access reviews in the console: what one sees, what one may do, and what is refused."""

import csv
import io
from datetime import timedelta

import httpx2
import pytest
from playwright.sync_api import expect

from bailiwick.control.access_reviews import Campaign, Plan, Verdict
from bailiwick.control.identity import ORGANIZATION, Claims
from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, Open, csrf_token


@pytest.fixture
def owned(console: Console) -> Console:
    """Return the console of a company with a second folder, an administrator of the first, and somebody in each."""
    control, people = console.company.control, console.company.people
    for name in ("owner", "ada", "bob"):
        claims = Claims("", "", f"{name}@example.com", name.title(), (name,), {"region": "EMEA"})
        people[name] = control.identity.remember_person(claims)
    control.catalog.create_folder(people["admin"], "sales")
    give = control.identity.roles.assign
    give(people["admin"], "folder-admin", "user:owner@example.com", "folder:finance")
    give(people["admin"], "builder", "user:ada@example.com", "folder:finance")
    give(people["admin"], "builder", "user:bob@example.com", "folder:sales")
    give(people["admin"], "app-user", "user:ada@example.com", "folder:sales")
    return console


def opened(console: Console, **wanted: object) -> Campaign:
    service, admin = console.company.control.access_reviews, console.company.people["admin"]
    plan = Plan(**{"name": "Quarter", "scope": ORGANIZATION, "due": utc_now() + timedelta(days=4), **wanted})  # type: ignore[arg-type]
    return service.open(admin, service.draft(admin, plan).id)


def post(browser: httpx2.Client, path: str, page: str, **fields: object) -> httpx2.Response:
    """Send a form of a page."""
    return browser.post(path, data={"csrf_token": csrf_token(browser.get(page).text), **fields})


@pytest.mark.req("ID5")
def test_people_are_found_and_shown_with_what_they_hold_and_through_what(owned: Console) -> None:
    browser, _ = owned.signed_in("security")
    page = browser.get("/people?text=ADA").text
    assert "ada@example.com" in page
    assert "bob@example.com" not in page
    assert "bob@example.com" not in browser.get("/people?group=builder").text
    person = browser.get("/people/ada@example.com").text
    assert "folder:finance" in person
    assert "folder:sales" in person
    assert "never signed in" in person
    assert "app.push" in person  # what a builder may do to every app of the folder
    assert "app:finance/*" in person
    through = browser.get("/people/builder@example.com").text
    assert "through <code>group:builder</code>" in through
    assert browser.get("/people/nobody@example.com").status_code == 404


@pytest.mark.req("ID5")
def test_folder_administrators_see_their_folder_only(owned: Console) -> None:
    browser, _ = owned.signed_in("owner")
    page = browser.get("/people").text
    assert "ada@example.com" in page
    assert "user@example.com" in page  # through the group that holds app-user there
    assert "bob@example.com" not in page
    assert "admin@example.com" not in page
    person = browser.get("/people/ada@example.com").text
    assert "folder:finance" in person
    assert "folder:sales" not in person
    for hidden in ("Sessions and tokens", "What they did", "End everything", "EMEA"):
        assert hidden not in person
    assert browser.get("/people/bob@example.com").status_code == 404
    roles = browser.get("/roles").text
    assert "folder:finance" in roles
    assert "folder:sales" not in roles
    assert "group:admin" not in roles
    assert browser.get("/roles?scope=folder:sales").status_code == 403
    assert browser.get("/who-can?action=folder.create&resource=folder:sales").status_code == 403
    assert browser.get("/who-can?action=app.push&resource=app:finance/desk").status_code == 200


@pytest.mark.req("ID5", "ID1")
def test_everybody_sees_their_own_page_and_why_they_were_refused(owned: Console) -> None:
    browser, _ = owned.signed_in("user")
    assert browser.get("/access").headers["location"] == "/people/user@example.com"
    page = browser.get("/people/user@example.com").text
    assert "What was refused to you" in page
    assert "browser session" in page
    assert "End everything" not in page
    for path in ("/people", "/people/ada@example.com", "/roles", "/who-can?action=app.use&resource=app:finance/desk"):
        assert browser.get(path).status_code == 403, path
    own = browser.get("/who-can?action=app.kill&resource=app:finance/desk&principal=user@example.com").text
    assert "<dt>from the address</dt><dd>127.0.0.1</dd>" in own
    assert "<dt>signed in</dt>" in own
    assert "Refused because no policy lets user:user@example.com do app.kill" in own
    assert "one of org-admin" in own
    assert "app-user on" in own  # the role that counts, through the group
    assert "through <code>group:user</code>" in own


@pytest.mark.req("ID3")
def test_somebody_is_signed_out_everywhere_from_their_page(owned: Console) -> None:
    theirs, _ = owned.signed_in("ada")
    assert theirs.get("/").status_code == 200
    browser, _ = owned.signed_in("admin")
    page = browser.get("/people/ada@example.com").text
    assert "Ends 1 browser session, and every pass at an app" in page
    assert post(browser, "/people/ada@example.com/revoke", "/people/ada@example.com", reason="").status_code == 400
    done = post(browser, "/people/ada@example.com/revoke", "/people/ada@example.com", reason="lost a laptop")
    assert done.status_code == 303
    assert theirs.get("/").status_code == 303  # to sign in
    assert "lost a laptop" in browser.get("/people/ada@example.com").text
    stranger, _ = owned.signed_in("owner")
    refused = post(stranger, "/people/ada@example.com/revoke", "/people/owner@example.com", reason="mine")
    assert refused.status_code == 403


@pytest.mark.req("ID1")
def test_roles_are_given_and_taken_within_the_limits_that_the_page_explains(owned: Console) -> None:
    browser, _ = owned.signed_in("owner")
    page = browser.get("/roles?scope=folder:finance").text
    assert "You may give app-user, builder, folder-admin here" in page
    assert "<option>org-admin</option>" not in page
    given = {"role": "builder", "holder": "user:bob@example.com", "scope": "folder:finance"}
    assert post(browser, "/roles/assign", "/roles", **given).headers["location"] == "/roles?scope=folder%3Afinance"
    assert "user:bob@example.com" in browser.get("/roles?scope=folder:finance").text
    assert post(browser, "/roles/assign", "/roles", **{**given, "role": "org-admin"}).status_code == 403
    assert post(browser, "/roles/remove", "/roles", **given).status_code == 400  # without a reason
    assert post(browser, "/roles/remove", "/roles", **given, reason="moved").status_code == 303
    assert "user:bob@example.com" not in browser.get("/roles?scope=folder:finance").text
    own = {"role": "folder-admin", "holder": "user:owner@example.com", "scope": "folder:finance", "reason": "x"}
    assert post(browser, "/roles/remove", "/roles", **own).status_code == 403
    assert browser.post("/roles/assign", data=given).status_code == 403  # not a form of this session
    reader, _ = owned.signed_in("security")
    assert "you may not give roles here" in reader.get("/roles?scope=folder:finance").text


@pytest.mark.req("ID5")
def test_an_item_is_decided_with_two_keys(owned: Console, open_as: Open) -> None:
    campaign = opened(owned)
    page = open_as("security")
    page.goto("/")
    assert "1 access review waits for you: Quarter" in page.inner_text("main")
    page.click("nav >> text=Access")
    page.click("th a:has-text('Quarter')")
    page.click(".chips a:text-is('undecided')")
    page.wait_for_load_state()
    before = page.locator("input[name=items]").count()
    assert before > 5
    page.keyboard.press("j")
    page.keyboard.press("Shift+K")
    page.wait_for_selector("tr.item .pill.good")
    page.keyboard.press("Shift+R")
    assert "Removing needs a reason" in page.inner_text("#said")
    page.keyboard.type("nobody uses it")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+R")
    page.wait_for_selector("text=2 decided: remove.")
    assert f"3 of {campaign.items} are decided" in page.inner_text("#said")
    page.reload()
    expect(page.locator("input[name=items]")).to_have_count(before - 3)
    page.click(".chips a:text-is('to remove')")
    expect(page.locator("tr.item")).to_have_count(2)
    assert "nobody uses it" in page.inner_text("table.review")
    page.click("text=Select all")
    page.click("text=Keep selected")
    page.wait_for_selector("text=Nothing matches")


@pytest.mark.req("ID5")
def test_a_review_is_held_from_plan_to_export_without_script(owned: Console, open_as: Open) -> None:
    page = open_as("admin", java_script_enabled=False)
    page.goto("/access-reviews")
    page.fill("input[name=name]", "Third quarter")
    page.fill("input[name=scope]", "folder:sales")
    page.select_option("select[name=on_due]", "remove")
    page.click("text=Plan it")
    assert "nothing is frozen" in page.inner_text("main")
    page.click("text=Open it")
    assert "0 of 2 items decided" in page.inner_text("main")
    page.check("tr.item:has-text('builder') input[name=items]")
    page.click("text=Keep selected")
    assert "1 of 2 items decided" in page.inner_text("main")
    assert "1 undecided go, if nobody decides" in page.inner_text("#end")
    page.fill("#end input[name=reason]", "enough")
    page.click("#end button")
    assert "It is over: 1 of 2 items were decided." in page.inner_text("main")
    expect(page.locator(".pill:has-text('removed')")).to_have_count(1)
    browser, _ = owned.signed_in("admin")
    rows = list(csv.DictReader(io.StringIO(browser.get(f"{page.url}/export?form=csv").text)))
    assert {(row["holder"], row["outcome"]) for row in rows} == {
        ("user:bob@example.com", "kept"),
        ("user:ada@example.com", "removed"),
    }


@pytest.mark.req("ID5")
def test_nobody_is_offered_or_let_to_decide_about_themselves(owned: Console) -> None:
    campaign = opened(owned)
    browser, _ = owned.signed_in("owner")
    page = browser.get(f"/access-reviews/{campaign.id}").text
    assert "folder-admin of user:owner@example.com" not in page
    assert "builder of user:ada@example.com on folder:finance" in page
    assert "folder:sales" not in page
    with owned.company.control.store.transaction() as session:
        service, admin = owned.company.control.access_reviews, owned.company.people["admin"]
        own = next(
            item.number
            for item in service.items(session, admin, campaign.id, limit=200).items
            if item.held.access == "folder-admin"
        )
    where = f"/access-reviews/{campaign.id}"
    fields = {"items": own, "decision": "keep", "back": "//evil.example"}
    refused = post(browser, f"{where}/decide", where, **fields)
    assert refused.status_code == 403
    assert "nobody decides about their own access" in refused.text.lower()
    allowed = post(browser, f"{where}/decide", where, **{**fields, "items": _first(page)})
    assert allowed.headers["location"] == where  # never where the form says, when that is not this page
    outsider, _ = owned.signed_in("user")
    assert outsider.get(where).status_code == 404
    assert outsider.get(f"{where}/export").status_code == 404
    assert "no access review that you may see" in outsider.get("/access-reviews").text
    assert "not yours to start" in outsider.get("/access-reviews").text


def _first(page: str) -> str:
    return page.partition('name="items" value="')[2].partition('"')[0]


@pytest.mark.req("ID5")
def test_what_waits_is_shown_on_every_page_until_it_is_decided(owned: Console) -> None:
    campaign = opened(owned, scope="folder:finance")
    browser, _ = owned.signed_in("owner")
    assert 'Access <span class="badge">1' in browser.get("/help").text
    for who, there in (("ada", False), ("security", True)):
        other, _ = owned.signed_in(who)
        assert ('Access <span class="badge">' in other.get("/help").text) is there
    service, owner = owned.company.control.access_reviews, owned.company.people["owner"]
    with owned.company.control.store.transaction() as session:
        mine = service.items(session, owner, campaign.id, limit=200).mine
    service.decide(owner, campaign.id, mine, Verdict.KEEP, "")
    assert 'Access <span class="badge">' not in browser.get("/help").text
