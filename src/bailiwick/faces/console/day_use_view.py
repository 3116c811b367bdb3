"""What passed today of a day's limits, as the pages of an app and of integrations show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.integrations import DayUse
from bailiwick.core.day_use_words import day_use_lines
from bailiwick.faces.console.words import State

_NEARLY, _SPENT, _WHOLE = 0.9, 1.0, 100


@dataclass(frozen=True, slots=True)
class DayUseView:
    """One limit of a day: of what, for whom, how it stands, what passed and what is left."""

    app: str
    integration: str
    plane: str
    table: str
    who: str
    state: State
    used: str
    left: str
    percent: int
    time: datetime


def day_use_view(uses: Sequence[DayUse]) -> list[DayUseView]:
    """Return a line for each limit that planes told of today."""
    return [
        DayUseView(
            use.report.app,
            use.report.integration,
            use.plane,
            line.table,
            line.who,
            _state(line.share),
            line.used,
            line.left,
            min(_WHOLE, round(line.share * _WHOLE)),
            use.report.time,
        )
        for use in uses
        for line in day_use_lines(use.report)
    ]


def _state(share: float) -> State:
    if share >= _SPENT:
        return State("spent", "bad")
    return State("nearly spent", "warn") if share >= _NEARLY else State("has room", "good")
