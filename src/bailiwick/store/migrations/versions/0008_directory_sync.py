"""Directories that are read over LDAP: their runs and problems, identifiers of their own, and who answers for an app."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("directory_runs", "directory_problems")


def upgrade() -> None:
    """Apply."""
    op.add_column("directory_resources", sa.Column("external_id", sa.String(), nullable=True))
    op.execute("UPDATE directory_resources SET external_id = comparable ->> 'externalId'")
    op.create_index(
        "ix_directory_resources_external", "directory_resources", ["tenant", "directory", "kind", "external_id"]
    )
    op.add_column("apps", sa.Column("owner", sa.String(), nullable=True))
    op.execute("UPDATE apps SET owner = created_by")
    op.alter_column("apps", "owner", nullable=False)
    op.create_index("ix_apps_owner", "apps", ["tenant", "owner"])
    op.create_table(
        "directory_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_directory_runs")),
    )
    op.create_index("ix_directory_runs_newest", "directory_runs", ["tenant", "directory", "id"])
    op.create_table(
        "directory_problems",
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "directory", "key", name=op.f("pk_directory_problems")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_apps_owner", "apps")
    op.drop_column("apps", "owner")
    op.drop_index("ix_directory_resources_external", "directory_resources")
    op.drop_column("directory_resources", "external_id")
