"""What came of attacking the planes' sandboxes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "plane_attacks",
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "plane", name=op.f("pk_plane_attacks")),
    )
    for statement in protect_statements("plane_attacks"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("plane_attacks")
