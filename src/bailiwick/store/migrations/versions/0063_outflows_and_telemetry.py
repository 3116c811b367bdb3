"""What left for models by day and what of it is switched off; which fields of telemetry leave."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_LINES, _SWITCHES = "model_outflows", "model_outflow_switches"
_BASELINE, _FIELDS = "telemetry_baseline", "telemetry_switches"
_NAMED = ("model", "app", "person", "place", "data_class")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _LINES,
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _NAMED),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("calls", "bytes", "found", "redacted", "refused")
        ),
        sa.Column("first", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "plane", *_NAMED, name=op.f("pk_model_outflows")),
    )
    op.create_index("ix_model_outflows_app_day", _LINES, ["tenant", "app", "day"])
    op.create_table(
        _SWITCHES,
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _NAMED),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_outflow_switches")),
    )
    op.create_index("ix_model_outflow_switches_one", _SWITCHES, ["tenant", *_NAMED], unique=True)
    op.create_table(
        _BASELINE,
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_telemetry_baseline")),
    )
    op.create_table(
        _FIELDS,
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_telemetry_switches")),
    )
    for table in (_LINES, _SWITCHES, _BASELINE, _FIELDS):
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table(_FIELDS)
    op.drop_table(_BASELINE)
    op.drop_table(_SWITCHES)
    op.drop_table(_LINES)
