"""Readings as findings of a review: what reviewers agree on blocks, the rest advises, and silence is called silence."""

from collections.abc import Iterator, Sequence

from bailiwick.control.review import BLOCKING, Finding, Rule, Severity, rule
from bailiwick.control.reviewers.model import Judged, LensReading, Mode, Weight


def findings_of(readings: Sequence[LensReading], mode: Mode, tree: str) -> Iterator[Finding]:
    """Yield the findings of readings. A reading that says nothing blocks where reviewers are required, else it is told.

    That finding is about one tree only: a waiver of it is a person's decision about that tree and no other.
    """
    silent = [f"{item.lens.value} ({item.route}): {item.inconclusive}" for item in readings if item.inconclusive]
    if silent:
        yield inconclusive("; ".join(silent), mode, tree)
    for reading in readings:
        yield from (_finding(reading, item) for item in reading.found)


def inconclusive(words: str, mode: Mode, tree: str) -> Finding:
    """Return the finding that says that reviewers said nothing that counts."""
    known = rule("reviewers-inconclusive")
    worse = 0 if mode is Mode.REQUIRED else Severity.LOW - known.severity
    return Finding(known, ".", 0, words, f"the reviewers of tree {tree}", engine="reviewers", worse=worse)


def _finding(reading: LensReading, item: Judged) -> Finding:
    swayed = item.weight is Weight.SWAYED
    known = rule("comments-sway-reviewers" if swayed else f"reviewer-{reading.lens.value}")
    told = item.told
    return Finding(
        Rule(known.id, known.severity, told.why or known.why, told.fix or known.fix, known.cwe, known.owasp),
        told.path,
        told.line,
        f"{told.fault} ({item.words})",
        told.quote,
        engine=f"reviewer:{reading.lens.value}",
        worse=_worse(known, item),
    )


def _worse(known: Rule, item: Judged) -> int:
    if item.weight is Weight.SWAYED:
        return 0
    wanted = Severity.LOW if item.weight is Weight.ADVISES else max(item.told.severity, BLOCKING)
    return wanted - known.severity
