"""How often agents call, counted by all control planes together."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLE = "call_rates"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _TABLE,
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "who", name=op.f("pk_call_rates")),
    )
    op.create_index("ix_call_rates_due", _TABLE, ["tenant", "due"])
    for statement in protect_statements(_TABLE):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table(_TABLE)
