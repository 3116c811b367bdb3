"""Metrics that apps send, summed up by the minute and the hour."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLE = "app_metrics"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _TABLE,
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "app", "mode", "seconds", "name", "labels", "start", name=op.f("pk_app_metrics")
        ),
    )
    op.create_index("ix_app_metrics_start", _TABLE, ["tenant", "seconds", "start"])
    for statement in protect_statements(_TABLE):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table(_TABLE)
