"""Programs that register themselves, and the agent that what a program was let hold is for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_FOR_AGENTS = ("token_families", "authorization_codes")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "oauth_clients",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("redirect_uris", postgresql.JSONB(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_oauth_clients")),
    )
    op.create_index("ix_oauth_clients_address", "oauth_clients", ["tenant", "address", "created"])
    for statement in protect_statements("oauth_clients"):
        op.execute(statement)
    for table in _FOR_AGENTS:
        op.add_column(table, sa.Column("agent", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    for table in reversed(_FOR_AGENTS):
        op.drop_column(table, "agent")
    op.drop_table("oauth_clients")
