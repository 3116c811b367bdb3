"""Comments that switch other reviewers off: told, and told louder where they stand on a fault."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice

from bailiwick.control.review.engines.evasion.pack import pack
from bailiwick.control.review.engines.secrets.lines import Lines
from bailiwick.control.review.model import BLOCKING, Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.redaction.sieve import Sieve

_ID = "suppression-without-effect"
_OWN = "this review"
_MOST_OF_A_FILE, _MOST_MATCHES = 50, 2_000


@cache
def _sieve() -> tuple[tuple[str, ...], Sieve]:
    written = pack()["suppressions"]
    return tuple(written), Sieve([f"(?im){pattern}" for pattern in written.values()])


def suppressions(file: TreeFile) -> Iterator[Finding]:
    """Yield a finding for each line with such a comment; one that is meant for this review blocks."""
    names, sieve = _sieve()
    found: dict[int, str] = {}
    lines = Lines(file.content)
    for index, match in islice(sieve.matches(file.content), _MOST_MATCHES):
        line = lines.number_at(match.start())
        if names[index] == _OWN or line not in found:
            found[line] = names[index]
    for line, name in sorted(found.items())[:_MOST_OF_A_FILE]:
        message = f"a comment for {name} switches nothing off here"
        yield Finding(rule(_ID), file.path, line, message, worse=int(name == _OWN))


def raised(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of a review with a suppression raised where it stands on, or above, a fault that blocks."""
    every = list(findings)
    faults = {(item.path, item.line) for item in every if item.rule.id != _ID and item.severity >= BLOCKING}
    return [
        replace(item, worse=1)
        if item.rule.id == _ID and not faults.isdisjoint({(item.path, item.line), (item.path, item.line + 1)})
        else item
        for item in every
    ]
