"""How much may go through each integration, who switched it off, what it was made of, and how near planes come to its limits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.add_column("integrations", sa.Column("limits", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("integrations", sa.Column("off", sa.String(), server_default="", nullable=False))
    op.add_column("integrations", sa.Column("connector", sa.String(), server_default="", nullable=False))
    op.create_table(
        "integration_pressure",
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "integration", "plane", name=op.f("pk_integration_pressure")),
    )
    for statement in protect_statements("integration_pressure"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("integration_pressure")
    op.drop_column("integrations", "connector")
    op.drop_column("integrations", "off")
    op.drop_column("integrations", "limits")
