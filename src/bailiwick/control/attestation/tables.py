"""Where the last attestation of each instance is kept, and the keys that planes attest with."""

from datetime import datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class PlaneKeyRow(Base):
    """The key that a plane attests with, as it was first seen."""

    __tablename__ = "plane_signing_keys"
    __table_args__ = (PrimaryKeyConstraint("tenant", "plane"),)

    plane: Mapped[str]
    public: Mapped[str]
    since: Mapped[datetime]


class AttestationRow(Base):
    """The last word of a plane on an app in a mode. `changed` is what of the platform was another the time before."""

    __tablename__ = "attestations"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "plane"),)

    app: Mapped[str]
    mode: Mapped[str]
    plane: Mapped[str]
    release: Mapped[str]
    time: Mapped[datetime]
    differs: Mapped[list[str]]
    changed: Mapped[dict[str, Any]]
    envelope: Mapped[dict[str, Any]]
