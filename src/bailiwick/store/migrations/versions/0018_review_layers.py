"""Which of the engines that no push waits for have read a tree."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("reviews", sa.Column("slower", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("reviews", "slower")
