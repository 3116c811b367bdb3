"""What independent reviewers said of trees, and which models were asked, by size."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("model_calls", "review_readings")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "model_calls",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes_out", sa.Integer(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    op.create_index("ix_model_calls_route_time", "model_calls", ["tenant", "route", "time"])
    op.create_index("ix_model_calls_app_time", "model_calls", ["tenant", "app", "time"])
    op.create_table(
        "review_readings",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("lenses", postgresql.JSONB(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "tree", name=op.f("pk_review_readings")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
