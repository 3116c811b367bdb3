"""Ends previews of branches whose time is over, a few in each transaction."""

from sqlalchemy import select

from bailiwick.control.previews.model import PreviewState
from bailiwick.control.previews.register import PreviewRegister
from bailiwick.control.previews.tables import PreviewRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_KEEPER = "service:previews"
_AT_ONCE = 100


class PreviewKeeper:
    """Safe to repeat, and with several processes at once."""

    def __init__(self, register: PreviewRegister, store: Store, clock: Clock) -> None:
        self._register = register
        self._store = store
        self._clock = clock

    def keep(self) -> None:
        """End what is over its time."""
        while self._end_some():
            pass

    def _end_some(self) -> bool:
        over = (PreviewRow.state == PreviewState.LIVE, PreviewRow.ends_at <= self._clock())
        query = select(PreviewRow).where(*over).order_by(PreviewRow.ends_at).limit(_AT_ONCE)
        with self._store.transaction() as session:
            rows = session.scalars(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                words = f"nothing was pushed to it since {row.pushed_at:%Y-%m-%d}"
                self._register.end(session, row, PreviewState.EXPIRED, _KEEPER, words)
            return len(rows) == _AT_ONCE
