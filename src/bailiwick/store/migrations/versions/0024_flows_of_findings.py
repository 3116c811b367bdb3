"""The way that a value takes to a finding, by a digest, so that a waiver covers that way only."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table in ("findings", "waivers"):
        op.add_column(table, sa.Column("flow", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    for table in ("waivers", "findings"):
        op.drop_column(table, "flow")
