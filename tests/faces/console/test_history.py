"""Diffs with findings in place, history, and files with why a line is there, in the console."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from bailiwick.control.asking import PlaneAsking
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AskOrder, LogAnswer, LogLine, LogWanted
from bailiwick.core.statements import SigningKey
from bailiwick.faces.console.diffs import diff_view
from tests.control.waivers.findings import finding
from tests.faces.console.conftest import Console, Open, csrf_token
from tests.fixtures.company import APP, Company

ODD = 'na"ïve dir/<b>.py'
TOLD = "Draw a chart\n\nAgent: claude-code\nModel: opus\nPrompt: draw a chart <of> refunds"
LONG = "".join(f"line_{number} = {number}\n" for number in range(1, 60))


def latest_push(company: Company) -> str:
    with company.control.store.transaction() as session:
        return company.control.source.pushes(session, company.control.catalog.app(session, APP))[0].id


@pytest.fixture
def pushed(console: Console) -> Console:
    """Two revisions, the first of which is in production."""
    company = console.company
    assert company.push("builder", {"chart.py": LONG, ODD: "x = 1\n"}, TOLD).accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    company.control.deploys.approve(company.people["admin"], asked.id, "looked at the chart")
    changed = LONG.replace("line_30 = 30\n", "line_30 = 31\nassert line_30\n")
    assert company.push("second", {"chart.py": changed, ODD: "x = 2\n"}, "Change it").accepted
    return console


@pytest.mark.req("DG7", "RV1")
def test_findings_stand_at_their_lines_and_sides_stand_beside_each_other() -> None:
    head = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n"
    text = f"{head}@@ -10,3 +10,4 @@ def f():\n same\n-old\n+new\n+more\n same\n"
    view = diff_view(text, [finding("a.py", 12), finding("a.py", 3), finding("b.py", 1)])
    (file,) = view.files
    assert [(line.new, len(line.findings)) for line in file.hunks[0].lines if line.findings] == [(12, 1)]
    assert [item.line for item in file.found] == [3]
    assert file.findings == 2
    assert [item.path for item in view.elsewhere] == ["b.py"]
    assert file.hunks[0].skipped == 9
    sides = [(before and before.old, after and after.new) for before, after in file.hunks[0].sides]
    assert sides == [(10, 10), (11, 11), (None, 12), (12, 13)]
    assert diff_view(text, only="c.py").files == ()


@pytest.mark.req("DG7", "RV10")
def test_a_push_shows_what_it_changed_side_by_side_and_by_keyboard(open_as: Open, pushed: Console) -> None:
    page = open_as("builder")
    page.goto(f"/pushes/{latest_push(pushed.company)}")
    assert "Change it" in page.inner_text("h1")
    listed = page.locator(".file-list a").all_inner_texts()
    assert ODD in listed
    expect(page.locator("main b")).to_have_count(0)
    assert "29 lines are as before" not in page.inner_text("main")  # three lines of context stand before
    assert "26 lines are as before" in page.inner_text("main")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert "26 lines are as before" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("s")
    page.wait_for_url("**view=split**")
    page.wait_for_selector("table.split")
    beside = page.locator("table.split tr", has_text="line_30 = 31").first.inner_text()
    assert "line_30 = 30" in beside


@pytest.mark.req("RV10", "AI6")
def test_a_line_in_production_leads_to_its_prompt_in_the_console(pushed: Console) -> None:
    browser, _ = pushed.signed_in("builder")
    page = browser.get(f"/files/{APP}?file=chart.py&at=production&line=2").text
    why = page[page.index("Why line 2 is there") : page.index("code-file")]
    assert "draw a chart &lt;of&gt; refunds" in why
    assert "claude-code" in why
    assert "user:builder@example.com" in why
    assert "looked at the chart" in why
    newest = browser.get(f"/files/{APP}?file=chart.py&line=30").text
    assert "user:second@example.com" in newest
    assert "not yet" in newest
    history = browser.get(f"/history/{APP}").text
    assert history.index("Change it") < history.index("Draw a chart")
    assert "draw a chart &lt;of&gt; refunds" in history
    odd = re.findall(r'href="(/files/[^"]*file=na[^"]*)"', browser.get(f"/files/{APP}").text)[0].replace("&amp;", "&")
    assert browser.get(odd).status_code == 200
    user, _ = pushed.signed_in("user")
    for path in (f"/files/{APP}", f"/history/{APP}", f"/pushes/{latest_push(pushed.company)}"):
        assert user.get(path).status_code == 404
    for query in ("file=none.py", "file=../../etc/passwd", "file=chart.py&line=999", f"at={'f' * 40}"):
        assert browser.get(f"/files/{APP}?{query}").status_code == 404, query


@pytest.mark.req("DG7")
def test_the_approver_sees_who_made_it_and_findings_in_place(console: Console) -> None:
    company = console.company
    spawns = 'import subprocess\n\nsubprocess.run(["ls"], check=True)\napp = 1\n'
    assert not company.push("builder", {"app.py": spawns}, TOLD).accepted
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    found = next(item for item in review.findings if item.blocking)
    waiver = company.control.waivers.request(company.people["builder"], review.id, found.fingerprint, "fixed program")
    company.control.waivers.approve(company.people["approver"], waiver.id, "read it")
    assert company.push("builder", {"app.py": spawns, "again.txt": "1\n"}, TOLD).accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    browser, _ = console.signed_in("admin")
    for view in ("", "?view=split"):
        page = browser.get(f"/approvals/{asked.id}{view}").text
        assert "draw a chart &lt;of&gt; refunds" in page
        (place,) = [
            it
            for it in re.findall(r'<div class="in-place">(.*?)</div>', page)
            if "process-spawning" in it and "undeclared-program" not in it
        ]
        assert "high, waived" in place
    assert csrf_token(page)


@pytest.mark.req("OB4")
def test_what_an_app_wrote_is_on_a_page_for_its_builders(open_as: Open, pushed: Console) -> None:
    control, wanted = pushed.company.control, []
    times = {"time": datetime(2026, 7, 28, 10, 0, tzinfo=UTC), "release": "rel_1"}

    def ask(order: AskOrder, _: float) -> LogAnswer:
        assert isinstance(order.wanted, LogWanted)
        wanted.append(order.wanted)
        lines = (
            LogLine(number=1, part="", text="<b>begins</b>", **times),
            LogLine(number=2, part="worker mail", text="later", trace="0af7651916cd43dd8448eb211c80319c", **times),
        )
        return LogAnswer(lines=() if order.wanted.text == "nothing" else lines, more=True)

    asking = PlaneAsking(ask, SigningKey.generate(), utc_now)
    object.__setattr__(control, "app_logs", replace(control.app_logs, plane=asking))
    page = open_as("builder")
    page.goto(f"/apps/{APP}")
    page.click("a:text-is('Log')")
    assert "The newest 2 lines of preview; older ones fit, too." in page.inner_text(".glance")
    expect(page.locator("main td b")).to_have_count(0)
    assert "<b>begins</b>" in page.inner_text("main")
    page.click("td a")
    page.fill("input[name=text]", "nothing")
    page.select_option("select[name=mode]", "production")
    page.click(".filters button")
    assert "Nothing that fits was written in production." in page.inner_text(".glance")
    assert [(item.mode, item.trace[:4], item.text, item.last) for item in wanted] == [
        ("preview", "", "", 50), ("preview", "0af7", "", 50), ("production", "0af7", "nothing", 50),
    ]  # fmt: skip
    for wrong in ("trace=x", "last=0", "last=9999", "mode=other"):
        assert page.goto(f"/logs/{APP}?{wrong}").status in {400, 422}  # type: ignore[union-attr]
    other = open_as("approver")
    assert other.goto(f"/logs/{APP}").status == 403  # type: ignore[union-attr]
    assert len(wanted) == 3
