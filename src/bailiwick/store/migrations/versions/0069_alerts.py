"""Alerts: how far the log was read, rules, what stands, and silences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("alert_cursors", "alert_rules", "alerts", "alert_silences")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alert_cursors",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("counted", postgresql.JSONB(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_alert_cursors")),
    )
    op.create_table(
        "alert_rules",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_alert_rules")),
    )
    op.create_table(
        "alert_silences",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "rule", "key", "reason", "by")),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_alert_silences")),
    )
    _make_alerts()
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def _make_alerts() -> None:
    texts = ("id", "rule", "key", "severity", "words", "state", "silenced", "answered_by")
    op.create_table(
        "alerts",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("first", "last")),
        sa.Column("times", sa.Integer(), nullable=False),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("told", "escalate_to")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in ("escalate_at", "escalated")),
        sa.Column("event", sa.BigInteger(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_alerts")),
    )
    stands = sa.text("state <> 'resolved'")
    op.create_index("ix_alerts_one", "alerts", ["tenant", "rule", "key"], unique=True, postgresql_where=stands)
    op.create_index("ix_alerts_last", "alerts", ["tenant", "last"])


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False)


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
