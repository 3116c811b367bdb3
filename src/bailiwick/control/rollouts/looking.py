"""Looks around a rollout: what is served, what the kill switch, the review and the freezes say of its candidate."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.release import PRODUCTION, Freezes, Verdicts, candidate_release, served_release
from bailiwick.control.rollouts.deciding import Surroundings
from bailiwick.control.rollouts.tables import RolloutRow
from bailiwick.control.stops import StopService
from bailiwick.core.clock import Clock


@dataclass(frozen=True)
class Lookout:
    """Gathers what decisions rest on. `ask_again` is told app, commit, tree and why, when a verdict is good no more."""

    stops: StopService
    freezes: Freezes
    verdicts: Verdicts
    ask_again: Callable[[str, str, str, str], None]
    clock: Clock

    def look(self, session: Session, row: RolloutRow) -> Surroundings:
        """Return what is known beside a rollout."""
        served, candidate = served_release(session, row.app), candidate_release(session, row.candidate)
        stop = self.stops.standing_in(session, row.app, PRODUCTION)
        standing = self.verdicts.standing(session, row.app, candidate.tree)
        passed = standing.verdict is not None
        if not passed and standing.again:
            self.ask_again(row.app, candidate.commit, candidate.tree, standing.again)
        return Surroundings(
            now=self.clock(),
            served=served.release if served is not None else "",
            stopped=stop.words if stop is not None else "",
            refused="" if passed or standing.again else f"the review: {standing.reason}",
            unreviewed=f"the review: {standing.reason}" if not passed and standing.again else "",
            frozen=self.freezes.why_not(session, candidate),
        )
