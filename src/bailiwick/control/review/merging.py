"""What several engines found becomes one list: a fault is said once, by whoever says most about it, the worst first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bailiwick.control.review.model import Finding

# Numbers of the catalogue that stand for one fault when they meet on one line, by the first of each.
_FAMILIES = (
    ("CWE-798", "CWE-259", "CWE-321", "CWE-522", "CWE-256", "CWE-260", "CWE-540", "CWE-547"),
    ("CWE-89", "CWE-564"),
    ("CWE-78", "CWE-77", "CWE-88"),
    ("CWE-95", "CWE-94"),
    ("CWE-79", "CWE-80", "CWE-116"),
    ("CWE-22", "CWE-23", "CWE-36", "CWE-73"),
    ("CWE-295", "CWE-297", "CWE-599"),
    ("CWE-327", "CWE-326", "CWE-328"),
    ("CWE-611", "CWE-776", "CWE-827"),
)
_FAMILY = {number: numbers[0] for numbers in _FAMILIES for number in numbers}

_Place = tuple[str, int, str]


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each fault once for its place, worst first, then by path and line.

    Findings on one line are of one fault when they are of one rule, or of rules with the same number in the catalogue
    or close ones. What is kept is the worst, and of those the one that says most; it names all engines that saw it.
    """
    kept: dict[_Place, list[list[Finding]]] = {}
    for finding in findings:
        faults = kept.setdefault((finding.path, finding.line, finding.commit), [])
        same = next((fault for fault in faults if any(_same(finding, other) for other in fault)), None)
        if same is None:
            faults.append([finding])
        else:
            same.append(finding)
    merged = [_one(fault) for faults in kept.values() for fault in faults]
    return tuple(sorted(_numbered(merged), key=_order))


def _same(one: Finding, other: Finding) -> bool:
    if one.rule.id == other.rule.id:
        return True
    # The same number for a whole file says nothing, and one engine knows what it tells apart.
    return bool(one.line) and one.engine != other.engine and _fault(one) == _fault(other) != ""


def _fault(finding: Finding) -> str:
    return _FAMILY.get(finding.rule.cwe, finding.rule.cwe)


def _one(fault: list[Finding]) -> Finding:
    best = max(fault, key=lambda item: (item.severity, len(item.steps) > 0, item.edit is not None))
    steps = best.steps or next((item.steps for item in fault if item.steps), ())
    edit = best.edit or next((item.edit for item in fault if item.edit is not None), None)
    engines = dict.fromkeys([best.engine, *(item.engine for item in fault)])
    return replace(best, steps=steps, edit=edit, engine=", ".join(engines))


def _numbered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings with a number each among those of the same rule and text in a file, in the order of its lines."""
    seen: Counter[str] = Counter()
    for finding in sorted(findings, key=lambda item: (item.path, item.line, item.column)):
        alike = replace(finding, alike=0)
        yield replace(finding, alike=seen[alike.fingerprint])
        seen[alike.fingerprint] += 1


def _order(finding: Finding) -> tuple[int, str, int, int, str, str]:
    return (-finding.severity, finding.path, finding.line, finding.column, finding.rule.id, finding.commit)
