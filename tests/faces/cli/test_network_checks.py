"""`bailiwick doctor --networks`: what each plane last said of its network."""

import json
from typing import Any

import httpx2
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import NetworksReport, NetworkTry, ReportBatch, Sequenced
from tests.faces.cli.conftest import CommandLine

pytestmark = pytest.mark.req("DG4")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"networks": "separate"}


def test_an_open_way_is_named_on_the_command_line_and_the_installation_is_not_ready(command_line: CommandLine) -> None:
    control = command_line.company.control
    way = NetworkTry(source="plane", what="the data plane production", address="10.2.0.5:8410", reached="open")
    report = NetworksReport(separate=True, tries=(way,), time=utc_now())
    control.planes.take_reports("editor", ReportBatch(spool="s", reports=(Sequenced(sequence=1, report=report),)))
    done = command_line.run("admin", "doctor", "--networks")
    assert done.exit_code == 1
    assert "missing  network of editor: open: 1 of 1 addresses answer" in done.stdout
    assert "the plane reaches the data plane production at 10.2.0.5:8410" in done.stdout
    assert "network of production: not proved: nothing tried yet; it has not said yet" in done.stdout
    told = json.loads(command_line.run("security", "doctor", "--networks", "--json").stdout)
    assert [item["networks"]["state"] for item in told["planes"]] == ["not proved", "open", "not proved"]
    assert command_line.run("user", "doctor", "--networks").exit_code != 0
    # Nobody shows that the control plane itself is apart from the rows of production: it is not ready, and says so.
    answer = httpx2.get(f"{command_line.url}/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert "10." not in answer.text
