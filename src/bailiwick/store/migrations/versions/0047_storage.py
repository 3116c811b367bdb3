"""How full apps' storage is."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "app_storage",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("app", "mode", "branch")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("used_bytes", "size_bytes")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("files", "most_files")),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "mode", "branch", name=op.f("pk_app_storage")),
    )
    for statement in protect_statements("app_storage"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("app_storage")
