"""What several readings come to: seen in both runs it blocks, in one it advises; comments must make no difference."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bailiwick.control.reviewers.model import Judged, Pass, Told, Weight

RUNS = (1, 2)
_NEAR = 2


@dataclass(slots=True)
class _Place:
    """Where readings name a fault, and which of them do."""

    told: Told
    passes: set[tuple[int, bool]] = field(default_factory=set)

    def runs(self, *, blanked: bool) -> set[int]:
        return {run for run, was_blanked in self.passes if was_blanked is blanked}


def agreed(passes: Sequence[Pass]) -> tuple[Judged, ...]:
    """Return the faults that readings of both runs name, each once, in the order of path and line."""
    places: list[_Place] = []
    for reading in passes:
        for told in reading.found:
            place = next((place for place in places if _is_same(place.told, told)), None)
            if place is None:
                places.append(place := _Place(told))
            place.passes.add((reading.run, reading.blanked))
    judged = [one for place in places for one in _judged(place)]
    return tuple(sorted(judged, key=lambda item: (item.told.path, item.told.line, item.weight)))


def _judged(place: _Place) -> list[Judged]:
    plain, blank = place.runs(blanked=False), place.runs(blanked=True)
    found = []
    if plain | blank == set(RUNS):
        found.append(Judged(place.told, Weight.BLOCKS, "seen in both runs"))
    else:
        found.append(Judged(place.told, Weight.ADVISES, "seen in one run of two"))
    if blank == set(RUNS) and not plain:
        found.append(Judged(place.told, Weight.SWAYED, "seen whenever comments are left out, and never with them"))
    elif plain == set(RUNS) and not blank:
        found.append(Judged(place.told, Weight.SWAYED, "seen whenever comments are there, and never without them"))
    return found


def _is_same(one: Told, other: Told) -> bool:
    return one.path == other.path and abs(one.line - other.line) <= _NEAR
