"""Who was told that a budget of models is nearly used, or stops calls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLE = "budget_notices"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("budget", sa.String(), nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("people", postgresql.JSONB(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_notices")),
    )
    op.create_index("ix_budget_notices_one", _TABLE, ["tenant", "budget", "of", "period", "level"], unique=True)
    op.create_index("ix_budget_notices_period", _TABLE, ["tenant", "period"])
    for statement in protect_statements(_TABLE):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table(_TABLE)
