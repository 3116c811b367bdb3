"""Workers that somebody holds."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0049"
down_revision = "0047"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "worker_pauses",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("app", "mode", "worker", "paused_by")),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "mode", "worker", name=op.f("pk_worker_pauses")),
    )
    for statement in protect_statements("worker_pauses"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("worker_pauses")
