"""Users and groups of directories, who is in which group, and the tokens of directories."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("directory_resources", "directory_members", "directory_tokens")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "directory_resources",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unique_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("comparable", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_directory_resources")),
        sa.UniqueConstraint(
            "tenant", "kind", "unique_name", name=op.f("uq_directory_resources_tenant_kind_unique_name")
        ),
        sa.UniqueConstraint("tenant", "email", name=op.f("uq_directory_resources_tenant_email")),
    )
    op.create_index("ix_directory_resources_listing", "directory_resources", ["tenant", "directory", "kind", "id"])
    op.create_table(
        "directory_members",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "group_id", "member_id", name=op.f("pk_directory_members")),
        sa.ForeignKeyConstraint(
            ["tenant", "group_id"],
            ["directory_resources.tenant", "directory_resources.id"],
            name=op.f("fk_directory_members"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "member_id"],
            ["directory_resources.tenant", "directory_resources.id"],
            name="fk_directory_members_member",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_directory_members_member", "directory_members", ["tenant", "member_id"])
    op.create_table(
        "directory_tokens",
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_directory_tokens")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
