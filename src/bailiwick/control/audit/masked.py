"""Takes known secrets out of an event before it is in the log for good: its words and facts, never its names."""

from collections.abc import Mapping

from bailiwick.core.events import AuditEvent, ContextFact
from bailiwick.core.masking import Masker


def masked(event: AuditEvent, masker: Masker) -> AuditEvent:
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


def _facts(facts: Mapping[str, ContextFact], masker: Masker) -> dict[str, ContextFact]:
    return {name: _fact(fact, masker) for name, fact in facts.items()}


def _fact(fact: ContextFact, masker: Masker) -> ContextFact:
    match fact:
        case str():
            return masker.mask(fact)
        case tuple():
            return tuple(masker.mask(item) for item in fact)
    return fact
