"""Capabilities opened for apps, and coding standards in versions."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("capabilities", "standard_versions")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "capabilities",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("capability", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_capabilities")),
    )
    op.create_index(
        "ix_capabilities_open",
        "capabilities",
        ["tenant", "app", "capability"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _standards()
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def _standards() -> None:
    op.create_table(
        "standard_versions",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_reason", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.String(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "version", name=op.f("pk_standard_versions")),
    )
    op.create_index(
        "ix_standard_versions_active",
        "standard_versions",
        ["tenant", "name"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
