"""How many calls may be made again: a share of those that were made, so that repeats never become a storm."""

from dataclasses import dataclass

_MOST_SAVED, _FIRST = 20.0, 3.0


@dataclass(slots=True)
class RepeatBudget:
    """Each call saves a share of a repeat; each repeat takes a whole one. A few are there from the start."""

    saved: float = _FIRST

    def called(self, share: float) -> None:
        """Note a call that was made for the first time."""
        if share > 0:
            self.saved = min(_MOST_SAVED, self.saved + share)

    def take(self, share: float) -> bool:
        """Take one repeat, when there is one."""
        if share <= 0 or self.saved < 1:
            return False
        self.saved -= 1
        return True
