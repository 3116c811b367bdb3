"""How full an app's storage is, from the plane's report to its page and the command line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bailiwick.core.messages import ReportBatch, Sequenced, StorageReport
from tests.faces.console.conftest import Console
from tests.faces.console.test_command_line import CommandLine
from tests.fixtures.company import APP

NOW = datetime(2026, 11, 29, 14, 2, 11, tzinfo=UTC)
MIB = 2**20


def report(console: Console, number: int, used: int, size: int, *, mode: str = "production") -> None:
    told = StorageReport.model_validate(
        {
            "app": APP, "mode": mode, "used_bytes": used * MIB, "size_bytes": size * MIB, "files": 12,
            "most_files": 4096, "time": NOW,
        }
    )  # fmt: skip
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=told),))
    console.company.control.planes.take_reports("production", batch)


@pytest.mark.req("RT6")
def test_how_full_storage_is_stands_on_the_page_and_the_command_line_until_it_is_gone(
    console: Console, tmp_path: Path
) -> None:
    client, _ = console.signed_in("builder")
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    with client:
        assert "Its own files" not in client.get(f"/apps/{APP}").text
        report(console, 1, 50, 100)
        assert "has room" in client.get(f"/apps/{APP}").text
        report(console, 2, 95, 100)
        report(console, 3, 77, 100, mode="preview")  # of a mode that this plane does not serve
        page = client.get(f"/apps/{APP}").text
        assert "nearly full" in page
        assert "77 MiB" not in page
        shown = line.run("app", "show", APP).stdout
        assert "production storage   95 MiB of 100 MiB, 12 of 4096 files" in shown
        report(console, 4, 0, 0)
        assert "Its own files" not in client.get(f"/apps/{APP}").text
    assert "storage" not in line.run("app", "show", APP).stdout
