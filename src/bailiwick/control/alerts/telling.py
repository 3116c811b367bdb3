"""Writes what is to be told of an alert; mail servers, chats and pagers are asked afterwards, by the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.alerts.tables import AlertRow


class Telling(Protocol):
    """What writes messages of alerts."""

    def tell(self, session: Session, told: "Told", receivers: Sequence[str]) -> None:
        """Write one message for each receiver."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told: `step` is trigger, acknowledge or resolve, the latter two for pagers alone."""

    id: str
    rule: str
    severity: str
    words: str
    step: str


def told_of(row: AlertRow, step: str) -> Told:
    """Return what is told of an alert."""
    return Told(row.id, row.rule, row.severity, row.words, step)


def pagers(receivers: Sequence[str]) -> list[str]:
    """Return those that hear when an alert is answered or over."""
    return [one for one in receivers if one.startswith("pager:")]
