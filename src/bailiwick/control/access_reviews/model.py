"""Access reviews as plain values: a campaign, what is decided in it, and the evidence that was frozen for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an item is about: a role that somebody holds, an integration that an app may use, or a service identity."""

    ROLE = "role"
    GRANT = "grant"
    SERVICE = "service"


class State(StrEnum):
    """Where a campaign stands. Closing is over for reviewers, while what they decided is still being done."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class OnDue(StrEnum):
    """What happens to items that nobody decided: they stay, go, or go where the role is a privileged one."""

    KEEP = "keep"
    REMOVE_PRIVILEGED = "remove-privileged"
    REMOVE = "remove"


class Verdict(StrEnum):
    """What a reviewer says of an item."""

    KEEP = "keep"
    REMOVE = "remove"


class Outcome(StrEnum):
    """What became of an item once the campaign was over."""

    KEPT = "kept"
    REMOVED = "removed"
    UNDECIDED = "undecided"
    GONE = "gone"
    CHANGED = "changed"
    PROBLEM = "problem"


class Flag(StrEnum):
    """Why an item deserves a second look."""

    NEVER_USED = "never-used"
    UNUSED_90_DAYS = "unused-90-days"
    SWITCHED_OFF = "switched-off"
    UNKNOWN_HOLDER = "unknown-holder"
    EMPTY_GROUP = "empty-group"
    PRIVILEGED = "privileged"
    ALSO_OTHERWISE = "also-otherwise"
    OWNERLESS = "ownerless"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign should be. No `reviewers` means the owners: who administers the folder of each item,
    and who answers for a service identity.

    `reviewers` are written names of people and groups; `scope` is `organization:default` or `folder:…`.
    """

    name: str
    scope: str
    due: datetime
    kinds: frozenset[Kind] = frozenset(Kind)
    reviewers: tuple[str, ...] = ()
    on_due: OnDue = OnDue.KEEP


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with how far it is: `items`, of which `decided` and, of those, `removing`."""

    id: str
    plan: Plan
    state: State
    created_by: str
    created_at: datetime
    opened_at: datetime | None
    closed_by: str
    closed_at: datetime | None
    reminded: tuple[str, ...]
    items: int = 0
    decided: int = 0
    removing: int = 0

    @property
    def resource(self) -> str:
        """The written name."""
        return f"access-review:{self.id}"

    @property
    def undecided(self) -> int:
        """How many items nobody decided yet."""
        return self.items - self.decided


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known of an access when the campaign was opened.

    `last_sign_in` is the holder's (the latest of its members' for a group), `last_used` the last allowed action under
    the scope, `uses` how many there were in 90 days, `members` how many active people are in a group (None for others);
    `also` are other ways to the same access; `details` say more of it in words.
    """

    given_by: str
    given_at: datetime
    last_sign_in: datetime | None = None
    last_used: datetime | None = None
    uses: int = 0
    members: int | None = None
    also: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept."""
        return {
            "given_by": self.given_by,
            "given_at": self.given_at.isoformat(),
            "last_sign_in": _written(self.last_sign_in),
            "last_used": _written(self.last_used),
            "uses": self.uses,
            "members": self.members,
            "also": list(self.also),
            "details": list(self.details),
            "flags": [flag.value for flag in self.flags],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Evidence":
        """Read the form that is kept."""
        return cls(
            given_by=kept["given_by"],
            given_at=datetime.fromisoformat(kept["given_at"]),
            last_sign_in=_read(kept["last_sign_in"]),
            last_used=_read(kept["last_used"]),
            uses=kept["uses"],
            members=kept["members"],
            also=tuple(kept["also"]),
            details=tuple(kept["details"]),
            flags=tuple(Flag(flag) for flag in kept["flags"]),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """An access as it stands: `holder` has `access` on `scope`; `own` are the names of those whose own it is.

    `answers` are the names of those who answer for it besides whoever administers the scope: a service's owner.
    """

    kind: Kind
    holder: str
    access: str
    scope: str
    privileged: bool
    own: frozenset[str]
    evidence: Evidence
    answers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """One access to decide about, by its number in the campaign, with what was decided and what became of it.

    `sequence` is the place of the decision in the audit log.
    """

    number: int
    held: Held
    verdict: Verdict | None
    reason: str
    decided_by: str
    decided_at: datetime | None
    sequence: int | None
    outcome: Outcome | None
    outcome_words: str


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items to show; empty fields do not matter. `decided` is "yes", "no", "keep", "remove" or empty."""

    flag: str = ""
    decided: str = ""
    holder: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """That a campaign waits for somebody: `items` that they may decide and nobody has."""

    campaign: Campaign
    items: int


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Items in order, and the cursor of what follows (empty at the end)."""

    items: tuple[Item, ...]
    cursor: str
    mine: frozenset[int] = field(default_factory=frozenset)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
