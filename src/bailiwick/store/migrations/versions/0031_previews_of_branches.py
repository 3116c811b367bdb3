"""Previews of branches beside main's, and which branch a push and a release are of."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")


def upgrade() -> None:
    """Apply."""
    for table in ("pushes", "releases", "current_releases"):
        op.add_column(table, sa.Column("branch", sa.String(), server_default="", nullable=False))
    op.drop_constraint("pk_current_releases", "current_releases", type_="primary")
    op.create_primary_key("pk_current_releases", "current_releases", ["tenant", "app", "mode", "branch"])
    op.create_table(
        "branch_previews",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("pushed_by", sa.String(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "branch", name=op.f("pk_branch_previews")),
        sa.UniqueConstraint("tenant", "app", "label", name="uq_branch_previews_label"),
    )
    op.create_index("ix_branch_previews_ends", "branch_previews", ["tenant", "state", "ends_at"])
    for statement in protect_statements("branch_previews"):
        op.execute(statement)


def downgrade() -> None:
    """Take back. What is served of branches goes with them, and what only a branch took is no part of main."""
    op.drop_table("branch_previews")
    op.execute("UPDATE pushes SET accepted = false WHERE branch <> ''")
    op.execute("DELETE FROM current_releases WHERE branch <> ''")
    op.drop_constraint("pk_current_releases", "current_releases", type_="primary")
    op.create_primary_key("pk_current_releases", "current_releases", ["tenant", "app", "mode"])
    for table in ("current_releases", "releases", "pushes"):
        op.drop_column(table, "branch")
