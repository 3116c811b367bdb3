"""What leaves this installation, field by field: shown, turned on and off, and the gate that all of it passes."""

import difflib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.telemetry.tables import TelemetryBaselineRow, TelemetrySwitchRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.core.telemetry import MAY_BE_LEFT_OUT, Field, Gate, Register, why_needed
from bailiwick.store import Store

_OTEL = "otel."


@dataclass(frozen=True, slots=True)
class PlaneTelemetry:
    """Which fields planes leave out of reports, and which they tell a collector of telemetry."""

    without: tuple[str, ...]
    otel: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field of the register: whether it leaves, whether it is new here, and who last switched it and why.

    `needed` says why one that cannot be switched off is needed; it is empty for all others.
    """

    name: str
    purpose: str
    data_class: str
    since: int
    required: bool
    on: bool
    new: bool
    by: str = ""
    reason: str = ""
    needed: str = ""

    @property
    def to(self) -> str:
        """What sends it: what its name begins with."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class TelemetryService:
    """Answers for one register. `on_change` is called when planes must hear of another switch."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    register: Register
    clock: Clock
    on_change: Callable[[], None] = lambda: None
    _gates: dict[frozenset[str], Gate] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """Note with which version of the register this installation begins; what is noted already stays."""
        with self.store.transaction() as session:
            row = insert(TelemetryBaselineRow).values(version=self.register.version, time=self.clock())
            session.execute(row.on_conflict_do_nothing())

    def gate(self, session: Session) -> Gate:
        """Return what lets pass what is on now. Without a beginning that is noted, nothing is but what is required."""
        on = self._on(session)
        with self._lock:
            if on not in self._gates:
                # The one before is not asked any more: what it was told is told once again at most.
                self._gates.clear()
                self._gates[on] = Gate(on, frozenset(self.register.fields), self._undeclared)
            return self._gates[on]

    def of_planes(self, session: Session) -> PlaneTelemetry:
        """Return what planes leave out of what they report, and what they may tell a collector."""
        on = self._on(session)
        return PlaneTelemetry(
            tuple(sorted(MAY_BE_LEFT_OUT - on)), tuple(sorted(name for name in on if name.startswith(_OTEL)))
        )

    def _on(self, session: Session) -> frozenset[str]:
        row = session.scalars(select(TelemetryBaselineRow)).one_or_none()
        switched = {item.name: item.on for item in session.scalars(select(TelemetrySwitchRow))}
        return self.register.on(row.version if row is not None else 0, switched)

    def states(self, session: Session, by: Identity) -> list[FieldState]:
        """Return every field, in the register's order."""
        self.authorizer.require(session, by, "telemetry.read", ORGANIZATION)
        row = session.scalars(select(TelemetryBaselineRow)).one_or_none()
        baseline = row.version if row is not None else 0
        rows = {item.name: item for item in session.scalars(select(TelemetrySwitchRow))}
        on = self.register.on(baseline, {name: item.on for name, item in rows.items()})
        return [
            _state(item, rows.get(item.name), on=item.name in on, new=item.since > baseline)
            for item in self.register.fields.values()
        ]

    def switch(self, by: Identity, name: str, reason: str, *, on: bool) -> None:
        """Turn a field on or off, from the next event on; audited.

        Raises `NotFoundError` for one that is not in the register, `InvalidInputError` for one that is required.
        """
        reason = given_reason(reason)
        wanted = self.register.fields.get(name)
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "telemetry.switch", ORGANIZATION)
            if wanted is None:
                close = difflib.get_close_matches(name, self.register.fields, n=1)
                hint = f"did you mean '{close[0]}'?" if close else "bailiwick telemetry list"
                raise NotFoundError(f"the register has no field '{name[:80]}'", hint=hint)
            needed = _needed(wanted)
            if needed:
                stops = "bailiwick exporter pause stops all of what receivers are sent"
                hint = "bailiwick telemetry list says which may be off" if name.startswith("plane.") else stops
                raise InvalidInputError(f"{name} is needed: {needed}", hint=hint)
            before = name in self.gate(session).on
            if before is on:
                raise ConflictError(f"{name} is {'on' if on else 'off'} already")
            said = {"on": on, "by": str(by.principal), "reason": reason, "time": self.clock()}
            row = insert(TelemetrySwitchRow).values(name=name, **said)
            session.execute(row.on_conflict_do_update(index_elements=["tenant", "name"], set_=said))
            self.audit.note(
                session,
                str(by.principal),
                "telemetry.turned-on" if on else "telemetry.turned-off",
                ORGANIZATION,
                reason=reason,
                deciders=tuple(decision.deciders),
                context={"name": name, "data_class": wanted.data_class},
            )
        if name in MAY_BE_LEFT_OUT or name.startswith(_OTEL):
            self.on_change()

    def _undeclared(self, name: str) -> None:
        """Tell in the log that something was not sent; by its name, which is no data."""
        with self.store.transaction() as session:
            self.audit.note(
                session,
                "service:telemetry",
                "telemetry.withheld",
                ORGANIZATION,
                reason="the register does not declare it, so it is not sent",
                context={"name": name[:200]},
            )


def _state(item: Field, row: TelemetrySwitchRow | None, *, on: bool, new: bool) -> FieldState:
    by, reason = (row.by, row.reason) if row is not None else ("", "")
    needed = _needed(item)
    return FieldState(
        item.name,
        item.purpose,
        item.data_class,
        item.since,
        bool(needed),
        on=on or bool(needed),
        new=new,
        by=by,
        reason=reason,
        needed=needed,
    )


def _needed(item: Field) -> str:
    """Return why a field cannot be switched off, empty where it can."""
    if item.name.startswith("plane."):
        return why_needed(item.name)
    return item.purpose if item.required else ""
