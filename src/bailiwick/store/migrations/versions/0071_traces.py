"""Traces of apps: spans in a partition a day, counts of them by minute, hour and day, and groups of errors."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import APP_ROLE, protect_statements

revision = "0071"
down_revision = "0069"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TIME = sa.DateTime(timezone=True)
_TABLES = ("spans", "span_rollups", "error_groups", "span_days")
# As the owner, since the application's role makes no tables: nothing that is said reaches SQL but a date and a number.
_KEEP_DAY = f"""
CREATE FUNCTION keep_span_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own text := current_setting('bailiwick.tenant');
    part text := 'spans_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF own = '' OR day < current_date - 400 OR day > current_date + 4 THEN
        RAISE EXCEPTION 'there are no spans of that day';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('bailiwick-span-days'));
    IF to_regclass('public.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.spans INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format(
        'CREATE POLICY tenant_rows ON public.%I TO {APP_ROLE} '
        'USING (tenant = current_setting(''bailiwick.tenant'', true)) '
        'WITH CHECK (tenant = current_setting(''bailiwick.tenant'', true))', part);
    EXECUTE format(
        'ALTER TABLE public.spans ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
END $$
"""
# What all tenants are done with goes; a tenant that keeps less removes its rows by itself.
_DROP_DAYS = """
CREATE FUNCTION drop_span_days(days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own text := current_setting('bailiwick.tenant');
    longest integer;
    part text;
    dropped integer := 0;
BEGIN
    IF own = '' OR days < 1 OR days > 400 THEN
        RAISE EXCEPTION 'spans are kept for 1 to 400 days';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('bailiwick-span-days'));
    INSERT INTO public.span_days (tenant, kept) VALUES (own, days)
        ON CONFLICT (tenant) DO UPDATE SET kept = excluded.kept;
    SELECT max(kept) INTO longest FROM public.span_days;
    FOR part IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'public.spans'::regclass AND relname ~ '^spans_[0-9]{8}$'
            AND to_date(substr(relname, 7), 'YYYYMMDD') < current_date - longest
    LOOP
        EXECUTE format('DROP TABLE public.%I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$
"""
_SUMMED = """
CREATE FUNCTION summed_buckets(one bigint[], other bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place)
    FROM unnest(one, other) WITH ORDINALITY AS both_of(a, b, place)
$$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "spans",
        sa.Column("trace", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("start", _TIME, nullable=False),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("plane", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "trace", "span", "start", name=op.f("pk_spans")),
        postgresql_partition_by="RANGE (start)",
    )
    # Lists of traces begin with requests: what they led to is found by its trace.
    op.create_index(
        "ix_spans_roots", "spans", ["tenant", "app", "mode", "start"], postgresql_where=sa.text("parent = ''")
    )
    op.create_table(
        "span_rollups",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("start", _TIME, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("buckets", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "app", "mode", "seconds", "kind", "name", "target", "release", "start",
            name=op.f("pk_span_rollups"),
        ),
    )  # fmt: skip
    op.create_index("ix_span_rollups_start", "span_rollups", ["tenant", "seconds", "start"])
    op.create_table(
        "error_groups",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first", _TIME, nullable=False),
        sa.Column("last", _TIME, nullable=False),
        sa.Column("first_release", sa.String(), nullable=False),
        sa.Column("last_release", sa.String(), nullable=False),
        sa.Column("trace", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "mode", "fingerprint", name=op.f("pk_error_groups")),
    )
    op.create_table(
        "span_days",
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_span_days")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)
    for function in (_KEEP_DAY, _DROP_DAYS, _SUMMED):
        op.execute(function)
    for signature in ("keep_span_day(date)", "drop_span_days(integer)"):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {APP_ROLE}")


def downgrade() -> None:
    """Take back."""
    for signature in ("keep_span_day(date)", "drop_span_days(integer)", "summed_buckets(bigint[], bigint[])"):
        op.execute(f"DROP FUNCTION {signature}")
    for table in reversed(_TABLES):
        op.drop_table(table)
