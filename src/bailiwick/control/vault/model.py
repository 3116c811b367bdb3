"""Secrets as plain values: where each belongs, for which planes it is, and a version with its value."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.policy import ORGANIZATION

# What the addresses of the API put after a secret's name.
_TAKEN = frozenset({"rotation", "rotations", "reveals", "link"})
_NAME = re.compile(r"([a-z][a-z0-9-]{0,38}/){0,6}[a-z][a-z0-9-]{0,62}")


class Environment(StrEnum):
    """For which planes a secret is; that of a plane itself is one of the first two."""

    PRODUCTION = "production"
    NON_PRODUCTION = "non-production"
    BOTH = "both"

    @classmethod
    def of_plane(cls, kind: str) -> "Environment":
        """Return the environment of a plane of a kind: what is no editor counts as production."""
        return cls.NON_PRODUCTION if kind == "editor" else cls.PRODUCTION

    def fits(self, plane: "Environment") -> bool:
        """Return whether a secret of this environment may be used by a plane of that one."""
        return self in {Environment.BOTH, plane}


@dataclass(frozen=True, slots=True)
class Lies:
    """Where a secret lies that is not in the vault itself: the version is as the store calls it, `pinned` when it is
    always that one; `fault` says why it could not be read the last time.
    """

    store: str
    spot: str
    version: str
    pinned: bool
    fault: str


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """What may be shown of a secret; `lies` is None where the vault itself has it."""

    name: str
    version: int
    created_by: str
    created_at: datetime
    account: str = ""
    environment: Environment = Environment.PRODUCTION
    lies: Lies | None = None

    @property
    def folder(self) -> str:
        """The folder that it belongs to, empty for the organisation."""
        return folder_of(self.name)


@dataclass(frozen=True, slots=True)
class Held:
    """A version of a secret with its value; `account` is who signs in with it, empty where its user says so."""

    version: int
    account: str
    value: str = field(repr=False)


def folder_of(name: str) -> str:
    """Return the folder that a secret of this name belongs to, empty for the organisation."""
    return name.rpartition("/")[0]


def place_of(name: str) -> str:
    """Return the resource whose roles count for a secret of this name: its folder, or the organisation."""
    folder = folder_of(name)
    return f"folder:{folder}" if folder else ORGANIZATION


def is_within(folder: str, above: str) -> bool:
    """Return whether a folder is another one or below it; the organisation, an empty text, is above all."""
    return not above or folder == above or folder.startswith(f"{above}/")


def require_name(name: str) -> None:
    """Return when a secret can have this name; raise `InvalidInputError` otherwise."""
    if not _NAME.fullmatch(name) or (folder_of(name) and name.rpartition("/")[2] in _TAKEN):
        raise InvalidInputError(
            f"'{name[:80]}' cannot name a secret",
            hint="use a-z, 0-9 and -, beginning with a letter, 63 characters at most; in a folder: finance/crm-key, "
            f"and not {', '.join(sorted(_TAKEN))}",
        )
