"""What apps ran into at the walls of their sandboxes."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")
_TEXTS = ("app", "mode", "branch", "release", "wall", "name", "words")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "wall_notes",
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "app", "mode", "branch", "release", "wall", "name", name=op.f("pk_wall_notes")
        ),
    )
    for statement in protect_statements("wall_notes"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("wall_notes")
