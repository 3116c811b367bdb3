"""Advisories as they are kept: what is affected, how bad it is, and where the database came from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bailiwick.core.errors import BailiwickError

Level = Literal["low", "medium", "high", "critical"]


class AdvisoriesError(BailiwickError):
    """An advisory database, or what should become one, cannot be used."""

    code = "advisories.unusable"


class NoExportError(AdvisoriesError):
    """What somebody gave to be imported is no export of advisories; nothing was done."""

    code = "advisories.no-export"
    status = 400


@dataclass(frozen=True, slots=True)
class Range:
    """A range of versions of an OSV record: its type and its events as pairs of what and version, in their order."""

    type: str
    events: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """What an OSV record says of one package. `id` is the record's, `aliases` are its names elsewhere."""

    id: str
    ecosystem: str
    name: str
    aliases: tuple[str, ...]
    summary: str
    level: Level
    malicious: bool
    ranges: tuple[Range, ...]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """An ecosystem of the database: how many advisories there are, the newest of them, and when they were imported."""

    ecosystem: str
    advisories: int
    newest: datetime
    imported: datetime
    file: str
    sha256: str
