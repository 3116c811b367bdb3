"""Versions of the settings of data planes, beside those of the control plane."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("settings_versions", sa.Column("plane", sa.String(), server_default="", nullable=False))
    op.drop_constraint("pk_settings_versions", "settings_versions")
    op.create_primary_key("pk_settings_versions", "settings_versions", ["tenant", "plane", "sequence"])


def downgrade() -> None:
    """Take back; what was recorded of planes is lost."""
    op.execute("DELETE FROM settings_versions WHERE plane <> ''")
    op.drop_constraint("pk_settings_versions", "settings_versions")
    op.create_primary_key("pk_settings_versions", "settings_versions", ["tenant", "sequence"])
    op.drop_column("settings_versions", "plane")
