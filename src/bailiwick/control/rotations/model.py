"""How a secret is rotated, and how a rotation goes, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bailiwick.control.rotations.sources import AnySource
from bailiwick.control.vault import Environment, Lies


class Cause(StrEnum):
    """Why a secret is rotated."""

    ASKED = "asked"
    SCHEDULE = "schedule"
    LEAK = "leak"


class State(StrEnum):
    """Where a rotation stands.

    `asked`: nothing was done yet. `staged`: the new value is sealed in the vault, and may be in force at the source.
    `tested`: it is, and somebody signed in with it. `switched`: planes get the new one, the old one still works.
    `done`: the old one does not work any more. `failed`: the old one is in force. `by-hand`: a person must do it.
    """

    ASKED = "asked"
    STAGED = "staged"
    TESTED = "tested"
    SWITCHED = "switched"
    DONE = "done"
    FAILED = "failed"
    BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose a secret is, where a new value is made, how often, and how long the old one works on beside it.

    `due_at` is when the value in force comes near its end, None where it has none.
    """

    owner: str
    source: AnySource | None
    every_hours: int
    grace_minutes: int
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened in a rotation, in words that hold no value."""

    time: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """One rotation, with what happened in it. `error` says what is wrong just now, or why it failed."""

    id: str
    name: str
    cause: Cause
    asked_by: str
    reason: str
    state: State
    old_version: int
    new_version: int
    account: str
    attempts: int
    error: str
    steps: tuple[Step, ...]
    asked_at: datetime
    switched_at: datetime | None
    revoke_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecretView:
    """What may be shown of a secret: never its value.

    `folder` is empty for one of the organisation, `lies` None where the vault itself has it, `next_rotation` None where
    none is planned.
    """

    name: str
    folder: str
    environment: Environment
    lies: Lies | None
    version: int
    account: str
    created_by: str
    created_at: datetime
    rule: Rule | None
    next_rotation: datetime | None
    going: Rotation | None
    last: Rotation | None
