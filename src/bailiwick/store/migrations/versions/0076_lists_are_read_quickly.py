"""Indexes by which lists of apps are read in order, and releases are led back to their deploys."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_apps_listed", "apps", [sa.text('(path COLLATE "C")')])
    op.create_index("ix_deploys_release", "deploys", ["tenant", "release"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_deploys_release", table_name="deploys")
    op.drop_index("ix_apps_listed", table_name="apps")
