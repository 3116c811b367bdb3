"""Requests of all apps in production over a short time, for whoever watches them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.observe.tables import RequestRollupRow


@dataclass(frozen=True, slots=True)
class MinuteOfApp:
    """How many requests an app answered, how many failed, and how slow the slowest part was."""

    app: str
    requests: int
    errors: int
    slow_ms: float


def requests_between(session: Session, begin: datetime, end: datetime) -> Sequence[MinuteOfApp]:
    """Return what planes counted of each app in production from a time until before another."""
    row = RequestRollupRow
    query = (
        select(
            row.app,
            func.sum(row.ok + row.client_errors + row.server_errors),
            func.sum(row.server_errors),
            func.max(row.p95_ms),
        )
        .where(row.mode == "production", row.start >= begin, row.start < end)
        .group_by(row.app)
    )
    return [MinuteOfApp(app, int(every), int(bad), float(slow)) for app, every, bad, slow in session.execute(query)]
