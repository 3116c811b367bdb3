"""Identities that are no people, as one list shows them, and what is remarkable about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What an identity is."""

    SERVICE = "service"
    AGENT = "agent"
    APP = "app"
    DIRECTORY = "directory"
    PLANE = "plane"
    INTEGRATION = "integration"
    ACCOUNT = "account"


class Flag(StrEnum):
    """What somebody should look at."""

    UNUSED = "unused"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    DISABLED = "disabled"
    OWNERLESS = "ownerless"
    UNDOCUMENTED = "undocumented"
    STATIC_KEY = "static-key"


@dataclass(frozen=True, slots=True)
class Entry:
    """One identity. `name` is its own in the list; `principal` is how the audit log names it, where it acts here.

    `scope` says in words what it may do and where; `how` how it proves itself. `expires` is None for what lives as long
    as what it belongs to. `owned` is whether anybody answers for it; `documented` whether anybody said here what it is
    for; `static_key` whether it shows a key that does not change.
    """

    name: str
    kind: Kind
    owner: str
    purpose: str
    scope: tuple[str, ...]
    how: str
    made: datetime | None
    expires: datetime | None
    last_used: datetime | None
    owned: bool = True
    enabled: bool = True
    documented: bool = True
    static_key: bool = False
    principal: str = ""
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the list is wanted, and from when on something counts as unused or as expiring."""

    kind: Kind | None = None
    flag: Flag | None = None
    unused_for: timedelta = timedelta(days=90)
    expiring_within: timedelta = timedelta(days=30)

    def flags(self, entry: Entry, now: datetime) -> tuple[Flag, ...]:
        """Return what is remarkable about an identity at a moment. One made lately is not unused yet."""
        since = entry.last_used or entry.made
        left = entry.expires - now if entry.expires is not None else None
        found = {
            Flag.UNUSED: since is None or now - since >= self.unused_for,
            Flag.EXPIRING: left is not None and timedelta(0) < left <= self.expiring_within,
            Flag.EXPIRED: left is not None and left <= timedelta(0),
            Flag.DISABLED: not entry.enabled,
            Flag.OWNERLESS: not entry.owned,
            Flag.UNDOCUMENTED: not entry.documented,
            Flag.STATIC_KEY: entry.static_key,
        }
        return tuple(flag for flag, is_so in found.items() if is_so)

    def wants(self, entry: Entry) -> bool:
        """Return whether an identity, flags and all, is wanted."""
        return self.kind in {None, entry.kind} and (self.flag is None or self.flag in entry.flags)
