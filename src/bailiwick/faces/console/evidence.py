"""The evidence of an automatic stop as a person reads it: why, the figures, the requests and the last lines."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.observe import KillEvidence
from bailiwick.core.messages import RequestTrace
from bailiwick.faces.console.words import count

_REQUESTS_SHOWN = 12
_FAILED = 500


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Frozen evidence."""

    id: str
    time: datetime
    mode: str
    release: str
    because: str
    glance: str
    counters: tuple[tuple[str, str], ...]
    requests: tuple[RequestTrace, ...]
    log_lines: tuple[str, ...]


def evidence_view(evidence: KillEvidence) -> EvidenceView:
    """Return evidence as pages show it, the newest request first."""
    report = evidence.report
    failed = [item for item in report.requests if item.status >= _FAILED]
    people = {item.principal for item in failed if item.principal}
    paths = Counter(f"{item.method} {item.path}" for item in failed).most_common(1)
    most = f", most at {paths[0][0]}" if paths else ""
    glance = (
        f"{len(failed)} of the last {count(len(report.requests), 'request')} failed{most}; "
        f"{count(len(people), 'person', 'people')} met an error."
    )
    return EvidenceView(
        id=evidence.id,
        time=report.time,
        mode=report.mode,
        release=report.release,
        because=report.because,
        glance=glance,
        counters=tuple((name, f"{value:g}") for name, value in report.counters.items()),
        requests=tuple(reversed(report.requests[-_REQUESTS_SHOWN:])),
        log_lines=report.log_lines,
    )
