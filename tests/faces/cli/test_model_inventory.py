"""`bailiwick model inventory`, `off`, `on` and `switches` before a real server."""

import json
from typing import Any

import pytest

from tests.control.inference.test_outflows import more_settings, report, seen
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP

__all__ = ["more_settings"]


@pytest.mark.req("AI2")
def test_what_left_is_listed_and_switched_off(command_line: CommandLine) -> None:
    run = command_line.run
    report(command_line.company, seen(), seen(place="user", data_class="iban", bytes=0, found=2, redacted=1), seen(""))
    lines = run("builder", "model", "inventory").output.splitlines()
    assert len(lines) == 2
    assert "support-model        finance/desk for user:eve@example.com" in lines[0]
    assert "iban in messages of the user         2 found, 1 taken out" in lines[1]
    found: Any = json.loads(run("admin", "model", "inventory", "--json").output)
    assert {(line["app"], line["place"], line["left"]) for line in found["lines"]} == {
        (APP, "user", 0), (APP, "user", 1), ("", "user", 0)
    }  # fmt: skip
    words = ("--app", APP, "--class", "iban", "--reason", "until the audit")
    assert run("builder", "model", "off", *words).exit_code == 1
    made = run("security", "model", "off", *words).output
    assert made.startswith(f"no data of the class iban from app {APP} to any model, from now on; back with: ")
    switch = made.split()[-1]
    assert f"{switch}  no data of the class iban from app {APP}" in run("builder", "model", "switches").output
    assert run("security", "model", "off", "--place", "nowhere", "--reason", "x").exit_code == 1
    assert run("admin", "model", "on", switch, "--reason", "audited").exit_code == 0
    assert run("admin", "model", "switches").output == "nothing is switched off\n"
    assert run("user", "model", "inventory").output == "nothing left for models in 30 days\n"
