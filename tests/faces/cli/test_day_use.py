"""What passed today of a day's limits, on the command line."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.faces.console.test_day_use import ANN, report
from tests.fixtures.company import APP


@pytest.mark.req("IN6", "IN7")
def test_what_passed_and_what_is_left_is_printed_with_names_for_those_who_look_after_it(
    command_line: CommandLine,
) -> None:
    run, company = command_line.run, command_line.company
    assert company.push("builder", {"app.py": "app = 1\n"}).accepted
    report(company, 1, 1200)
    where = f"today, {APP} on orders-db at editor: orders"
    app, integration = ("app", "show", APP), ("integration", "show", "orders-db")
    for who, command, name in (("builder", app, "one person"), ("admin", app, ANN), ("admin", integration, ANN)):
        shown = run(who, *command).output
        assert f"{where}, all together: 1,200 of 1,000 rows, 0 rows left" in shown, shown
        assert f"{where}, {name}: 1,200 of 2,000 rows, 800 rows left" in shown
    (found,) = json.loads(run("admin", "app", "show", APP, "--json").output)["day_use"]
    assert (found["plane"], found["tables"][0]["rows"]) == ("editor", 1200)
    assert ANN not in run("builder", "app", "show", APP, "--json").output
