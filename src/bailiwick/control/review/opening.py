"""What is open for an app, in its findings: they stay, as a note, and block no more."""

from dataclasses import replace

from bailiwick.control.review.model import Finding, Severity, Surroundings
from bailiwick.core.capabilities import Capability

_CAPABILITIES = frozenset(item.value for item in Capability)


def softened(finding: Finding, surroundings: Surroundings) -> Finding:
    """Return a finding about a capability that is open for the app as one of the lowest severity, with its last day."""
    if finding.rule.id not in _CAPABILITIES:
        return finding
    until = next((item.until for item in surroundings.opened if item.capability == finding.rule.id), None)
    if until is None:
        return finding
    message = f"{finding.message} (opened for this app until {until})"
    return replace(finding, message=message, worse=Severity.LOW - finding.rule.severity)
