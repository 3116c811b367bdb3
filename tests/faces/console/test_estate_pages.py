"""The pages of the whole estate in a browser: lists that are narrowed, kept, exported and acted on; overview; map."""

import base64
import csv
import gzip
import hashlib
import hmac
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from bailiwick.control.audit import AuditQuery, search
from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.faces import console as console_of_product
from bailiwick.store.embedded import EmbeddedPostgres
from tests.faces.console.conftest import Addresses, Console, Open, csrf_token, serving
from tests.faces.console.estate import HOSTILE, PLAIN, Estate, build
from tests.fixtures.company import APP, opened_company
from tests.fixtures.store import opened_store


@pytest.fixture(scope="module")
def console(
    postgres: EmbeddedPostgres, template_database: str, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    with (
        opened_store(postgres, template_database) as store,
        opened_company(store, tmp_path_factory.mktemp("estate"), {}, utc_now) as company,
        serving(company, addresses) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def estate(console: Console) -> Estate:
    return build(console)


def first_cells(page: Page) -> list[str]:
    return page.locator("table.sortable tbody th").all_inner_texts()


@pytest.mark.req("OB1")
def test_a_list_is_sorted_narrowed_kept_and_shared_by_its_address(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/inventory/apps")
    assert first_cells(page) == [APP, "finance/empty", "finance/other"]
    page.click("th >> text=App")
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    assert first_cells(page) == ["finance/other", "finance/empty", APP]
    page.click(".facets [aria-label=Production] >> text=never")
    assert first_cells(page) == ["finance/empty"] or "finance/other" in first_cells(page)
    page.click(".facets [aria-label=Production] >> text=running")  # chips of one column are alternatives
    page.click(".facets [aria-label=Risk] >> text=medium")  # and those of several hold together
    assert first_cells(page) == [APP]
    page.click("summary:has-text('Columns')")
    page.uncheck("input[name=columns][value=owner]")
    page.check("input[name=columns][value=egress]")
    page.click("text=Show these")
    heads = page.locator("table.sortable thead th").all_inner_texts()
    assert "Egress" in heads
    assert "Owner" not in heads
    page.click("summary:has-text('Keep this view')")
    page.fill("input[name=called]", "In use")
    page.click("text=Keep >> nth=-1")
    told = page.locator(".toast").inner_text()
    shared = told.rpartition(" ")[2]
    page.goto("/inventory/apps")
    expect(page.locator(".toast")).to_have_count(0)  # told once
    page.click(".kept >> text=In use")
    assert first_cells(page) == [APP]
    other = open_as("security")
    other.goto(shared)
    assert first_cells(other) == [APP]
    expect(other.locator(".kept")).to_have_count(0)  # the view is not theirs
    page.click("button[aria-label='Remove the view In use']")
    page.click(".toast >> text=Undo")
    expect(page.locator(".kept >> text=In use")).to_have_count(1)
    page.goto("/inventory/apps?app=zzz")
    assert "Nothing matches" in page.inner_text("main")


@pytest.mark.req("OB1")
def test_each_list_is_there_and_shows_what_happened(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    holds = {
        "builders": "user:builder@example.com",
        "integrations": "orders-db",
        "models": "Models are integrations too",
        "prompts": "<script>alert('x')</script>",
        "calls": "Calls appear once apps make some",
        "identities": "service:nightly",
        "packages": "Packages come from lock files",
    }
    for name, words in holds.items():
        page.goto(f"/inventory/{name}")
        assert words in page.inner_text("main"), name
    builder = open_as("builder")
    builder.goto("/inventory/prompts")
    assert APP in builder.inner_text("main")
    builder.goto("/inventory/calls")
    assert "policy" in builder.inner_text("main").lower()
    nobody = open_as("nobody")
    nobody.goto("/inventory/apps")
    expect(nobody.locator("table.sortable")).to_have_count(0)


@pytest.mark.req("OB1")
def test_a_file_of_a_list_holds_no_formula(console: Console, open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/inventory/identities")
    with page.expect_download() as loaded:
        page.click("text=CSV")
    rows = list(csv.reader(io.StringIO(loaded.value.path().read_text())))
    assert rows[0][:2] == ["identity", "kind"]
    assert any("service:nightly" in row for row in rows)
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "\t"))]
    with page.expect_download() as loaded:
        page.click("text=JSON")
    assert {row["identity"] for row in json.loads(loaded.value.path().read_text())} >= {"service:nightly"}
    refused = console.signed_in("builder")[0].get("/inventory/calls.csv")
    assert refused.status_code == 403


@pytest.mark.req("RT5", "IN6")
def test_rows_are_acted_on_together_typed_out_where_there_is_no_way_back(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/inventory/integrations")
    page.check("input[name=row][value=orders-db]")
    page.click("button[value=off]")
    page.fill("input[name=reason]", "a leak")
    page.click("section button")
    assert page.locator(".toast p").inner_text() == "Switched off 1 integration."
    expect(page.locator("td .pill >> text=switched off")).to_have_count(1)
    page.click(".toast >> text=Undo")
    expect(page.locator("td .pill >> text=enabled")).to_have_count(1)
    page.goto("/inventory/apps")
    page.check("[data-ticks]")
    page.uncheck("input[name=row][value='finance/other']")
    page.click("button[value=stop]")
    page.fill("input[name=reason]", "all at once")
    page.fill("input[name=typed]", "stop 1 app")
    page.click("section button")
    assert "Nothing was done. Type: stop 2 apps" in page.inner_text("main")
    page.fill("input[name=reason]", "all at once")
    page.fill("input[name=typed]", "stop 2 apps")
    page.click("section button")
    assert page.locator(".toast p").inner_text() == "Stopped 2 apps."
    expect(page.locator(".toast button")).to_have_count(0)
    page.goto("/kill")
    assert "finance/empty" in page.inner_text("main")
    builder = open_as("user")
    builder.goto("/inventory/integrations")
    expect(builder.locator(".bulk-bar")).to_have_count(0)


@pytest.mark.req("OB1", "RV12")
def test_the_overview_and_the_map_lead_to_what_they_show(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/")
    main = page.inner_text("main")
    assert "3 apps" in main
    assert "a deploy waits for a decision" in main
    assert "The data plane production is not connected" in main
    page.goto("/first-run")
    done = page.locator(".steps li:has(.pill.good) h2").all_inner_texts()
    assert {words.rpartition(" ")[0] for words in done} >= {"Add an integration", "Push the sample app"}
    page.goto("/map")
    page.locator("svg a[aria-label='integration orders-db']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/integrations/orders-db")
    page.goto("/map")
    row = page.locator("table.tall tbody tr").first.inner_text()
    assert row.split("\t")[0] == APP
    assert "orders-db" in row
    lost = open_as("nobody")
    lost.goto("/map")
    assert "orders-db" not in lost.inner_text("main")
    lost.goto("/")
    assert APP not in lost.inner_text("main")


@pytest.mark.req("OB7")
def test_the_controls_say_what_was_measured_and_nothing_else(console: Console, open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/assurance")
    rows = page.locator("table").first.locator("tbody tr")
    expect(rows).to_have_count(7)
    checks = {
        row.locator("td").first.inner_text(): row.locator(".pill").inner_text()
        for row in page.locator("section.control tbody tr").all()
    }
    assert checks["Whatever runs was reviewed"] == "holds"
    assert checks["Nobody approves their own"] == "holds"
    assert checks["The audit log is sealed each second"] != "failed"
    # No plane is there: what nobody tried is no proof, and the control is not green.
    assert checks["Nothing gets out of the sandboxes of production"] == "not measured"
    assert checks["Events reach the company's own log"] == "not measured"
    assert rows.nth(1).locator(".pill").inner_text() != "holds"
    with page.expect_download() as loaded:
        page.click("text=JSON")
    report = json.loads(loaded.value.path().read_text())
    assert [item["standing"] for item in report["controls"]] == rows.locator(".pill").all_inner_texts()
    page.emulate_media(media="print")
    expect(page.locator("nav.top")).to_be_hidden()
    expect(page.get_by_role("cell", name="Nobody approves their own", exact=True)).to_be_visible()
    assert console.signed_in("builder")[0].get("/assurance.json").status_code == 403


@pytest.mark.req("OB2")
def test_a_browser_proves_an_event_and_sees_where_it_was_changed(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/audit/events/3")
    answer = page.locator("#proof-answer")
    page.click("[data-proof] button")
    expect(answer).to_contain_text("is number 3 of the")
    body = page.input_value("#proof-event")
    page.fill("#proof-event", body.replace("a", "b", 1))
    page.click("[data-proof] button")
    expect(answer).to_have_text("This is not what was logged: its hash does not lead to the signed root.")
    page.fill("#proof-event", body)
    page.fill("#proof-key", "A" * 43 + "=")
    page.click("[data-proof] button")
    expect(answer).to_have_text("The root is not signed by this key.")


@pytest.mark.req("OB1", "RT5")
def test_the_palette_finds_anything_and_pages_follow_what_changes(
    console: Console, open_as: Open, estate: Estate
) -> None:
    page = open_as("admin", timezone_id="Asia/Tokyo")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("orders")
    entry = page.locator("#palette li:visible >> text=orders-db (integration)")
    entry.wait_for()
    expect(page.locator("#palette li:visible >> text=stop the integration orders-db")).to_be_visible()
    entry.click()
    page.wait_for_url("**/integrations/orders-db")
    page.keyboard.press("Control+k")
    page.keyboard.type("builder@")
    page.locator("#palette li:visible >> text=builder@example.com").first.click()
    page.wait_for_url("**/people/builder@example.com")
    assert "GMT+9" in page.locator("time").first.inner_text()
    user = open_as("user")
    user.goto("/help")
    with user.expect_response("**/commands.json?q=*") as found:
        user.keyboard.press("Control+k")
        user.keyboard.type("builder")
    assert not [item for item in found.value.json() if "@" in item["words"]]
    phone = open_as("admin", viewport={"width": 390, "height": 844})
    phone.goto("/kill")
    phone.wait_for_timeout(500)
    people = console.company.people
    console.company.control.catalog.create_app(people["builder"], "finance/late")
    console.company.control.stops.kill(people["admin"], "finance/late", "while somebody looks")
    expect(phone.locator("main")).to_contain_text("while somebody looks", timeout=15_000)


@pytest.mark.req("ID5", "ID3", "OB2")
def test_sessions_are_ended_and_holds_placed(console: Console, open_as: Open, estate: Estate) -> None:
    victim = open_as("second")
    victim.goto("/help")
    page = open_as("admin")
    page.goto("/all-sessions")
    row = page.locator("tr", has_text="second@example.com").first
    row.locator("input[name=reason]").fill("a lost laptop")
    row.locator("button").click()
    assert "A session of second@example.com is ended" in page.locator(".toast").inner_text()
    victim.goto("/help")
    assert "/sign-in" in victim.url
    assert console.signed_in("builder")[0].get("/all-sessions").status_code == 403
    page.goto("/retention")
    page.fill("input[name=name]", "case-14")
    page.fill("input[name=app]", APP)
    page.fill("input[name=reason]", "a court asked")
    page.click("text=Place it")
    assert "case-14" in page.inner_text("main")
    page.fill("[aria-label='Why case-14 is lifted']", "my own")
    page.click("button:has-text('Lift')")
    assert "another" in page.inner_text("main")
    page.goto("/operations")
    assert "not connected" in page.inner_text("main")


def plant(console: Console) -> None:
    """Write what tries to be more than text into what planes tell, what is called, and what is kept under a name."""
    control, now = console.company.control, utc_now()
    with control.store.transaction() as session:
        for action in ("service.called", "model.called", "query.refused", "egress.refused", "request.refused"):
            event = AuditEvent(
                time=now,
                tenant=control.store.tenant,
                actor=f"user:{PLAIN}",
                action=action,
                resource=f"integration:{HOSTILE}",
                outcome=Outcome.REFUSED,
                reason=HOSTILE,
                app=APP,
                trace=f"{'0' * 31}1",
                client=HOSTILE,
                client_kind=HOSTILE,
                context={"statement": HOSTILE, "path": HOSTILE, "host": HOSTILE},
            )
            control.audit.append(session, event)
        for planted in (
            "UPDATE people SET name = :it",
            "UPDATE browser_sessions SET browser = :it, address = :it",
            "UPDATE pushes SET agent = :it, model = :it, prompt = :it, subject = :it",
            "UPDATE app_statuses SET words = :it",
        ):
            session.execute(text(planted), {"it": HOSTILE})


@pytest.mark.req("OB1", "DG7")
@pytest.mark.timeout(300)  # every page, one after the other
def test_nothing_that_anybody_wrote_runs_on_any_page(console: Console, open_as: Open, estate: Estate) -> None:
    plant(console)
    page = open_as("admin")
    page.add_init_script("globalThis.alert = () => { document.title = 'broken in'; }")
    with console.company.control.store.transaction() as session:
        newest = search(session, AuditQuery(), limit=1).events[0].sequence
    seen = 0
    for path in (*estate.pages, f"/audit/events/{newest - 1}", f"/inventory/apps?app={quote(PLAIN)}"):
        page.goto(path)
        page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
        made = "script:not([src]), img[src=x], [onerror], [onclick], [onfocus], a[href^='javascript'], iframe, object"
        assert page.locator(made).count() == 0, path
        assert page.title() != "broken in", path
        seen += page.inner_text("body").count("<script>alert('x')</script>")
    assert seen > 50  # it stands there, as text
    page.keyboard.press("Control+k")
    page.keyboard.type("builder")
    page.locator("#palette li:visible >> text=builder@example.com").first.wait_for()
    assert page.locator("#palette img, #palette script").count() == 0
    cells = console.signed_in("admin")[0].get("/inventory/prompts.csv").text
    assert PLAIN[:20] in cells


@pytest.mark.req("OB1")
def test_nobody_else_makes_a_page_tell_something_or_removes_a_view(console: Console, estate: Estate) -> None:
    browser, _ = console.signed_in("admin")
    body = base64.urlsafe_b64encode(json.dumps(["spoofed words", "/kill", []]).encode()).decode()
    other = hmac.new(b"another session", f"told\n{body}".encode(), hashlib.sha256).hexdigest()
    for seal in ("", "0" * 64, other):
        browser.cookies.set("bailiwick_told", f"{body}.{seal}")
        assert "spoofed words" not in browser.get("/help").text
    browser.cookies.delete("bailiwick_told")
    token = csrf_token(browser.get("/help").text)
    sent = {"csrf_token": token, "called": "Mine", "risk": "high"}
    kept = browser.post("/inventory/apps/views", data=sent)
    assert kept.headers["location"] == "/inventory/apps?risk=high"
    assert browser.post("/inventory/apps/views", data={**sent, "csrf_token": "no"}).status_code == 403
    assert browser.post("/inventory/apps/views", data={**sent, "password": "x"}).status_code == 400
    view = re.findall(r"/views/(view_\w+)/remove", browser.get("/inventory/apps").text)[0]
    stranger, _ = console.signed_in("security")
    theirs = csrf_token(stranger.get("/help").text)
    assert stranger.post(f"/views/{view}/remove", data={"csrf_token": theirs}).status_code == 404
    assert stranger.get("/views/view_nothing").status_code == 404


def test_the_script_of_all_pages_is_small() -> None:
    files = sorted((Path(console_of_product.__file__).parent / "static").rglob("*.js"))
    assert files
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 100_000
