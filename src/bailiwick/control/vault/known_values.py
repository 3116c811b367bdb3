"""What masks every value that the vault knows: made anew when a secret or a key changed, and kept for a stated time."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bailiwick.control.vault.tables import SecretRow, TenantKeyRow
from bailiwick.core.errors import BailiwickError
from bailiwick.core.masking import Masker

# At least so long, whatever the cache of keys: masks are asked for with every line of the audit log.
_LEAST_SECONDS = 60.0
_State = tuple[object, ...]


class KnownValues:
    """Keeps a masker, and with it the values in memory, for `seconds`, a minute at least.

    `values` returns every value: those of the kinds, and `others` more that the database does not have. What was
    destroyed is dropped at the next use, in every process.
    """

    def __init__(
        self,
        kinds: tuple[str, ...],
        values: Callable[[Session], Iterable[str]],
        others: Callable[[], int],
        seconds: float,
    ) -> None:
        self._asks = _what_changed(kinds)
        self._values = values
        self._others = others
        self._seconds = max(seconds, _LEAST_SECONDS)
        self._kept: tuple[_State, float, Masker] | None = None

    def masker(self, session: Session) -> Masker:
        """Return what masks every value now; raise what the vault raises when it does not open."""
        state, kept = self._state(session), self._kept
        if kept is not None and kept[0] == state and time.monotonic() < kept[1]:
            return kept[2]
        try:
            made = Masker(self._values(session))
        except BailiwickError:
            self._kept = None
            raise
        self._kept = (state, time.monotonic() + self._seconds, made)
        return made

    @property
    def kept(self) -> Masker:
        """What masked the values when it was last asked for: for logs, which must ask nobody."""
        return self._kept[2] if self._kept is not None else Masker()

    def masker_if_open(self, session: Session) -> Masker:
        """Return what masks every value, or nothing while the vault does not open, as nobody gets one of it then."""
        try:
            return self.masker(session)
        except BailiwickError:
            return Masker()

    def _state(self, session: Session) -> _State:
        return (*session.execute(self._asks).one(), self._others())


def _what_changed(kinds: tuple[str, ...]) -> Select[Any]:
    """Return what asks for how many secrets there are, the newest, and how many keys were destroyed: in one go."""
    secrets = select(func.count(), func.max(SecretRow.created_at)).where(SecretRow.kind.in_(kinds))
    return secrets.add_columns(select(func.count(TenantKeyRow.destroyed_at)).scalar_subquery())
