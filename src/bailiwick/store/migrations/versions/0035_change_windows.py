"""Change windows with their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "change_windows",
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("days", JSONB(), nullable=False),
        sa.Column("opens", sa.String(), nullable=False),
        sa.Column("closes", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("closed", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "folder", "version", name=op.f("pk_change_windows")),
    )
    op.create_index(
        "uq_change_windows_in_force",
        "change_windows",
        ["tenant", "folder"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for statement in protect_statements("change_windows"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("change_windows")
