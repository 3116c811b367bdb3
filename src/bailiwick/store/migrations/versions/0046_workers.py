"""How workers of apps and their queues stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "worker_states",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("app", "mode", "branch", "worker", "release", "status", "words")
        ),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("waiting", "taken", "dead")),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("letters", "log_lines")),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "mode", "branch", "worker", name=op.f("pk_worker_states")),
    )
    for statement in protect_statements("worker_states"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("worker_states")
