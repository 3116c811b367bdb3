"""Rules of approval with their versions, several approvals of a deploy, and who could use an app when it went out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bailiwick.store.names import TENANT_SETTING
from bailiwick.store.row_security import protect_statements

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_TENANT = sa.text(f"current_setting('{TENANT_SETTING}')")
_TABLES = ("approval_rules", "deploy_approvals")


def upgrade() -> None:
    """Apply."""
    op.add_column("deploys", sa.Column("users", JSONB(), nullable=True))
    op.add_column("deploys", sa.Column("gate", JSONB(), nullable=True))
    _rules()
    _approvals()
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def _rules() -> None:
    op.create_table(
        "approval_rules",
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("sensitivity", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seats", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "folder", "sensitivity", "version", name=op.f("pk_approval_rules")),
    )
    op.create_index(
        "uq_approval_rules_in_force",
        "approval_rules",
        ["tenant", "folder", "sensitivity"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _approvals() -> None:
    op.create_table(
        "deploy_approvals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("deploy", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("seats", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("behalf", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("basis", JSONB(), nullable=False),
        sa.Column("fixes", JSONB(), nullable=False),
        sa.Column("statement", JSONB(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_why", sa.String(), server_default="", nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_deploy_approvals")),
    )
    op.create_index("ix_deploy_approvals_deploy", "deploy_approvals", ["tenant", "deploy"])
    op.create_index(
        "uq_deploy_approvals_standing",
        "deploy_approvals",
        ["tenant", "deploy", "approver"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL AND void_at IS NULL"),
    )


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("deploys", "gate")
    op.drop_column("deploys", "users")
