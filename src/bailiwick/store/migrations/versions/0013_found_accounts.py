"""Accounts that data planes found in connected systems."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "found_accounts",
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("superuser", sa.Boolean(), nullable=False),
        sa.Column("member_of", postgresql.JSONB(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "integration", "plane", "name", name=op.f("pk_found_accounts")),
    )
    for statement in protect_statements("found_accounts"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("found_accounts")
