"""What tables connected databases have, drafts of grants, and their previews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "system_looks",
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("look", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tables", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("left_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fault", sa.String(), server_default="", nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "integration", "plane", name=op.f("pk_system_looks")),
    )
    op.create_table(
        "grant_drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("reading", postgresql.JSONB(), nullable=False),
        sa.Column("rule", sa.String(), server_default="", nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_grant_drafts")),
    )
    op.create_index("ix_grant_drafts_integration", "grant_drafts", ["tenant", "integration", "id"])
    op.create_table(
        "grant_previews",
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("seen_as", sa.String(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("identifying", postgresql.JSONB(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", postgresql.JSONB(), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "draft", name=op.f("pk_grant_previews")),
    )
    for table in ("system_looks", "grant_drafts", "grant_previews"):
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in ("grant_previews", "grant_drafts", "system_looks"):
        op.drop_table(table)
