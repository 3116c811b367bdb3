"""Anomalies: how far detection is, series and their detectors, what was seen before, and what stood out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0068"
down_revision = "0066"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("anomaly_cursors", "anomaly_series", "anomaly_seen", "anomalies")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "anomaly_cursors",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gathered", postgresql.JSONB(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_anomaly_cursors")),
    )
    op.create_table(
        "anomaly_series",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("since", postgresql.JSONB(), nullable=False),
        sa.Column("upto", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised", sa.Integer(), server_default="0", nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "subject", "measure", name=op.f("pk_anomaly_series")),
    )
    op.create_table(
        "anomaly_seen",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("first", sa.DateTime(timezone=True), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "subject", "thing", name=op.f("pk_anomaly_seen")),
    )
    _make_anomalies()
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def _make_anomalies() -> None:
    op.create_table(
        "anomalies",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "kind", "subject", "measure")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("time", "last")),
        sa.Column("times", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("value", "expected", "low", "high", "score")),
        sa.Column("people", postgresql.JSONB(), nullable=False),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        sa.Column("points", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_anomalies")),
    )
    op.create_index("ix_anomalies_subject", "anomalies", ["tenant", "subject", "measure", "last"])
    op.create_index("ix_anomalies_time", "anomalies", ["tenant", "time"])


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False)


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
