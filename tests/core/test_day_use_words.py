from datetime import UTC, datetime

import pytest

from bailiwick.core.day_use_words import day_use_lines, day_use_words
from bailiwick.core.messages import DayUseReport


@pytest.mark.req("IN7", "IN6")
def test_what_passed_and_what_is_left_is_said_of_each_limit() -> None:
    report = DayUseReport.model_validate(
        {
            "app": "finance/desk", "integration": "orders-db", "day": "2026-11-29",
            "time": datetime(2026, 11, 29, tzinfo=UTC),
            "tables": [
                {
                    "table": "orders", "rows": 1200, "bytes": 3 * 2**20, "people": 2,
                    "limits": {"app": {"rows": 1000, "bytes": 6 * 2**20}, "person": {"rows": 1000}},
                    "nearest": [{"person": "user:ann@example.com", "rows": 250, "bytes": 1},
                                {"person": "", "rows": 1, "bytes": 1}],
                },
                {"table": "items", "rows": 5, "bytes": 1, "people": 0, "limits": {"person": {"rows": 9}}},
            ],
        }
    )  # fmt: skip
    lines = list(day_use_lines(report))
    assert [day_use_words(line) for line in lines] == [
        "orders, all together: 1,200 of 1,000 rows and 3 MiB of 6 MiB, 0 rows and 3 MiB left",
        "orders, user:ann@example.com: 250 of 1,000 rows, 750 rows left",
        "orders, one person: 1 of 1,000 rows, 999 rows left",
    ]
    assert [round(line.share, 2) for line in lines] == [1.2, 0.25, 0.0]
