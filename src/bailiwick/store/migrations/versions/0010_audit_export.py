"""How far each exporter of the audit log is; legal holds, and the content of events that ends with their retention."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.row_security import protect_statements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")


_TABLES = ("audit_exporters", "audit_holds", "audit_retention")
# The application's role may neither change nor remove events. This function, which acts as the owner, is the one way:
# it takes content only, of the transaction's tenant only, older than 90 days only, and nothing that a hold keeps. The
# event's id goes, too: it is random, and without it nobody can prove a guess of the content by its hash.
_EXPIRE = """
CREATE FUNCTION bailiwick_expire_audit_events(places bigint[]) RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.audit_events AS e
    SET body = NULL, event_id = '', actor = '', action = '', resource = '', outcome = '', app = '', trace = '',
        words = ''
    WHERE e.tenant = current_setting('bailiwick.tenant') AND e.sequence = ANY (places) AND e.body IS NOT NULL
      AND e.time < now() - interval '90 days' AND e.action <> 'audit.expired'
      AND NOT EXISTS (
        SELECT 1 FROM public.audit_holds AS h
        WHERE h.tenant = e.tenant AND h.lifted IS NULL
          AND (h.actor = '' OR h.actor = e.actor)
          AND (h.app = '' OR h.app = e.app OR e.resource = 'app:' || h.app)
          AND (h.resource = '' OR h.resource = e.resource)
          AND (h.since IS NULL OR e.time >= h.since)
          AND (h.until IS NULL OR e.time < h.until))
    RETURNING e.sequence
$$"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_exporters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next_sequence", sa.BigInteger(), nullable=False),
        sa.Column("batch_end", sa.BigInteger(), nullable=True),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("last_success", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_audit_exporters")),
    )
    op.create_table(
        "audit_holds",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_audit_holds")),
    )
    op.create_table(
        "audit_retention",
        sa.Column("horizon", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_audit_retention")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)
    op.alter_column("audit_events", "body", nullable=True)
    op.create_index(
        "ix_audit_events_alive", "audit_events", ["tenant", "sequence"], postgresql_where=sa.text("body IS NOT NULL")
    )
    op.execute(_EXPIRE)
    op.execute("REVOKE ALL ON FUNCTION bailiwick_expire_audit_events(bigint[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION bailiwick_expire_audit_events(bigint[]) TO bailiwick_app")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION bailiwick_expire_audit_events(bigint[])")
    op.drop_index("ix_audit_events_alive", table_name="audit_events")
    op.alter_column("audit_events", "body", nullable=False)
    for table in reversed(_TABLES):
        op.drop_table(table)
