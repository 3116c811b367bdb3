"""Whose word counts about releases, and which releases are refused whoever signed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from bailiwick.control.upgrades.errors import ReleaseRefusedError
from bailiwick.control.upgrades.model import (
    CHANNEL_FORMAT,
    CHANNEL_TYPE,
    RELEASE_FORMAT,
    RELEASE_TYPE,
    Channel,
    Release,
    parts_of,
)
from bailiwick.core.statements import Keyring, SignatureError, open_by_several, read_envelope

_Said = TypeVar("_Said", Release, Channel)


@dataclass(frozen=True, slots=True)
class Trust:
    """The release keys that were pinned, and how many of them must have signed."""

    keys: Sequence[str]
    threshold: int

    def release(self, sealed: bytes) -> Release:
        """Return a release when enough keys signed it; raise `ReleaseRefusedError` otherwise."""
        return self._open(sealed, Release, RELEASE_TYPE, RELEASE_FORMAT)

    def channel(self, sealed: bytes) -> Channel:
        """Return a channel when enough keys signed it; raise `ReleaseRefusedError` otherwise."""
        return self._open(sealed, Channel, CHANNEL_TYPE, CHANNEL_FORMAT)

    def _open(self, sealed: bytes, kind: type[_Said], payload_type: str, known: str) -> _Said:
        try:
            payload = open_by_several(read_envelope(sealed), Keyring.of(self.keys), self.threshold, payload_type)
        except SignatureError as fault:
            raise ReleaseRefusedError(
                f"it is not genuine: {fault.message}", hint="upgrades.keys in the settings are the keys that count"
            ) from None
        try:
            said = kind.model_validate_json(payload)
        except ValidationError:
            raise ReleaseRefusedError("what the release keys signed cannot be read by this version") from None
        if said.format != known:
            raise ReleaseRefusedError(f"its format is {said.format[:40]!r}, and this version reads {known}")
        return said


def require_current(expires: datetime, now: datetime) -> None:
    """Return while a word of the release keys counts; raise `ReleaseRefusedError` when that is over.

    Whoever keeps newer releases from us could show old ones for ever otherwise.
    """
    if now >= expires:
        raise ReleaseRefusedError(
            f"it counted until {expires:%Y-%m-%d %H:%M} UTC, and now it is {now:%Y-%m-%d %H:%M}",
            hint="take a newer one; is this host's clock right?",
        )


def require_newer(release: Release, installed: str) -> None:
    """Return when a release follows what is installed; raise `ReleaseRefusedError` when it is the same or older."""
    if parts_of(release.version) <= parts_of(installed):
        raise ReleaseRefusedError(
            f"{release.version} is not newer than {installed}, which is installed",
            hint="an older version may have holes that are known; after an upgrade: bailiwick upgrade back",
        )
    if parts_of(installed) < parts_of(release.from_version):
        raise ReleaseRefusedError(
            f"{release.version} is taken from {release.from_version} on, and {installed} is installed",
            hint=f"upgrade to {release.from_version} first",
        )
