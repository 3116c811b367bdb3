"""What a release and a channel say of themselves, and how far an upgrade has come."""

import re
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

RELEASE_FORMAT, RELEASE_TYPE = "bailiwick-release/1", "application/vnd.bailiwick.release+json"
CHANNEL_FORMAT, CHANNEL_TYPE = "bailiwick-channel/1", "application/vnd.bailiwick.channel+json"
RELEASE_FILE, CHANNEL_FILE, WHEELS = "release.json", "channel.json", "wheels/"
_VERSION = r"^[0-9]{1,6}(\.[0-9]{1,6}){1,3}$"
_FILE = r"^[A-Za-z0-9][A-Za-z0-9._+!-]{0,200}$"
_SHA256 = r"^[0-9a-f]{64}$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Part):
    """A file by name, size in bytes and SHA-256."""

    name: str = Field(pattern=_FILE)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)


class Change(_Part):
    """Something new: what it is called, and a sentence about it."""

    name: str
    says: str = ""


class Release(_Part):
    """A version of Bailiwick, in words that its release keys signed.

    `requirements` are all packages that it runs with, by name and version; `wheels` are those that come along, and the
    others must be here already. `settings` are keys that are new, `telemetry` fields that could be switched on: they
    are off. It is taken until `expires`, from installations of `from_version` or later.
    """

    format: str
    version: str = Field(pattern=_VERSION)
    made: datetime
    expires: datetime
    from_version: str = Field(default="0.0", pattern=_VERSION)
    requirements: dict[str, str]
    wheels: tuple[File, ...]
    migrations: tuple[Change, ...] = ()
    settings: tuple[Change, ...] = ()
    telemetry: tuple[Change, ...] = ()
    checks: tuple[Change, ...] = ()
    notes: str = ""


class Offer(File):
    """A bundle in a channel."""

    version: str = Field(pattern=_VERSION)


class Channel(_Part):
    """What a channel offers. `sequence` never falls, so that nobody can show an older one; it ends at `expires`."""

    format: str
    sequence: int = Field(ge=0)
    expires: datetime
    releases: tuple[Offer, ...]


class Step(StrEnum):
    """How far an upgrade is. Until SAVED nothing was changed; from CHANGING on it goes to its end, or back."""

    STAGED = "staged"
    INSTALLED = "installed"
    SAVED = "saved"
    CHANGING = "changing"
    GOING_BACK = "going-back"
    DONE = "done"
    ABANDONED = "abandoned"
    WENT_BACK = "went-back"

    @property
    def is_final(self) -> bool:
        """Whether nothing is to be done any more."""
        return self in {Step.DONE, Step.ABANDONED, Step.WENT_BACK}


class Journal(_Part):
    """One upgrade: between which versions and environments, by whom, since when, how far, and what went wrong."""

    version: str
    from_version: str
    from_environment: str
    from_schema: str
    by: str
    began: datetime
    step: Step
    problem: str = ""


def parts_of(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare; raise `ValueError` for one that is none."""
    if not re.fullmatch(_VERSION, version):
        raise ValueError(f"{version[:40]!r} is no version")
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))
