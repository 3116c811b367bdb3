"""Stops of more than an app, and those that another person must lift."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_kills_app", "kills")
    op.alter_column("kills", "app", new_column_name="subject")
    op.add_column("kills", sa.Column("kind", sa.String(), server_default="app", nullable=False))
    op.add_column("kills", sa.Column("apps", JSONB(), server_default="[]", nullable=False))
    op.add_column("kills", sa.Column("security", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("kills", sa.Column("drain_seconds", sa.Integer(), server_default="0", nullable=False))
    op.add_column("kills", sa.Column("rule", sa.String(), server_default="", nullable=False))
    op.add_column("kills", sa.Column("attempt", sa.Integer(), server_default="0", nullable=False))
    op.add_column("kills", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("kills", sa.Column("trial_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_kills_subject", "kills", ["tenant", "kind", "subject", "time"])
    standing = sa.text("revived_at IS NULL")
    op.create_index("ix_kills_standing", "kills", ["tenant", "time"], postgresql_where=standing)


def downgrade() -> None:
    """Take back; stops of more than an app are not known there."""
    op.execute("DELETE FROM kills WHERE kind <> 'app'")
    op.drop_index("ix_kills_standing", "kills")
    op.drop_index("ix_kills_subject", "kills")
    for column in ("trial_since", "retry_at", "attempt", "rule", "drain_seconds", "security", "apps", "kind"):
        op.drop_column("kills", column)
    op.alter_column("kills", "subject", new_column_name="app")
    op.create_index("ix_kills_app", "kills", ["tenant", "app", "time"])
