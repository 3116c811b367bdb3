"""What passed today of a day's limits, on the command line."""

from collections.abc import Iterator, Mapping
from typing import Any

from bailiwick.core.day_use_words import day_use_lines, day_use_words
from bailiwick.core.messages import DayUseReport


def day_use_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an answer of the API says of it, a line each."""
    for item in found["day_use"]:
        report = DayUseReport.model_validate({name: value for name, value in item.items() if name != "plane"})
        where = f"{report.app} on {report.integration} at {item['plane']}"
        yield from (f"today, {where}: {day_use_words(line)}" for line in day_use_lines(report))
