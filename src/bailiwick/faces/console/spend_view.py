"""How full the budgets of models are, the fullest first."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn

_MOST = 5


@dataclass(frozen=True, slots=True)
class SpendLine:
    """A budget and whom it is for: what is used of it, in words and in percent."""

    budget: str
    of: str
    words: str
    percent: int


def spend_lines(control: ControlPlane, session: Session, visitor: SignedIn) -> list[SpendLine]:
    """Return the budgets that somebody may see."""
    _, standings = control.planes.models.seen_by(session, visitor.identity)
    lines = [
        SpendLine(item.budget.name, use.of, f"{use.words} of {item.limits}", round(use.share * 100))
        for item in standings
        for use in item.uses
    ]
    return sorted(lines, key=lambda line: -line.percent)[:_MOST]
