"""The pages of the whole estate in a browser: lists that are narrowed, kept, exported and acted on; overview; map."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bailiwick.core.clock import utc_now
from bailiwick.store.embedded import EmbeddedPostgres
from tests.faces.console.conftest import Addresses, Console, Open, serving
from tests.faces.console.estate import Estate, build
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
