"""Who a version of a secret signs in as; how secrets are rotated, how each rotation goes, and who asked to see one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")
_TABLES = ("secret_rules", "secret_rotations", "secret_reveals")


def upgrade() -> None:
    """Apply."""
    op.add_column("vault_secrets", sa.Column("account", sa.String(), server_default="", nullable=False))
    op.create_table(
        "secret_rules",
        *_texts("name", "owner"),
        sa.Column("source", postgresql.JSONB(), nullable=True),
        *_numbers("every_hours", "grace_minutes"),
        *_texts("set_by", "reason"),
        _time("set_at"),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_secret_rules")),
    )
    op.create_table(
        "secret_rotations",
        *_texts("id", "name", "cause", "asked_by", "reason", "state", "account", "old_account", "error"),
        *_numbers("old_version", "new_version", "attempts"),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("source", postgresql.JSONB(), nullable=True),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        *map(_time, ("asked_at", "next_try_at")),
        *(_time(name, nullable=True) for name in ("switched_at", "revoke_at", "ended_at")),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_secret_rotations")),
    )
    op.create_index(
        "uq_secret_rotations_going",
        "secret_rotations",
        ["tenant", "name"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "secret_reveals",
        *_texts("id", "name", "asked_by", "reason", "answered_by", "outcome"),
        _time("asked_at"),
        *(_time(name, nullable=True) for name in ("answered_at", "ended_at")),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_secret_reveals")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
    op.drop_column("vault_secrets", "account")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False)
