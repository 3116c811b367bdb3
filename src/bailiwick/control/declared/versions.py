"""Versions of the settings: signed, each naming the one before, so that none can be changed or taken out unseen."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.declared.tables import SettingsVersionRow
from bailiwick.core.effective import Difference, differences
from bailiwick.core.statements import Envelope, Keyring, SignatureError, SigningKey, open_envelope, seal

PAYLOAD_TYPE = "application/vnd.bailiwick.settings+json"


class SettingsVersion(BaseModel):
    """What the settings came to: since when, started by whom, by which version of Bailiwick, from which file.

    `owner` and `changed` are of the file; `previous` is the SHA-256 of the version before as it was signed. `plane` is
    the data plane whose settings they are, empty for the control plane.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int
    time: datetime
    by: str
    product: str
    file: str
    owner: str
    changed: datetime | None
    settings: dict[str, str]
    previous: str
    plane: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All versions that verify, oldest first, and what is wrong with the first that does not."""

    versions: Sequence[SettingsVersion]
    problem: str
    newest_digest: str

    @property
    def newest(self) -> SettingsVersion | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    def changes(self, sequence: int) -> list[Difference]:
        """Return what a version changed; everything for the first."""
        before: Mapping[str, str] = self.versions[sequence - 2].settings if sequence > 1 else {}
        return differences(before, self.versions[sequence - 1].settings)


def read_history(session: Session, public_key: str, plane: str = "") -> History:
    """Return the versions of a plane (the control plane without a name), verified one after the other with the
    installation's public key for settings (base64).
    """
    ring = Keyring.of([public_key])
    found: list[SettingsVersion] = []
    digest, problem = "", ""
    own = select(SettingsVersionRow).where(SettingsVersionRow.plane == plane)
    for row in session.scalars(own.order_by(SettingsVersionRow.sequence)):
        try:
            payload = open_envelope(Envelope.model_validate(row.envelope), ring, PAYLOAD_TYPE)
            version = SettingsVersion.model_validate_json(payload)
        except (SignatureError, ValidationError):
            problem = f"version {row.sequence} is not what was signed"
            break
        if version.plane != plane:
            problem = f"version {row.sequence} is of another plane"
            break
        if (version.sequence, row.sequence, version.previous) != (len(found) + 1, len(found) + 1, digest):
            problem = f"version {len(found) + 1} is missing, or does not follow the one before"
            break
        found.append(version)
        digest = hashlib.sha256(payload).hexdigest()
    return History(found, problem, digest)


def append_version(session: Session, version: SettingsVersion, key: SigningKey) -> None:
    """Add a version, signed, in the caller's transaction."""
    envelope = seal(version.model_dump_json().encode(), key, PAYLOAD_TYPE)
    row = SettingsVersionRow(
        plane=version.plane,
        sequence=version.sequence,
        envelope=json.loads(envelope.model_dump_json(by_alias=True)),
    )
    session.add(row)
    session.flush()


def planes_recorded(session: Session) -> list[str]:
    """Return the planes that there are versions of, by name."""
    query = select(SettingsVersionRow.plane).where(SettingsVersionRow.plane != "").distinct()
    return sorted(session.scalars(query))
