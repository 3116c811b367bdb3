"""Savepoints of one transaction, by names of our own: the app's never reach the database."""

from dataclasses import dataclass, field

from bailiwick.dataplane.gateways.sql.engines.model import NotTranslatedError
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError


@dataclass
class Savepoints:
    """What was saved, the oldest first. DuckDB has no savepoints: one can be gone back to while nothing was done."""

    known: bool
    _names: list[tuple[str, int]] = field(default_factory=list)
    _done: int = 0

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._names)

    def clear(self) -> None:
        """The transaction is over."""
        self._names.clear()

    def did(self) -> None:
        """A statement was run."""
        self._done += 1

    def words(self, tag: str, name: str) -> str:
        """Return what the database is told for SAVEPOINT, RELEASE or ROLLBACK (to a savepoint), empty for nothing."""
        if tag == "SAVEPOINT":
            self._names.append((name, self._done))
            return f"SAVEPOINT bw_s{len(self._names)}" if self.known else ""
        places = [place for place, (known, _) in enumerate(self._names) if known == name]
        if not places:
            raise StatementRefusedError(f"there is no savepoint {name[:60]}", sqlstate="3B001")
        place = places[-1]
        if tag == "RELEASE":
            del self._names[place:]
            return f"RELEASE SAVEPOINT bw_s{place + 1}" if self.known else ""
        if not self.known and self._names[place][1] != self._done:
            raise NotTranslatedError("DuckDB has no savepoints", hint="use whole transactions")
        del self._names[place + 1 :]
        return f"ROLLBACK TO SAVEPOINT bw_s{place + 1}" if self.known else ""
