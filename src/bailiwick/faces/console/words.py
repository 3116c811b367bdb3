"""How things are said on pages: how many, how long ago, and the state of a thing in a word with its kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["good", "warn", "bad", "plain"]
_KINDS: dict[str, Kind] = {
    "running": "good",
    "released": "good",
    "passed": "good",
    "succeeded": "good",
    "success": "good",
    "done": "good",
    "requested": "warn",
    "held": "warn",
    "on trial": "warn",
    "failed": "bad",
    "refused": "bad",
    "stopped": "bad",
    "killed": "bad",
    "rejected": "bad",
}
_STEPS = ((86400, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class State:
    """A state as a pill shows it: the word, and the kind that gives shape and colour."""

    word: str
    kind: Kind


def state(word: str) -> State:
    """Return the state with this name."""
    return State(word, _KINDS.get(word, "plain"))


@dataclass(frozen=True, slots=True)
class Stat:
    """One figure of a stat line: what it is, its value, and a note below."""

    label: str
    value: str
    note: str = ""
    kind: Kind = "plain"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 app", "41 apps"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    seconds = max((now - moment) // timedelta(seconds=1), 0)
    for length, unit in _STEPS:
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return "just now"


def listed(items: Sequence[str]) -> str:
    """Return items as a person lists them: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
