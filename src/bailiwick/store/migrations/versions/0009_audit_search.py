"""The audit log's tree in tiles, counts by the hour, words to search by, and searches that people keep."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.core.event_words import words_of
from bailiwick.core.events import AuditEvent
from bailiwick.store.row_security import APP_ROLE, protect_statements

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = {"audit_tiles": True, "audit_hours": False, "audit_saved_searches": False}
_SEARCHED = ("actor", "action", "resource", "app")
_BATCH = 2000
# Row-level security keeps an index of words from being used, because its operator could tell of rows of others. The
# function runs as the owner and names the tenant itself; it gives places only, whose rows the caller reads as usual.
# Planned anew for each question: whether the index is the better way depends on how frequent the words are.
_WORD_SEARCH = """
CREATE FUNCTION audit_places_with(wanted tsquery, low bigint, high bigint, most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
    SELECT sequence FROM public.audit_events
    WHERE tenant = current_setting('bailiwick.tenant') AND words @@ wanted AND sequence >= low AND sequence < high
    ORDER BY sequence DESC LIMIT most
$$"""
_SIGNATURE = "audit_places_with(tsquery, bigint, bigint, integer)"


def upgrade() -> None:
    """Apply. Events that are there get their words now; tiles and counts are made by the running control plane."""
    _make_tables()
    for column in _SEARCHED:
        # In the order of bytes, whatever the database's: what begins with a prefix stands together.
        op.alter_column("audit_events", column, type_=sa.String(collation="C"))
    op.add_column("audit_events", sa.Column("words", postgresql.TSVECTOR(), nullable=False, server_default=""))
    op.alter_column("audit_events", "words", server_default=None)
    _fill_words()
    op.create_index("ix_audit_events_words", "audit_events", ["words"], postgresql_using="gin")
    op.create_index(
        "ix_audit_events_not_success",
        "audit_events",
        ["tenant", "sequence"],
        postgresql_where=sa.text("outcome <> 'success'"),
    )
    op.execute(_WORD_SEARCH)
    op.execute(f"REVOKE ALL ON FUNCTION {_SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_SIGNATURE} TO {APP_ROLE}")


def _make_tables() -> None:
    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("tile", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("earliest", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "level", "tile", name=op.f("pk_audit_tiles")),
    )
    # Hashes do not compress: without trying, they are written and read faster.
    op.execute("ALTER TABLE audit_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL")
    op.create_table(
        "audit_hours",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(collation="C"), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hour", "action", "outcome", name=op.f("pk_audit_hours")),
    )
    op.create_table(
        "audit_saved_searches",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("saved", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "owner", "name", name=op.f("pk_audit_saved_searches")),
    )
    for table, append_only in _TABLES.items():
        for statement in protect_statements(table, append_only=append_only):
            op.execute(statement)


def _fill_words() -> None:
    connection = op.get_bind()
    read = sa.text(
        "SELECT tenant, sequence, body FROM audit_events WHERE (tenant, sequence) > (:tenant, :sequence) "
        "ORDER BY tenant, sequence LIMIT :batch"
    )
    write = sa.text(
        "UPDATE audit_events SET words = array_to_tsvector(CAST(:words AS text[])) "
        "WHERE tenant = :tenant AND sequence = :sequence"
    )
    tenant, sequence = "", -1
    while rows := connection.execute(read, {"tenant": tenant, "sequence": sequence, "batch": _BATCH}).all():
        connection.execute(
            write,
            [
                {"tenant": row[0], "sequence": row[1], "words": words_of(AuditEvent.model_validate_json(row[2]))}
                for row in rows
            ],
        )
        tenant, sequence = rows[-1][0], rows[-1][1]


def downgrade() -> None:
    """Take back."""
    op.execute(f"DROP FUNCTION {_SIGNATURE}")
    op.drop_index("ix_audit_events_not_success", "audit_events")
    op.drop_column("audit_events", "words")
    for column in _SEARCHED:
        op.alter_column("audit_events", column, type_=sa.String(collation="default"))
    for table in _TABLES:
        op.drop_table(table)
