"""What a part of an engine says of a line, before it is a finding of a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.source import Lines
from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule

_MOST_OF_ONE_FILE = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a line breaks; lines count from 1. `worse` as in `Finding`."""

    rule: str
    line: int
    message: str
    worse: int = 0


def findings(path: str, lines: Lines, faults: Iterable[Fault]) -> Iterator[Finding]:
    """Yield the faults of a file as findings, once for each rule and line, and not more than a person would read."""
    seen: set[tuple[str, int]] = set()
    for fault in faults:
        if (fault.rule, fault.line) in seen:
            continue
        seen.add((fault.rule, fault.line))
        shown = lines.line(fault.line).strip()[:200]
        yield Finding(rule(fault.rule), path, fault.line, fault.message, shown, worse=fault.worse)
        if len(seen) >= _MOST_OF_ONE_FILE:
            return
