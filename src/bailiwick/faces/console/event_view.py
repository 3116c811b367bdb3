"""An audit event as pages show it: one line to read, and the whole of it to expand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.audit import LoggedEvent
from bailiwick.core.events import AuditEvent, ContextFact, event_document
from bailiwick.faces.console.words import State, state
from bailiwick.faces.links import links_of


@dataclass(frozen=True, slots=True)
class Changed:
    """One fact of a change: its value before and after, None where there was or is none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class EventView:
    """What a row shows, what is below it, and the event as it is in the log."""

    sequence: int
    time: datetime
    actor: str
    through: str
    release: str
    action: str
    resource: str
    outcome: State
    reason: str
    statement: str
    deciders: tuple[str, ...]
    trace: str
    acting_for: str
    client: str
    client_kind: str
    plane: str
    changes: tuple[Changed, ...]
    links: Mapping[str, str]
    document: str


def event_view(logged: LoggedEvent) -> EventView:
    """Return an event as pages show it."""
    event = logged.event
    return EventView(
        sequence=logged.sequence,
        time=event.time,
        actor=event.actor,
        through=f"app:{event.app}" if event.trace else "",
        release=event.release,
        action=event.action,
        resource=event.resource,
        outcome=state(event.outcome.value),
        reason=event.reason,
        statement=str(event.context.get("statement", "")),
        deciders=event.deciders,
        trace=event.trace,
        acting_for=event.acting_for,
        client=event.client,
        client_kind=event.client_kind,
        plane=event.plane,
        changes=_changes(event),
        links=links_of(event),
        document=json.dumps(event_document(event), indent=2, ensure_ascii=False),
    )


def _changes(event: AuditEvent) -> tuple[Changed, ...]:
    """Return what a change changed, fact by fact; what stayed as it was is left out."""
    before, after = event.before or {}, event.after or {}
    names = dict.fromkeys((*before, *after))
    changed = (Changed(name, _words(before, name), _words(after, name)) for name in names)
    return tuple(item for item in changed if item.before != item.after)


def _words(facts: Mapping[str, ContextFact], name: str) -> str | None:
    value = facts.get(name)
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, tuple | list) else str(value)
