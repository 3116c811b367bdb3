"""Deploys that are emergencies, and who looked at them later."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.add_column("deploys", sa.Column("emergency", sa.String(), server_default="", nullable=False))
    op.create_table(
        "emergencies",
        sa.Column("deploy", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("approvers", JSONB(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_overdue", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reviewed_by", sa.String(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_reason", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "deploy", name=op.f("pk_emergencies")),
    )
    for statement in protect_statements("emergencies"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("emergencies")
    op.drop_column("deploys", "emergency")
