"""What changes in a reach, line by line."""

from bailiwick.control.release.model import ReachChange
from bailiwick.core.reach import Reach
from bailiwick.core.reach_words import reach_lines


def describe(reach: Reach) -> tuple[str, ...]:
    """Return the lines of a reach."""
    return tuple(line.words for line in reach_lines(reach))


def compare(old: Reach | None, new: Reach) -> ReachChange:
    """Return what is new, gone and kept, line by line; without an old reach everything is new."""
    before = describe(old) if old is not None else ()
    after = describe(new)
    return ReachChange(
        added=tuple(line for line in after if line not in before),
        removed=tuple(line for line in before if line not in after),
        kept=tuple(line for line in after if line in before),
    )
