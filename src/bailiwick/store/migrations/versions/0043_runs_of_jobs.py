"""When runs of jobs fell due, which attempt they are at, and what is to be said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("job_runs", sa.Column("due", sa.DateTime(timezone=True), nullable=True))
    op.add_column("job_runs", sa.Column("attempt", sa.Integer(), server_default="1", nullable=False))
    op.add_column("job_runs", sa.Column("words", sa.String(), server_default="", nullable=False))
    op.add_column("job_runs", sa.Column("asked_by", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    for name in ("asked_by", "words", "attempt", "due"):
        op.drop_column("job_runs", name)
