"""What exporters speak of: events on their way, receivers, and how an exporter is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bailiwick.core.events import AuditEvent
from bailiwick.core.telemetry import Gate, declared_gate


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way out, with its place in the log: what the `gate` does not let pass is not in it."""

    sequence: int
    event: AuditEvent
    gate: Gate = field(default_factory=declared_gate, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Leave out what does not leave."""
        object.__setattr__(self, "event", self.gate.event(self.event))

    @property
    def uid(self) -> str:
        """Return the id by which a receiver recognises the event when it comes a second time."""
        return f"{self.event.tenant}/{self.sequence}"


class Receiver(Protocol):
    """The way to one receiver; used by one thread.

    `settle_seconds`: how long after `deliver` what was sent may still be lost with the connection. 0 says that
    `deliver` returns only once the receiver has it.
    """

    settle_seconds: float

    def deliver(self, events: Sequence[Outgoing]) -> None:
        """Send events in order. Raises `DeliveryError` when the receiver may not have them all."""

    def check(self) -> None:
        """Raise `DeliveryError` when the connection broke since, so that what has not settled is sent again."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True, slots=True)
class ExporterStatus:
    """How an exporter is. `next_sequence` is the place before which the receiver has everything."""

    name: str
    kind: str
    destination: str
    next_sequence: int
    behind: int
    sent: int
    paused: bool
    failures: int
    failing_since: datetime | None
    last_error: str
    last_success: datetime | None
    next_attempt: datetime | None
