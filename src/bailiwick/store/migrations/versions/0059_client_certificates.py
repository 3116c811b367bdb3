"""Certificates that other systems are shown, and when a value comes near its end."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.add_column("secret_rules", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "client_certificates",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("serial", "secret", "subject")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("issued_at", "ends_at")),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "serial", name=op.f("pk_client_certificates")),
    )
    for statement in protect_statements("client_certificates"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("client_certificates")
    op.drop_column("secret_rules", "due_at")
