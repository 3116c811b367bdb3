"""Host names of an organisation's own under which apps answer."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "app_domains",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("bound_by", sa.String(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "host", name=op.f("pk_app_domains")),
    )
    op.create_index("ix_app_domains_app", "app_domains", ["tenant", "app"])
    for statement in protect_statements("app_domains"):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_table("app_domains")
