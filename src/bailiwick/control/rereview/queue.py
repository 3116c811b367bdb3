"""What is asked for, taken up in turns: production first, no app twice at once, and none before one that waited longer.

Who takes a row up moves it on by a lease and renews it while it works; what a process took that died is free again
when the lease is over.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from bailiwick.control.rereview.tables import AskedRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

LEASE = timedelta(minutes=2)
_TRY_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Taken:
    """A tree that somebody reviews now, and for which time in a row."""

    app: str
    tree: str
    commit: str
    because: str
    tries: int


class AskedQueue:
    """Rows outlive the process; whose turn it is does not. One thread takes, any may give back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._turn = 0
        self._last_turn: dict[str, int] = {}

    def take(self, busy: Collection[str]) -> Taken | None:
        """Take up what comes next of apps that are not busy; None when nothing is left to do now."""
        with self._store.transaction() as session:
            for app, tree in self._candidates(session, busy):
                query = select(AskedRow).where(AskedRow.app == app, AskedRow.tree == tree, self._is_free())
                row = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
                if row is not None:
                    row.tries += 1
                    row.not_before = self._clock() + LEASE
                    self._turn += 1
                    self._last_turn[app] = self._turn
                    return Taken(row.app, row.tree, row.commit, row.because, row.tries)
        if not busy:
            self._last_turn.clear()
        return None

    def renew(self, taken: Collection[Taken]) -> None:
        """Hold on to what is still worked at."""
        self._move(taken, LEASE)

    def give_back(self, taken: Taken) -> None:
        """Let it be tried again, later."""
        self._move([taken], _TRY_AGAIN)

    def leave(self, taken: Collection[Taken]) -> None:
        """Let others take up at once what is not done."""
        self._move(taken, timedelta(0))

    def done(self, session: Session, taken: Taken) -> None:
        """Strike it off. Asked for anew meanwhile, it has no tries and stays."""
        session.execute(delete(AskedRow).where(*_same(taken)))

    def _candidates(self, session: Session, busy: Collection[str]) -> list[tuple[str, str]]:
        """Return the first tree of each app, in the order in which their turn is."""
        first = (
            select(AskedRow.app, AskedRow.tree, AskedRow.rank, AskedRow.asked_at)
            .where(self._is_free(), AskedRow.app.not_in(busy))
            .ext(distinct_on(AskedRow.app))
            .order_by(AskedRow.app, AskedRow.rank, AskedRow.asked_at, AskedRow.tree)
        )
        found = session.execute(first).all()
        turns = self._last_turn
        found = sorted(found, key=lambda row: (row.rank, turns.get(row.app, 0), row.asked_at))
        return [(row.app, row.tree) for row in found]

    def _is_free(self) -> ColumnElement[bool]:
        return AskedRow.not_before <= self._clock()

    def _move(self, taken: Collection[Taken], by: timedelta) -> None:
        with self._store.transaction() as session:
            for item in taken:
                session.execute(update(AskedRow).where(*_same(item)).values(not_before=self._clock() + by))


def _same(taken: Taken) -> tuple[ColumnElement[bool], ...]:
    return AskedRow.app == taken.app, AskedRow.tree == taken.tree, AskedRow.tries == taken.tries
