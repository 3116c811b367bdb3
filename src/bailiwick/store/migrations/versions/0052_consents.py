"""What people consent to, attempts at that, and at which epoch all that somebody held was last ended for good."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.add_column("people", sa.Column("cut", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "consents",
        *(_text(name) for name in ("id", "integration", "plane", "person")),
        sa.Column("epoch", sa.Integer(), nullable=False),
        _text("fingerprint"),
        sa.Column("scopes", JSONB(), nullable=False),
        _text("account"),
        _time("connected_at"),
        _time("token_ends"),
        sa.Column("renewed_by_itself", sa.Boolean(), nullable=False),
        _time("refreshed_at", nullable=True),
        _time("lapsed_at", nullable=True),
        sa.Column("lapsed_because", sa.String(), server_default="", nullable=False),
        _time("ended_at", nullable=True),
        sa.Column("busy_by", sa.String(), server_default="", nullable=False),
        _time("busy_until", nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_consents")),
    )
    op.create_index(
        "ix_consents_live",
        "consents",
        ["tenant", "integration", "plane", "person"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "consent_attempts",
        *(_text(name) for name in ("state_hash", "integration", "plane", "person", "session_id", "verifier")),
        _text("fingerprint"),
        _time("expires"),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_consent_attempts")),
    )
    for table in ("consents", "consent_attempts"):
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("consent_attempts")
    op.drop_table("consents")
    op.drop_column("people", "cut")


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
