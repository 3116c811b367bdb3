"""When the tenant's keys were made, wrapped and destroyed, and who asked to destroy them."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")
_TIMES = ("made_at", "wrapped_at", "destroyed_at")


def upgrade() -> None:
    """Apply."""
    for name in _TIMES:
        op.add_column("vault_keys", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "key_shreddings",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "asked_by", "reason")),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_key_shreddings")),
    )
    for statement in protect_statements("key_shreddings"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("key_shreddings")
    for name in _TIMES:
        op.drop_column("vault_keys", name)
