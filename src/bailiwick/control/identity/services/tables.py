"""Where service identities are kept: their public keys, whose tokens they trust, and what they were given."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


def _of_a_service(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant", "service"],
        ["service_identities.tenant", "service_identities.name"],
        ondelete="CASCADE",
        name=f"fk_{table}_service",
    )


class ServiceKeyRow(Base):
    """A public key of a service identity."""

    __tablename__ = "service_keys"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"), _of_a_service("service_keys"))

    id: Mapped[str]
    service: Mapped[str]
    jwk: Mapped[dict[str, Any]]
    added_by: Mapped[str]
    added: Mapped[datetime]
    last_used: Mapped[datetime | None]


class TrustRow(Base):
    """A token of which issuer, for which subject, stands for a service identity."""

    __tablename__ = "service_trusts"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_service_trusts_issuer", "tenant", "issuer"),
        _of_a_service("service_trusts"),
    )

    id: Mapped[str]
    service: Mapped[str]
    issuer: Mapped[str]
    audience: Mapped[str]
    subject: Mapped[str]
    subject_prefix: Mapped[bool]
    claims: Mapped[dict[str, Any]]
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    added_by: Mapped[str]
    added: Mapped[datetime]
    last_used: Mapped[datetime | None]


class MachineTokenRow(Base):
    """An access token of a service or an agent, for itself or for a person; only its hash is kept.

    It dies when the epoch of either rises, and with the family of the person's token that it came of; it remembers how
    the person had signed in.
    """

    __tablename__ = "machine_tokens"
    __table_args__ = (
        PrimaryKeyConstraint("secret_hash"),
        Index("ix_machine_tokens_service", "tenant", "service"),
        Index("ix_machine_tokens_expires", "tenant", "expires"),
        _of_a_service("machine_tokens"),
    )

    secret_hash: Mapped[str]
    service: Mapped[str]
    epoch: Mapped[int]
    person: Mapped[str | None]
    person_epoch: Mapped[int | None]
    family: Mapped[str | None] = mapped_column(ForeignKey("token_families.id", ondelete="CASCADE"))
    audience: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    authenticated: Mapped[datetime | None]
    second_factor: Mapped[bool]
