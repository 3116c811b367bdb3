"""Apps' own databases as planes tell of them, rehearsals of migrations, and rollbacks that may lose data."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("app_databases", "rehearsals")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "app_databases",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("migrations", postgresql.JSONB(), nullable=False),
        sa.Column("snapshots", postgresql.JSONB(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "mode", name=op.f("pk_app_databases")),
    )
    op.create_table(
        "rehearsals",
        sa.Column("deploy", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("migrations", postgresql.JSONB(), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("statement", postgresql.JSONB(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "deploy", name=op.f("pk_rehearsals")),
    )
    op.create_index("ix_rehearsals_state", "rehearsals", ["tenant", "state"])
    op.add_column("current_releases", sa.Column("accept_loss", sa.Boolean(), server_default="false", nullable=False))
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_column("current_releases", "accept_loss")
    for table in reversed(_TABLES):
        op.drop_table(table)
