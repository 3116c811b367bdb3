"""Versions of the installation's settings, and what drifted from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "settings_versions",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("envelope", postgresql.JSONB(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sequence", name=op.f("pk_settings_versions")),
    )
    op.create_table(
        "settings_drifts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("found", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_settings_drifts")),
    )
    for statement in protect_statements("settings_versions", append_only=True):
        op.execute(statement)
    for statement in protect_statements("settings_drifts"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("settings_drifts")
    op.drop_table("settings_versions")
