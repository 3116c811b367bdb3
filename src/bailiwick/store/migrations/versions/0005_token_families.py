"""Families of tokens: what a program was let hold, its refresh tokens, and the codes of browsers and devices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("token_families", "refresh_tokens", "authorization_codes", "device_authorizations", "wrong_user_codes")
_WHERE_FROM = ("address", "browser")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "token_families",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("audiences", postgresql.JSONB(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authenticated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_families")),
    )
    op.create_index("ix_token_families_email", "token_families", ["tenant", "email"])
    op.create_table(
        "refresh_tokens",
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_refresh_tokens")),
        sa.ForeignKeyConstraint(
            ["family"], ["token_families.id"], name=op.f("fk_refresh_tokens_family"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_refresh_tokens_family", "refresh_tokens", ["family"])
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("audiences", postgresql.JSONB(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("authenticated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent", sa.DateTime(timezone=True), nullable=True),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_codes")),
    )
    op.create_table(
        "device_authorizations",
        sa.Column("device_hash", sa.String(), nullable=False),
        sa.Column("user_code_hash", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("audiences", postgresql.JSONB(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("wants_second_factor", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("polled", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("authenticated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("device_hash", name=op.f("pk_device_authorizations")),
        sa.UniqueConstraint("tenant", "user_code_hash", name=op.f("uq_device_authorizations_tenant_user_code_hash")),
    )
    op.create_index("ix_device_authorizations_address", "device_authorizations", ["tenant", "address", "expires"])
    op.create_table(
        "wrong_user_codes",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "email", "time", name=op.f("pk_wrong_user_codes")),
    )
    for name in _WHERE_FROM:
        op.add_column("browser_sessions", sa.Column(name, sa.String(), nullable=False, server_default=""))
        op.alter_column("browser_sessions", name, server_default=None)
    op.add_column("tokens", sa.Column("family", sa.String(), nullable=True))
    op.create_foreign_key(op.f("fk_tokens_family"), "tokens", "token_families", ["family"], ["id"], ondelete="CASCADE")
    op.create_index("ix_tokens_family", "tokens", ["family"])
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_tokens_family", table_name="tokens")
    op.drop_constraint(op.f("fk_tokens_family"), "tokens", type_="foreignkey")
    op.drop_column("tokens", "family")
    for name in _WHERE_FROM:
        op.drop_column("browser_sessions", name)
    for table in reversed(_TABLES):
        op.drop_table(table)
