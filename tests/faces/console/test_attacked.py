"""What came of attacking the sandboxes of planes, on pages and on the command line."""

from pathlib import Path

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AppReport, AttackOrder, AttacksReport, ReportBatch, Sequenced
from tests.faces.console.conftest import Console
from tests.faces.console.test_command_line import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("RT1")


def report(number: int, *escaped: str) -> ReportBatch:
    said = AttacksReport(
        level="process: bubblewrap, Landlock 7, cgroup v2", kernel="Linux 6.12", attempts=329,
        proved=326 - len(escaped), unproved=("devices: <b>mem</b>",) * 3, escaped=escaped, time=utc_now(),
    )  # fmt: skip
    return ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=said),))


def test_what_came_of_it_is_on_the_page_of_each_app_and_on_the_command_line(console: Console, tmp_path: Path) -> None:
    control = console.company.control
    release = released(console.company)
    running = AppReport(app=APP, mode="production", release=release, status="running", time=utc_now())
    control.planes.take_reports("production", ReportBatch(spool="t", reports=(Sequenced(sequence=1, report=running),)))
    client, _ = console.signed_in("builder")
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    with client:
        page = client.get(f"/apps/{APP}").text
        assert "its walls were not tried yet" in page
        assert "sandbox   its walls were not tried yet" in line.run("app", "show", APP).stdout
        control.planes.take_reports("production", report(1).model_copy(update={"spool": "s"}))
        page = client.get(f"/apps/{APP}").text
        assert "329 attempts to get out: 326 held, 3 lead nowhere on this host" in page
        assert "process: bubblewrap, Landlock 7, cgroup v2" in page
        assert "got out of the sandbox" not in page
        control.planes.take_reports("production", report(2, "files: read <i>"))
        page = client.get(f"/apps/{APP}").text
    assert "An attack got out of the sandbox in production: see below." in page
    assert "1 got out (files: read &lt;i&gt;)" in page
    shown = line.run("app", "show", APP).stdout
    assert "production sandbox   329 attempts to get out: 325 held" in shown
    assert "(process: bubblewrap, Landlock 7, cgroup v2 on Linux 6.12, 2" in shown


def test_planes_show_it_and_are_asked_for_it(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control = console.company.control
    sent: list[object] = []
    monkeypatch.setattr(control.hub, "broadcast", sent.append)
    control.planes.take_reports("editor", report(1, "files: out"))
    browser, _ = console.signed_in("admin")
    page = browser.get("/planes").text
    assert "An attack got out of the sandboxes of editor." in page
    assert page.count("Attack them now") == 2
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("security")
    done = line.run("pentest", "--plane", "production")
    assert "production: it does not listen now" in done.stdout
    assert sent == [AttackOrder(plane="production")]
    line.login("user")
    assert line.run("pentest", "--plane", "production").returncode != 0
    assert len(sent) == 1
