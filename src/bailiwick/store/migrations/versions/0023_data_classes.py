"""Which class of data the columns of integrations hold."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("integrations", sa.Column("data_classes", postgresql.JSONB(), server_default="{}", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("integrations", "data_classes")
