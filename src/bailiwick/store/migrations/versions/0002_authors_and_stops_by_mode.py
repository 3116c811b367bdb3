"""Tenants come from the transaction; releases name all their authors; stops are by mode; answers are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OF_TENANTS = """
    app_statuses apps audit_checkpoints audit_events audit_trees browser_sessions current_releases deploys findings
    folders integrations job_runs kill_evidence kills one_time_codes people plane_spools pushes releases
    request_rollups reviews role_assignments sign_ins tokens vault_keys vault_secrets
""".split()
_WITH_AUTHORS = ("deploys", "releases")
_TENANT_OF_TRANSACTION = sa.text("current_setting('bailiwick.tenant')")


def upgrade() -> None:
    """Apply."""
    for table in _OF_TENANTS:
        op.alter_column(table, "tenant", server_default=_TENANT_OF_TRANSACTION)
    for table in _WITH_AUTHORS:
        op.add_column(table, sa.Column("authors", postgresql.JSONB()))
        op.execute(f"UPDATE {table} SET authors = jsonb_build_array(author)")  # noqa: S608
        op.alter_column(table, "authors", nullable=False)
        op.drop_column(table, "author")
    op.add_column("kills", sa.Column("mode", sa.String(), nullable=False, server_default=""))
    op.alter_column("kills", "mode", server_default=None)
    op.create_table(
        "kept_answers",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT_OF_TRANSACTION, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "principal", "key", name=op.f("pk_kept_answers")),
    )
    for statement in protect_statements("kept_answers"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("kept_answers")
    op.drop_column("kills", "mode")
    for table in _WITH_AUTHORS:
        op.add_column(table, sa.Column("author", sa.String()))
        op.execute(f"UPDATE {table} SET author = authors ->> 0")  # noqa: S608
        op.alter_column(table, "author", nullable=False)
        op.drop_column(table, "authors")
    for table in _OF_TENANTS:
        op.alter_column(table, "tenant", server_default="default")
