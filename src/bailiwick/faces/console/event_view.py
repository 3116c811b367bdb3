"""An audit event as pages show it: one line to read, and the whole of it to expand."""

import json
from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.audit import LoggedEvent
from bailiwick.core.events import event_document
from bailiwick.faces.console.words import State, state


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
    document: str


def event_view(logged: LoggedEvent) -> EventView:
    """Return an event as pages show it."""
    event = logged.event
    document = json.dumps(event_document(event), indent=2, ensure_ascii=False)
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
        document=document,
    )
