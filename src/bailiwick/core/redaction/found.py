"""What was found in a text: where, and what it is."""

from collections.abc import Iterable
from typing import NamedTuple


class Found(NamedTuple):
    """A value from `start` to `end` (bytes) in what was looked at, and its kind, such as `email`."""

    start: int
    end: int
    kind: str


def shown_for(kind: str) -> str:
    """Return what is shown for a value that is masked for good: without a number it stands for nothing."""
    return f"[{kind.upper().replace('-', '_')}]"


def apart(found: Iterable[Found]) -> list[Found]:
    """Return values in order, none within another: of those that share bytes the first and longest gives its kind to
    all of them together.
    """
    kept: list[Found] = []
    for item in sorted(found, key=lambda it: (it.start, -it.end)):
        if kept and item.start < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, item.end))
        else:
            kept.append(item)
    return kept
