"""What an app ran into at the walls of its sandbox, from the plane's report to its page and the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bailiwick.core.messages import ReportBatch, Sequenced, WallsReport
from tests.faces.console.conftest import Console
from tests.faces.console.test_command_line import CommandLine
from tests.fixtures.company import APP

NOW = datetime(2026, 11, 29, 14, 2, 11, tzinfo=UTC)
STOPPED = "stopped: 256 MiB of memory reached at 14:02:11 while serving GET /export"
NETLINK = "socket(AF_NETLINK): it would ask the kernel about networks"


def report(console: Console, number: int, *, count: int, mode: str = "production", plane: str = "production") -> None:
    notes = [
        {"wall": "limit", "name": "memory", "words": STOPPED, "count": 1, "first": NOW, "last": NOW},
        {
            "wall": "call", "name": "socket(AF_NETLINK)", "words": NETLINK, "count": count,
            "first": NOW - timedelta(minutes=count), "last": NOW,
        },
    ]  # fmt: skip
    told = WallsReport.model_validate({"app": APP, "mode": mode, "release": "rel_1", "notes": notes})
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=told),))
    console.company.control.planes.take_reports(plane, batch)


@pytest.mark.req("RT6", "RT1")
def test_limits_and_refused_calls_are_on_the_page_and_the_command_line(console: Console, tmp_path: Path) -> None:
    client, _ = console.signed_in("builder")
    with client:
        assert "Limits that it reached" not in client.get(f"/apps/{APP}").text
        report(console, 1, count=2)
        report(console, 2, count=3)
        report(console, 3, count=70, mode="preview")  # of a mode that this plane does not serve
        page = client.get(f"/apps/{APP}").text
    assert STOPPED in page
    assert NETLINK in page
    assert '<td class="number">5</td>' in page
    assert "70" not in page.partition('id="walls"')[2].partition("</table>")[0]
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    shown = line.run("app", "show", APP).stdout
    assert f"production limit     {STOPPED}" in shown
    assert f"production refused   {NETLINK} (5 times since 2026-11-29T13:59)" in shown
