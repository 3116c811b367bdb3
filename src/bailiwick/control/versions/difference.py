"""The difference between two versions of a text."""

import difflib
from collections.abc import Sequence


def difference(before: str, after: str, *, names: Sequence[str]) -> str:
    """Return the unified diff of two texts; `names` are theirs."""
    # At line feeds only: a reviewer must see whatever else ends a line.
    old, new = (text.split("\n") if text else [] for text in (before, after))
    return "\n".join(difflib.unified_diff(old, new, names[0], names[1], lineterm=""))
