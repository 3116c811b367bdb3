"""For which planes each secret is, which store has its values, and which folder an integration belongs to."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply. What is in the vault already gets its environment at the next start, where settings tell of planes."""
    op.create_table(
        "vault_entries",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.String(), server_default="", nullable=False)
            for name in ("store", "path", "field", "pinned", "store_version", "linked_by", "fault")
        ),
        sa.Column("leased", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_vault_entries")),
    )
    for statement in protect_statements("vault_entries"):
        op.execute(statement)
    op.create_table(
        "secret_leases",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "name", "store", "role", "lease", "account")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("made_at", "renew_at", "ends_at")),
        sa.Column("revoke_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_secret_leases")),
    )
    for statement in protect_statements("secret_leases"):
        op.execute(statement)
    op.add_column("integrations", sa.Column("folder", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("integrations", "folder")
    op.drop_table("secret_leases")
    op.drop_table("vault_entries")
