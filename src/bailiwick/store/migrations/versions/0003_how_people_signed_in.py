"""Sessions remember the sign-in behind them; assertions and the rule of the first administrator work once."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TENANT_OF_TRANSACTION = sa.text("current_setting('bailiwick.tenant')")
_WITH_SIGN_IN = ("browser_sessions", "tokens")
_NEW_TABLES = ("used_assertions", "first_administrators")


def upgrade() -> None:
    """Apply. Sign-ins that are on their way are given up, as nobody can say which provider they went to."""
    op.execute("DELETE FROM sign_ins")
    op.add_column("sign_ins", sa.Column("provider", sa.String(), nullable=False))
    op.add_column("sign_ins", sa.Column("max_age", sa.Integer(), nullable=True))
    op.add_column("sign_ins", sa.Column("second_factor", sa.Boolean(), nullable=False))
    for name in ("provider", "provider_session"):
        op.add_column("browser_sessions", sa.Column(name, sa.String(), nullable=False, server_default=""))
        op.alter_column("browser_sessions", name, server_default=None)
    for table in _WITH_SIGN_IN:
        op.add_column(table, sa.Column("authenticated", sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column(table, "second_factor", server_default=None)
    op.create_table(
        "used_assertions",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT_OF_TRANSACTION, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "issuer", "id", name=op.f("pk_used_assertions")),
    )
    op.create_table(
        "first_administrators",
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT_OF_TRANSACTION, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_first_administrators")),
    )
    for table in _NEW_TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in _NEW_TABLES:
        op.drop_table(table)
    for table in _WITH_SIGN_IN:
        for name in ("authenticated", "second_factor"):
            op.drop_column(table, name)
    for name in ("provider", "provider_session"):
        op.drop_column("browser_sessions", name)
    for name in ("provider", "max_age", "second_factor"):
        op.drop_column("sign_ins", name)
