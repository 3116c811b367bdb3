"""What a directory tells of people and groups, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from unicodedata import normalize

from bailiwick.core.principals import Identity

Json = Mapping[str, Any]


def fold(text: str) -> str:
    """Return a string in the form that comparisons use: NFC, and lower case (RFC 7643, section 2.2)."""
    return normalize("NFC", normalize("NFC", text).lower())


class Kind(StrEnum):
    """What a directory describes; the names are those of SCIM's resource types (RFC 7643, section 4)."""

    USER = "User"
    GROUP = "Group"


@dataclass(frozen=True, slots=True)
class DirectoryClient:
    """A directory that showed its token; `token_id` is empty for one that settings tell us to read."""

    directory: str
    identity: Identity
    token_id: str


@dataclass(frozen=True, slots=True)
class DirectoryToken:
    """A directory's token as administrators see it: everything but the secret."""

    id: str
    directory: str
    owner: str
    purpose: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class NewDirectoryToken:
    """A directory's token that was just made; the secret is shown once."""

    secret: str = field(repr=False)
    token: DirectoryToken


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource as it should be. `comparable` is `document` with its strings in the form that is compared.

    `name` is the user name or the display name; `email`, `display_name`, `active` and `attributes` are what a user
    means for the person; `members` are the identifiers of a group's members.
    """

    kind: Kind
    name: str
    unique_name: str
    document: Json
    comparable: Json
    email: str | None = None
    display_name: str = ""
    active: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict)
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """The other end of a membership: a group's member, or a user's group."""

    id: str
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A resource as it is kept. `links` are a group's members or a user's groups, None when they were not asked for."""

    id: str
    kind: Kind
    document: Json
    version: int
    created: datetime
    modified: datetime
    links: tuple[Link, ...] | None
