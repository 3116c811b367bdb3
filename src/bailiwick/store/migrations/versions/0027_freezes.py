"""Freezes, the releases that each leaves alone, what packages releases contain, and what was last seen to run."""

import sqlalchemy as sa
from alembic import op

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")
_TABLES = ("freezes", "freeze_exemptions", "release_packages")


def upgrade() -> None:
    """Apply."""
    op.add_column("releases", sa.Column("contents", sa.String(), server_default="", nullable=False))
    op.add_column("deploys", sa.Column("fixes", sa.String(), server_default="", nullable=False))
    op.add_column("app_statuses", sa.Column("ran", sa.String(), server_default="", nullable=False))
    op.execute("UPDATE app_statuses SET ran = release WHERE status = 'running'")
    _freezes()
    op.create_table(
        "freeze_exemptions",
        sa.Column("freeze", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "freeze", "release", name=op.f("pk_freeze_exemptions")),
    )
    op.create_table(
        "release_packages",
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("ecosystem", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "release", "place", name=op.f("pk_release_packages")),
    )
    op.create_index("ix_release_packages_name", "release_packages", ["tenant", "ecosystem", "name"])
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def _freezes() -> None:
    op.create_table(
        "freezes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("ecosystem", sa.String(), nullable=False),
        sa.Column("versions", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_freezes")),
    )
    op.create_index(
        "ix_freezes_standing", "freezes", ["tenant", "started_at"], postgresql_where=sa.text("lifted_at IS NULL")
    )


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("app_statuses", "ran")
    op.drop_column("deploys", "fixes")
    op.drop_column("releases", "contents")
