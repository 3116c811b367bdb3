"""Where an LDAP directory is, what is read there, and what was read, as plain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Search:
    """What is read: everything below `bases` (distinguished names) that fits `filter` (RFC 4515)."""

    bases: tuple[str, ...]
    filter: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which attributes say what; of several the first that an entry has counts, all of `member` do.

    `id` never changes, whatever is renamed. `login` is what `memberUid` names. `facts` are our names of a person's
    attributes (`department`, `region`, …) with the directory's.
    """

    id: str
    email: tuple[str, ...]
    name: tuple[str, ...]
    login: tuple[str, ...]
    group: tuple[str, ...]
    member: tuple[str, ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Brake:
    """When a reading stops and asks: it would switch off more than `percent` of all, and more than `least`."""

    percent: int = 20
    least: int = 10

    def holds(self, off: int, of: int) -> bool:
        """Return whether switching off so many of so many is too much to do unasked."""
        return off > self.least and off * 100 > of * self.percent


@dataclass(frozen=True, slots=True)
class LdapSource:
    """A directory that is read. `password` is asked each time, so that it can be changed without a restart."""

    name: str
    host: str
    port: int
    security: Literal["tls", "start-tls", "loopback"]
    ca_file: Path | None
    bind_dn: str
    password: Callable[[], str] = field(repr=False)
    people: Search
    groups: Search
    attributes: Attributes
    page_size: int
    timeout_seconds: float
    interval_seconds: float
    domains: frozenset[str]
    brake: Brake


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it was read; names of attributes are lower case, without options."""

    dn: str
    values: Mapping[str, tuple[bytes, ...]]

    def texts(self, attribute: str) -> list[str]:
        """Return the values that can be read as text and kept: no NUL, which PostgreSQL does not take."""
        found = []
        for value in self.values.get(attribute.lower(), ()):
            try:
                text = value.decode().strip()
            except UnicodeDecodeError:
                continue
            if text and "\0" not in text:
                found.append(text)
        return found

    def first(self, *attributes: str) -> str:
        """Return the first value of the first of these attributes that has one, or nothing."""
        return next((texts[0] for name in attributes if (texts := self.texts(name))), "")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was read at once; `referrals` counts places that the directory pointed to and that were not read."""

    people: tuple[Entry, ...]
    groups: tuple[Entry, ...]
    referrals: int
