"""What passed today of what grants limit by the day, as planes tell; requests for certificates that wait."""

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
_REQUESTS = "certificate_requests"


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
    op.create_table(
        _REQUESTS,
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("csr", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), server_default="production", nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_certificate_requests")),
    )
    for table in (_TABLE, _REQUESTS):
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table(_REQUESTS)
    op.drop_table(_TABLE)
