"""Audit events: who did what to which resource, when, and how it ended, in one canonical byte form."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bailiwick.core.ids import new_id

ContextFact = str | int | float | bool | tuple[str, ...] | None
ACTION_FORM = r"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$"


class Outcome(StrEnum):
    """How an action ended."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an audit event's time must carry its zone")
    return moment.astimezone(UTC)


class AuditEvent(BaseModel):
    """One line of the audit log. `action` is `noun.verb` in the past tense; `actor` and `resource` are written names.

    `context` holds facts for the reader (never secrets, never rows of business data); `deciders` the ids of the
    policies that allowed or refused. `acting_for` is whom an agent acts for; `client` the address that a request came
    from, and `client_kind` what its client claims to be. `before` and `after` hold what a change changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(default_factory=lambda: new_id("evt"))
    time: Annotated[datetime, AfterValidator(_aware)]
    tenant: str = "default"
    actor: str
    action: str = Field(pattern=ACTION_FORM)
    resource: str
    outcome: Outcome = Outcome.SUCCESS
    reason: str = ""
    app: str = ""
    release: str = ""
    trace: str = ""
    plane: str = ""
    deciders: tuple[str, ...] = ()
    context: Mapping[str, ContextFact] = Field(default_factory=dict)
    acting_for: str = ""
    client: str = ""
    client_kind: str = ""
    before: Mapping[str, ContextFact] | None = None
    after: Mapping[str, ContextFact] | None = None


# Facts that came after the first logs were signed: where they say nothing they are left out, so that the bytes of
# older events, and with them their leaves, stay what they were.
_LEFT_OUT_WHEN_EMPTY = ("acting_for", "client", "client_kind", "before", "after")


def canonical_json(value: object) -> bytes:
    """Return the one byte form of a JSON value: sorted keys, no white space, UTF-8 (in the spirit of RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def event_document(event: AuditEvent) -> dict[str, Any]:
    """Return an event as JSON has it."""
    document = event.model_dump(mode="json")
    return {name: value for name, value in document.items() if value or name not in _LEFT_OUT_WHEN_EMPTY}


def canonical_bytes(event: AuditEvent) -> bytes:
    """Return the bytes of an event that the Merkle tree commits to."""
    return canonical_json(event_document(event))
