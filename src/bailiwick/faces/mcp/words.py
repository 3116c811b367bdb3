"""Findings and other things in words for agents: short, one thing a line, and what to do next at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bailiwick.control.review import Edit, Finding, StoredFinding

_SHOWN = 20
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding as agents get it; `edit` is what mends it without changing anything else, where that is known."""

    rule: str
    severity: str
    path: str
    line: int
    message: str
    why: str
    fix: str
    cwe: str
    fingerprint: str
    blocking: bool
    edit: Edit | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The finding as data."""
        names = ("rule", "severity", "path", "line", "message", "why", "fix", "cwe", "fingerprint", "blocking")
        facts = {name: getattr(self, name) for name in names}
        if self.edit is not None:
            edit = {name: getattr(self.edit, name) for name in ("path", "first", "last", "text")}
            facts["edit"] = edit
        return facts


def of_stored(finding: StoredFinding) -> Fault:
    """Return a finding that was kept."""
    names = ("rule", "severity", "path", "line", "message", "why", "fix", "cwe", "fingerprint")
    facts = {name: getattr(finding, name) for name in names}
    return Fault(**facts, blocking=finding.blocking and not finding.waiver)


def of_found(finding: Finding, *, blocking: bool) -> Fault:
    """Return a finding that was just made."""
    rule = finding.rule
    return Fault(
        rule.id,
        finding.severity.word,
        finding.path,
        finding.line,
        finding.message,
        rule.why,
        rule.fix,
        rule.cwe,
        finding.fingerprint,
        blocking,
        finding.edit,
    )


def fault_lines(faults: Sequence[Fault]) -> list[str]:
    """Return findings in words, what blocks first; where there are many, how many more there are."""
    ordered = sorted(faults, key=lambda fault: not fault.blocking)
    lines: list[str] = []
    for number, fault in enumerate(ordered[:_SHOWN], 1):
        place = f"{fault.path}:{fault.line}" if fault.line else fault.path
        weight = "blocks" if fault.blocking else "does not block"
        lines += [
            f"{number}. {plain(place)} {fault.rule} ({fault.severity}, {weight}): {plain(fault.message)}",
            f"   why: {fault.why}",
            f"   fix: {fault.fix}",
        ]
        if fault.edit is not None:
            lines.append(f"   edit: {_edit(fault.edit)}")
    if len(ordered) > _SHOWN:
        lines.append(f"and {len(ordered) - _SHOWN} more, all of them in the data of this answer")
    return lines


def plain(text: str) -> str:
    """Return text on one line without signs that cannot be seen: it comes from whoever wrote the code."""
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def count(number: int, one: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one}{'' if number == 1 else 's'}"


def _edit(edit: Edit) -> str:
    where = f"before line {edit.first}" if edit.first > edit.last else f"in place of lines {edit.first} to {edit.last}"
    return f"in {plain(edit.path)} {where}: {plain(edit.text)}"
