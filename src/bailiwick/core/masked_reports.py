"""Takes known secrets out of what planes tell and the log keeps: out of words and facts, never out of names."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from bailiwick.core.events import AuditEvent, ContextFact
from bailiwick.core.masking import Masker
from bailiwick.core.messages import AnyReport, AttestationReport, AuditReport, Report, SettingsReport

_REPORT: TypeAdapter[AnyReport] = TypeAdapter(Report)
# What things are called is how they are found again.
_NAMES = frozenset(
    {"kind", "app", "mode", "release", "branch", "plane", "tenant", "status", "run", "job", "worker", "integration",
     "time", "trace", "deploy", "key", "day", "scope", "id", "rule"}
)  # fmt: skip


def masked_event(event: AuditEvent, masker: Masker) -> AuditEvent:
    """Return the event with every known value in its words and facts replaced."""
    changed: dict[str, object] = {
        "reason": masker.mask(event.reason),
        "client_kind": masker.mask(event.client_kind),
        "context": _facts(event.context, masker),
    }
    changed |= {
        name: _facts(facts, masker)
        for name, facts in (("before", event.before), ("after", event.after))
        if facts is not None
    }
    return event.model_copy(update=changed)


def masked_report(report: AnyReport, masker: Masker) -> AnyReport:
    """Return the report with every known value in it replaced; what is signed says nothing in words and stays."""
    if isinstance(report, AuditReport):
        return report.model_copy(update={"event": masked_event(report.event, masker)})
    if isinstance(report, AttestationReport | SettingsReport) or not masker.finds(report.model_dump_json()):
        return report
    return _REPORT.validate_python(_masked(report.model_dump(mode="json", by_alias=True), masker))


def _masked(part: Any, masker: Masker) -> Any:
    match part:
        case str():
            return masker.mask(part)
        case list():
            return [_masked(item, masker) for item in part]
        case dict():
            return {name: item if name in _NAMES else _masked(item, masker) for name, item in part.items()}
    return part


def _facts(facts: Mapping[str, ContextFact], masker: Masker) -> dict[str, ContextFact]:
    return {name: _fact(fact, masker) for name, fact in facts.items()}


def _fact(fact: ContextFact, masker: Masker) -> ContextFact:
    match fact:
        case str():
            return masker.mask(fact)
        case tuple():
            return tuple(masker.mask(item) for item in fact)
    return fact
