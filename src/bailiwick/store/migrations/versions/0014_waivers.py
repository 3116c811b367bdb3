"""Waivers, what verdicts were given by, and reviews that are asked for again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_BASIS = ("rules", "policy", "advisories", "standards")
_TABLES = ("waivers", "reviews_asked", "unsafe_releases")


def upgrade() -> None:
    """Apply."""
    for name in _BASIS:
        op.add_column("reviews", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.add_column("reviews", sa.Column("waivers", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("reviews", sa.Column("cause", sa.String(), server_default="push", nullable=False))
    op.add_column("findings", sa.Column("waiver", sa.String(), server_default="", nullable=False))
    op.create_index("ix_findings_fingerprint", "findings", ["tenant", "fingerprint"])
    _waivers()
    _asked()
    _unsafe()
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def _waivers() -> None:
    op.create_table(
        "waivers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("review", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_waivers")),
    )
    op.create_index("ix_waivers_app", "waivers", ["tenant", "app", "state"])
    op.create_index("ix_waivers_state", "waivers", ["tenant", "state", "until"])
    op.create_index(
        "ix_waivers_open",
        "waivers",
        ["tenant", "app", "fingerprint"],
        unique=True,
        postgresql_where=sa.text("state IN ('requested', 'approved')"),
    )


def _asked() -> None:
    op.create_table(
        "reviews_asked",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "tree", name=op.f("pk_reviews_asked")),
    )
    op.create_index("ix_reviews_asked_next", "reviews_asked", ["tenant", "rank", "not_before"])


def _unsafe() -> None:
    op.create_table(
        "unsafe_releases",
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("review", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "app", "release", name=op.f("pk_unsafe_releases")),
    )


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_findings_fingerprint", "findings")
    op.drop_column("findings", "waiver")
    for name in ("cause", "waivers", *reversed(_BASIS)):
        op.drop_column("reviews", name)
