"""Who answers for an item of an access review besides administrators."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    column = sa.Column("answers", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("access_review_items", column)
    op.alter_column("access_review_items", "answers", server_default=None)
    op.create_index("ix_access_review_items_kind", "access_review_items", ["tenant", "campaign", "kind"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_access_review_items_kind", "access_review_items")
    op.drop_column("access_review_items", "answers")
