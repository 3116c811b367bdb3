"""Between readings and how they are kept."""

from dataclasses import asdict
from typing import Any

from bailiwick.control.review import Severity
from bailiwick.control.reviewers.model import Judged, Lens, LensReading, Reading, Told, Weight
from bailiwick.control.reviewers.tables import ReadingRow


def kept(reading: LensReading) -> dict[str, Any]:
    """Return a reading of one lens as JSON."""
    return {
        "lens": reading.lens.value,
        "route": reading.route,
        "inconclusive": reading.inconclusive,
        "found": [
            {**asdict(item.told), "severity": item.told.severity.name, "weight": item.weight.value, "words": item.words}
            for item in reading.found
        ],
    }


def reading_of(row: ReadingRow) -> Reading:
    """Return what is kept of a tree as a value."""
    lenses = tuple(
        LensReading(
            Lens(item["lens"]), item["route"], tuple(_judged(one) for one in item["found"]), item["inconclusive"]
        )
        for item in row.lenses
    )
    return Reading(row.state, row.started, row.done, row.total, lenses)


def _judged(item: dict[str, Any]) -> Judged:
    told = {name: item[name] for name in ("path", "line", "quote", "fault", "why", "fix")}
    return Judged(Told(**told, severity=Severity[item["severity"]]), Weight(item["weight"]), item["words"])
