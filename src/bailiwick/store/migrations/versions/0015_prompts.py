"""Every commit of a push, with the agent, model and prompts that it names."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")


def upgrade() -> None:
    """Apply."""
    op.add_column("pushes", sa.Column("model", sa.String(), server_default="", nullable=False))
    op.add_column("pushes", sa.Column("door", sa.String(), server_default="git", nullable=False))
    op.create_table(
        "commits",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("push", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_author", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("prompts", postgresql.JSONB(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "commit", name=op.f("pk_commits")),
    )
    op.create_index("ix_commits_push", "commits", ["tenant", "push", "place"])
    for statement in protect_statements("commits"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("commits")
    op.drop_column("pushes", "door")
    op.drop_column("pushes", "model")
