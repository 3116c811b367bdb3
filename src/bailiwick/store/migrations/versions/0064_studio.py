"""Conversations of the studio: their steps, their drafts, and the revisions that came of them."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("studio_conversations", "studio_steps", "studio_blobs", "studio_revisions")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[datetime]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False)


def _cost() -> sa.Column[int]:
    return sa.Column("cost", sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "studio_conversations",
        *_texts("id", "app", "person", "title", "model"),
        sa.Column("integrations", postgresql.JSONB(), nullable=False),
        *_texts("base", "branch", "state", "words", "live", "run"),
        sa.Column("stopping", sa.Boolean(), nullable=False),
        *_times("beat", "created", "updated"),
        _tenant(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_conversations")),
    )
    op.create_index("ix_studio_conversations_person", "studio_conversations", ["tenant", "person", "updated"])
    op.create_table(
        "studio_steps",
        *_texts("conversation"),
        *_numbers("number"),
        *_times("time"),
        *_texts("kind", "text"),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("tree", postgresql.JSONB(), nullable=True),
        *_texts("model"),
        *_numbers("tokens_in", "tokens_out"),
        _cost(),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "conversation", "number", name=op.f("pk_studio_steps")),
    )
    op.create_table(
        "studio_blobs",
        *_texts("conversation", "digest"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "conversation", "digest", name=op.f("pk_studio_blobs")),
    )
    op.create_table(
        "studio_revisions",
        *_texts("app", "commit", "conversation"),
        sa.Column("models", postgresql.JSONB(), nullable=False),
        *_numbers("answers", "tools", "tokens_in", "tokens_out"),
        _cost(),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "app", "commit", name=op.f("pk_studio_revisions")),
    )
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
