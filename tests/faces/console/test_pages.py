"""Every page in a real browser: accessible, narrow, under its policy, with hostile strings as text, by keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.clock import utc_now
from bailiwick.faces.console.places import TOP
from bailiwick.store.embedded import EmbeddedPostgres
from tests.faces.console.conftest import Addresses, Console, Open, serving
from tests.faces.console.estate import MARK, SHOWN, Estate, build
from tests.fixtures.company import APP, opened_company
from tests.fixtures.store import opened_store

AXE = Path(__file__).parents[2] / "assets" / "vendor" / "axe.min.js"
# What is right is only counted: a description of each element takes longer than looking at it.
BRIEFLY = {"resultTypes": ["violations"], "selectors": False}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], **BRIEFLY}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, **BRIEFLY}
LOOK = """([part, rules]) => axe.run(part || document, rules).then(
    found => ({passes: found.passes.length, violations: found.violations}))"""
SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {"light": RULES, "dark": COLOURS}
MODELS = ModelSettings.model_validate(
    {
        "models": [{"name": "large", "wire": "anthropic", "url": "https://models.example.com/v1", "model": "opal-4",
                    "open_to": ["group:builder"], "price": {"input": 3, "output": 15}}],
        "budgets": [{"name": "finance", "of": "folder:finance", "money": 500}],
    }
)  # fmt: skip
WAITING = {"Approvals": " 2 waiting", "Access": " 1 waiting"}
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def console(
    postgres: EmbeddedPostgres, template_database: str, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """One company for all tests here: they look, and change nothing."""
    with (
        opened_store(postgres, template_database) as store,
        opened_company(store, tmp_path_factory.mktemp("looked-at"), {"inference": MODELS}, utc_now) as company,
        serving(company, addresses) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def estate(console: Console) -> Estate:
    return build(console)


def shown(page: Page, path: str) -> None:
    """Open a page, and everything on it that opens."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == (404 if path == "/no/such/page" else 200), path
    page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")


@pytest.mark.req("DG7")
@pytest.mark.timeout(600)  # every page, one after the other
def test_every_page_is_accessible_by_day_and_night_and_no_wider_than_a_phone(open_as: Open, estate: Estate) -> None:
    page = open_as("admin", bypass_csp=True)
    # Sent to the browser once, not for each page.
    page.add_init_script(path=AXE)
    broken: list[tuple[str, str, str]] = []
    for path in estate.pages:
        shown(page, path)
        # Schemes differ in colours only.
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(LOOK, ["", rules])
            assert found["passes"], path
            broken += [
                (path, f"{scheme}: {item['id']}", item["nodes"][0]["html"][:200]) for item in found["violations"]
            ]
        page.set_viewport_size(PHONE)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            broken.append((path, "wider than a phone", ""))
        page.set_viewport_size(DESK)
    assert broken == []


def test_the_dialogs_are_accessible(open_as: Open, estate: Estate) -> None:
    page = open_as("admin", bypass_csp=True)
    page.goto(f"/apps/{APP}")
    page.add_script_tag(path=str(AXE))
    for key, name in (("Control+k", "palette"), ("?", "help")):
        page.keyboard.press(key)
        dialog = page.locator(f"dialog#{name}")
        dialog.wait_for()
        assert page.evaluate(LOOK, ["dialog[open]", RULES])["violations"] == []
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")


@pytest.mark.req("RV2", "DG7")
def test_hostile_strings_are_shown_as_text(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    where = {
        f"/apps/{APP}": 6,  # subject, agent, prompt, reasons, status, evidence
        f"/approvals/{estate.decided}": 1,
        f"/approvals/{estate.waiting}": 1,
        "/approval-rules": 1,
        "/guardrails": 1,
        "/audit?action=app.killed": 2,
        "/apps/finance/other": 2,
        "/people/gone@example.com": 2,
        "/access-reviews": 3,
        f"/access-reviews/{estate.review}": 3,
        f"/access-reviews/{estate.over}": 3,
        "/integrations/orders-db": 2,
        f"/integrations/orders-db/drafts/{estate.drafted}": 1,
    }
    for path, least in where.items():
        shown(page, path)
        seen = page.inner_text("main")
        assert seen.count(SHOWN) >= least, (path, seen.count(SHOWN))
        assert MARK not in page.content()
        expect(page.locator("main img, main script")).to_have_count(0)
    page.goto(f"/reviews/{estate.refused}")
    assert "<script>alert(1)</script>⟨U+202E⟩" in page.inner_text("main")
    page.goto(f"/audit?{'text=' + '%3Cscript%3Ealert(1)%3C/script%3E%22%20onfocus=alert(1)%20autofocus=%22'}")
    assert page.input_value("input[name=text]") == '<script>alert(1)</script>" onfocus=alert(1) autofocus="'


@pytest.mark.req("RT5")
def test_the_kill_switch_is_two_keystrokes_from_anywhere(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    for path in ("/", "/audit", "/approvals", f"/reviews/{estate.passed}", "/help", "/no/such/page"):
        page.goto(path)
        page.keyboard.press("Control+k")
        page.keyboard.press("Enter")
        page.wait_for_url("**/kill")
        assert "Stops 2 releases (production and preview)" in page.inner_text("main")


def test_the_palette_finds_what_has_every_word(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto("/audit")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette >> text=kill finance/empty")
    page.keyboard.type("kill emp")
    expect(page.locator("#palette li:visible")).to_have_text(["kill finance/empty"])
    page.keyboard.type("zzz")
    expect(page.locator("#palette li:visible")).to_have_count(0)
    assert page.locator("text=No command has these words.").is_visible()
    page.keyboard.press("Escape")
    page.locator("#palette").wait_for(state="hidden")
    page.keyboard.press("Control+k")
    page.keyboard.type("empty")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/apps/finance/empty")


def test_the_palette_offers_no_app_that_one_may_not_see(open_as: Open, estate: Estate) -> None:
    page = open_as("nobody")
    page.goto("/help")
    with page.expect_response("**/commands.json") as answer:
        page.keyboard.press("Control+k")
    assert answer.value.json() == []


def test_tab_goes_through_the_page_as_it_reads(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto(f"/approvals/{estate.waiting}")
    met = []
    for _ in range(12 + len(TOP)):
        page.keyboard.press("Tab")
        met.append(page.evaluate("(document.activeElement.textContent || document.activeElement.name).trim()"))
    met = [re.sub(r"\s+", " ", words) for words in met]
    places = [f"{place.words}{WAITING.get(place.words, '')}" for place in TOP]
    rest = ["Ctrl K Commands", "? Help", "Admin", "Sign out", "Approvals", APP, "Change windows", "reason"]
    rest += ["Approve this tree with this reach", "Reject"]
    assert met == ["Skip to the page", "Bailiwick", *places, *rest]


def test_help_opens_with_a_question_mark_and_files_are_walked_with_letters(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto(f"/approvals/{estate.waiting}")
    page.keyboard.press("?")
    page.locator("dialog#help").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog#help").wait_for(state="hidden")
    page.keyboard.press("j")
    assert "bailiwick.toml" in page.evaluate("document.activeElement.textContent")
    assert page.locator("details.file").first.get_attribute("open") is not None
    page.keyboard.press("o")
    assert page.locator("details.file").first.get_attribute("open") is None
    page.keyboard.press("j")
    assert "app.py" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("k")
    assert "bailiwick.toml" in page.evaluate("document.activeElement.textContent")


@pytest.mark.req("DG7")
def test_the_approver_sees_what_is_new_beside_what_was(open_as: Open, estate: Estate) -> None:
    page = open_as("admin")
    page.goto(f"/approvals/{estate.waiting}")
    rows = [
        row.replace("\n", "").replace("\t", " | ") for row in page.locator("table.beside tbody tr").all_inner_texts()
    ]
    changed = [
        "not there | +new egress may open connections to rates.example.net:443",
        "−runs by itself: nightly: 0 2 * * * app:app | +new job runs by itself: nightly: 30 3 * * * app:app",
    ]
    assert rows[:2] == changed
    assert rows[2:]  # what stays is beside itself
    assert all(before == after for before, after in (row.split(" | ") for row in rows[2:]))
    numbered = page.locator("details.file").first.locator("tr.plus").first.locator("td").all_inner_texts()
    assert numbered[0] == ""
    assert numbered[1].isdecimal()
    page.goto(f"/approvals/{estate.decided}")  # compared with what ran before it, which was nothing
    expect(page.locator("table.beside")).to_have_count(0)
    assert "all of it is new" in page.inner_text("main")
