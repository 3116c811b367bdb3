"""What passed today of a day's limits: from the plane's report to the pages."""

from datetime import timedelta

import pytest

from bailiwick.core.messages import DayUseReport, ReportBatch, Sequenced
from tests.faces.console.conftest import Console
from tests.fixtures.company import APP, Company

ANN = "user:ann@example.com"


def report(company: Company, number: int, rows: int, *, app: str = APP, days: int = 0, plane: str = "editor") -> None:
    control = company.control
    now = control.clock() - timedelta(days=days)
    told = DayUseReport.model_validate(
        {
            "app": app, "integration": "orders-db", "day": now.date(), "time": now,
            "tables": [
                {
                    "table": "orders", "rows": rows, "bytes": 1, "people": 1,
                    "limits": {"app": {"rows": 1000}, "person": {"rows": 2000}},
                    "nearest": [{"person": ANN, "rows": rows, "bytes": 1}],
                }
            ],
        }
    )  # fmt: skip
    control.planes.take_reports(plane, ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=told),)))


@pytest.mark.req("IN6", "IN7", "DM2")
def test_what_passed_and_what_is_left_is_shown_to_whoever_may_see_it(console: Console) -> None:
    assert console.company.push("builder", {"app.py": "app = 1\n"}).accepted
    builder, _ = console.signed_in("builder")
    admin, _ = console.signed_in("admin")
    assert "What passed today" not in builder.get(f"/apps/{APP}").text
    report(console.company, 1, 950, days=1)
    report(console.company, 2, 950, app="finance/other")  # which this plane does not serve
    assert "What passed today" not in builder.get(f"/apps/{APP}").text
    report(console.company, 3, 910)
    page = builder.get(f"/apps/{APP}").text
    for words in ("What passed today", "910 of 1,000 rows", "90 rows", "nearly spent", "one person"):
        assert words in page, words
    assert ANN not in page
    report(console.company, 4, 1200)
    for address in (f"/apps/{APP}", "/integrations"):
        page = admin.get(address).text
        for words in ("1,200 of 1,000 rows", "0 rows", "spent", ANN, "1,200 of 2,000 rows", "800 rows"):
            assert words in page, (address, words)
