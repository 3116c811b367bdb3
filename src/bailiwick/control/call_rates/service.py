"""Counts calls of agents: of each person with all that works for them, and of each agent for all people together.

The generic cell rate algorithm (ITU-T I.371) in one statement of the database, by the database's clock: control planes
that share it count together, and never give the last call twice.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import DateTime, Interval, cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.call_rates.tables import CallRateRow
from bailiwick.core.principals import Principal
from bailiwick.store import Store

OF_A_PERSON, OF_AN_AGENT = 240, 2400
_MINUTE = timedelta(minutes=1)
_NOW = func.clock_timestamp(type_=DateTime(timezone=True))
_TOLD = "told:"


class _TooOftenError(Exception):
    """Takes back what was counted; it says how many seconds to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass(frozen=True)
class CallRates:
    """Counts by the minute, with bursts of a whole one."""

    store: Store

    def wait_seconds(self, principal: Principal) -> float:
        """Count a call; return 0 when it may be made, else how many seconds to wait (then it is not counted)."""
        try:
            with self.store.transaction() as session:
                # What a crash of the database forgets is a call or two.
                session.execute(text("SET LOCAL synchronous_commit = off"))
                self._count(session, principal.answerable, OF_A_PERSON)
                if principal.behalf:
                    self._count(session, principal.own, OF_AN_AGENT)
        except _TooOftenError as fault:
            return fault.seconds
        return 0.0

    def is_news(self, session: Session, who: str) -> bool:
        """Return whether it was not said in the last minute that somebody calls too often; it is said now."""
        return _taken(session, f"{_TOLD}{who}", every=_MINUTE, burst=timedelta(0))

    def forget(self) -> None:
        """Forget whoever did not call for a while: they have all of their calls again."""
        with self.store.transaction() as session:
            session.execute(delete(CallRateRow).where(CallRateRow.due < _NOW - cast(_MINUTE, Interval)))

    @staticmethod
    def _count(session: Session, who: str, a_minute: int) -> None:
        if _taken(session, who, every=_MINUTE / a_minute, burst=_MINUTE):
            return
        due = session.scalar(select(func.extract("epoch", CallRateRow.due - _NOW)).where(CallRateRow.who == who))
        raise _TooOftenError(max(0.001, float(due or 0) - _MINUTE.total_seconds()))


def _taken(session: Session, who: str, *, every: timedelta, burst: timedelta) -> bool:
    """Take one of somebody's calls, when there is one."""
    after = func.greatest(CallRateRow.due, _NOW)
    statement = (
        insert(CallRateRow)
        .values(who=who, due=_NOW + cast(every, Interval))
        .on_conflict_do_update(
            index_elements=[CallRateRow.tenant, CallRateRow.who],
            set_={"due": after + cast(every, Interval)},
            where=after <= _NOW + cast(burst, Interval),
        )
        .returning(CallRateRow.who)
    )
    return session.scalar(statement) is not None
