"""What statements under way hold: a place at the database, the time that they may take, and the size of the answer."""

from contextlib import suppress

from bailiwick.core.messages import IntegrationLimits
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.limits import LimitedError, Place, Who
from bailiwick.dataplane.gateways.sql.days import DayMeter
from bailiwick.dataplane.gateways.sql.gateway import Allowed, SqlGateway
from bailiwick.dataplane.gateways.sql.statements import Step
from bailiwick.dataplane.gateways.sql.upstream import STATEMENT_SECONDS

# The database itself ends a statement that takes too long; this much later it is taken for dead.
_LATER_SECONDS = 10.0


class BrokenOffError(Exception):
    """The connection ends here, in the middle of an answer or instead of it; `sqlstate` is what drivers are told."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Holding:
    """What one connection holds, for one group of statements after the other."""

    def __init__(self, gateway: SqlGateway, binding: Binding) -> None:
        self._gateway = gateway
        self._binding = binding
        self._place: Place | None = None
        self._limits: IntegrationLimits | None = None
        self._bytes = 0
        self._days = gateway.day_meter(binding)

    async def begin(self, allowed: Allowed, statements: int) -> None:
        """Take a place, unless there is one; raise `StatementRefusedError` when none comes in time, or when what may
        pass in a day has passed.
        """
        if self._days is not None:
            self._gateway.require_left(self._days, allowed, self._binding)
        if self._place is None:
            self._place = await self._gateway.place(allowed, self._binding, statements)
            self._limits = self._gateway.limits(self._binding)

    @property
    def statement_seconds(self) -> float:
        """How long a statement may take, as far as that is said when it begins."""
        return self._limits.statement_seconds if self._limits is not None else STATEMENT_SECONDS

    @property
    def silence_seconds(self) -> float:
        """How long a database that was asked may say nothing."""
        limits, most = self._limits, self._gateway.silence_seconds
        return min(most, limits.statement_seconds + _LATER_SECONDS) if limits is not None else most

    def came(self, allowed: Allowed, step: Step, rows: int, size: int) -> None:
        """Count rows that came, and their bytes; raise `BrokenOffError` when they are more than may come."""
        self._bytes += size
        if self._days is not None:
            self._count_today(self._days, allowed, step, rows, size)
        if self._limits is not None and self._bytes > self._limits.most_rows_bytes:
            most = self._limits.most_rows_bytes
            raise BrokenOffError(f"the answer is larger than {most} bytes, which is all that may come at once", "54000")

    def changed(self, allowed: Allowed, step: Step, rows: int) -> None:
        """Count rows that were changed: that is done, so the next statement is refused when they were too many."""
        if self._days is not None:
            with suppress(BrokenOffError):
                self._count_today(self._days, allowed, step, rows, 0)

    def _count_today(self, days: DayMeter, allowed: Allowed, step: Step, rows: int, size: int) -> None:
        if step.rewritten.operation == "catalogue":
            return
        try:
            days.take(step.rewritten.tables, Who.of(self._binding.app, allowed.identity), rows, size)
        except LimitedError as fault:
            self._gateway.gates.note_refused(self._binding, fault)
            raise BrokenOffError(fault.message, "53400") from None

    def end(self) -> None:
        """Give back what is held."""
        self._bytes = 0
        place, self._place = self._place, None
        if place is not None:
            place.leave()
