"""What passed today of what grants limit by the day, as planes tell."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLE = "day_uses"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _TABLE,
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "integration", "plane", name=op.f("pk_day_uses")),
    )
    for statement in protect_statements(_TABLE):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table(_TABLE)
