"""What administrators say about apps at work, with its versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "guardrails",
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("values", JSONB(), nullable=False),
        sa.Column("binding", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "section", "place", "environment", "version", name=op.f("pk_guardrails")),
    )
    op.create_index(
        "uq_guardrails_in_force",
        "guardrails",
        ["tenant", "section", "place", "environment"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for statement in protect_statements("guardrails"):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_table("guardrails")
