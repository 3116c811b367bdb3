"""The page of exporters in a real browser: health in words, and what an administrator does about it."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bailiwick.core.telemetry import own_register
from bailiwick.faces.cli.main import root
from tests.faces.api.test_api import bearer
from tests.faces.console.conftest import Console, Open, csrf_token
from tests.faces.console.test_pages import AXE, RULES


@pytest.fixture
def more_settings(tmp_path: Path) -> dict[str, Any]:
    hook = {"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:1/in", "secret": {"file": tmp_path / "none"}}
    return {"audit_exporters": [{"name": "lake", "kind": "folder", "path": tmp_path / "lake"}, hook]}


@pytest.mark.req("OB3", "DG7")
def test_health_is_said_and_a_receiver_that_came_back_is_tried_now(
    open_as: Open, console: Console, tmp_path: Path
) -> None:
    workers = console.company.control.exporters.workers()
    for worker in workers:
        worker.options = worker.options.model_copy(update={"batch_seconds": 0})
        worker.step()
    page = open_as("admin", bypass_csp=True)
    page.goto("/audit")
    page.click("main >> text=exporters")
    assert page.inner_text(".glance") == "lake and hook of 2 exporters fail."
    card = page.locator("section.card").first
    assert re.search(r"behind by \d+ events, fails since .* UTC: .*lake is no folder", card.inner_text())
    assert "holds no secret" in page.inner_text("main")
    # All but those that are off until somebody turns them on, such as texts of prompts.
    fields = own_register().fields.values()
    leaving = sum(not field.off for field in fields)
    assert 0 < leaving < len(fields)
    assert f"{leaving:,} of {len(fields):,} fields in the register leave." in page.inner_text("main")
    page.add_script_tag(path=str(AXE))
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    (tmp_path / "lake").mkdir()
    card.locator("button:has-text('Try now')").click()
    workers[0].step()
    page.reload()
    assert page.inner_text(".glance") == "hook of 2 exporters fails."
    page.locator("button:has-text('Send a test')").first.click()
    assert "lake: the receiver took the event of this test." in page.inner_text("main")


@pytest.mark.req("OB3")
def test_pause_and_replay_by_forms(open_as: Open, console: Console, tmp_path: Path) -> None:
    page = open_as("admin", viewport={"width": 390, "height": 844})
    page.goto("/exporters")
    card = page.locator("section.card").first
    card.locator("form[action$=pause] input[name=reason]").fill("the share moves")
    with page.expect_navigation():
        card.locator("button:has-text('Pause lake')").click()
    assert page.inner_text(".glance") == "lake of 2 exporters is paused."
    card.locator("input[name=first]").fill("3")
    card.locator("form[action$=replay] input[name=reason]").fill("once more")
    with page.expect_navigation():
        card.locator("button:has-text('Replay lake')").click()
    assert console.company.control.exporters.status(console.company.people["admin"], "lake").next_sequence == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.req("OB3", "OB2")
def test_the_command_line_does_the_same(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = bearer(console.company, "admin")["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("BAILIWICK_URL", console.url)
    monkeypatch.setenv("BAILIWICK_TOKEN", token)

    def run(*words: str, fails: bool = False) -> str:
        done = CliRunner().invoke(root, words)
        assert done.exit_code == (1 if fails else 0), done.output
        return done.output

    assert re.search(
        r"lake +folder +behind by \d+ events\nhook|hook .*\nlake +folder +behind by", run("exporter", "list")
    )
    assert "is no folder" in run("exporter", "test", "lake", fails=True)
    (tmp_path / "lake").mkdir()
    assert "the receiver took the event of this test" in run("exporter", "test", "lake")
    assert "paused; behind by" in run("exporter", "pause", "lake", "--reason", "the share moves")
    assert "paused" not in run("exporter", "resume", "lake")
    assert "goes on from 2" in run("exporter", "replay", "lake", "--from", "2", "--reason", "again")
    assert '"next_sequence": 2' in run("exporter", "show", "lake", "--json")
    assert "did you mean 'lake'?" in run("exporter", "show", "lakes", fails=True)
    placed = run("audit", "hold", "place", "case-7", "--app", "finance/desk", "--reason", "case 7")
    assert "case-7  app=finance/desk  placed by" in placed
    assert "case-7" in run("audit", "hold", "list")
    kept = run("audit", "retention")
    assert "events are kept for 365 days\nlegal holds that stand: 1\nfrom event " in kept
    assert "expiry has not run yet" in kept
    assert "holds-are-lifted-by-another-person" in run("audit", "hold", "lift", "case-7", "--reason", "x", fails=True)


@pytest.mark.req("OB3", "ID1")
def test_who_may_not_change_them_sees_no_form_and_is_refused(console: Console) -> None:
    browser, _ = console.signed_in("security")
    shown = browser.get("/exporters").text
    assert "read only" in shown
    assert 'action="/exporters' not in shown
    token = csrf_token(browser.get("/audit").text)
    refused = browser.post("/exporters/lake/pause", data={"csrf_token": token, "reason": "x"})
    assert refused.status_code == 403
    forged = console.signed_in("admin")[0].post("/exporters/lake/pause", data={"reason": "x"})
    assert forged.status_code == 403
    builder, _ = console.signed_in("builder")
    assert builder.get("/exporters").status_code == 403
