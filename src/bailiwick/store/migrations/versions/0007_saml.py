"""Answers of SAML providers wait for the browser that asked; sessions know what the provider calls their person."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NEW = (("sign_ins", "kept_for"), ("sign_ins", "kept"), ("browser_sessions", "provider_called"))


def upgrade() -> None:
    """Apply."""
    for table, column in _NEW:
        op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
        op.alter_column(table, column, server_default=None)
    op.add_column("browser_sessions", sa.Column("provider_ends", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("browser_sessions", "provider_ends")
    for table, column in _NEW:
        op.drop_column(table, column)
