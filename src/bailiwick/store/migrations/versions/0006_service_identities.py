"""Service identities and agents: their keys, whose tokens they trust, and their access tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bailiwick.store.row_security import protect_statements

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TENANT = sa.text("current_setting('bailiwick.tenant')")
_TABLES = ("service_identities", "service_keys", "service_trusts", "machine_tokens")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(), server_default=_TENANT, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_a_service(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant", "service"],
        ["service_identities.tenant", "service_identities.name"],
        name=f"fk_{table}_service",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "service_identities",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        _time("created"),
        _time("expires"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        _time("last_used", nullable=True),
        _time("ownerless_since", nullable=True),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_service_identities")),
    )
    op.create_table(
        "service_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        _time("added"),
        _time("last_used", nullable=True),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_service_keys")),
        _of_a_service("service_keys"),
    )
    op.create_table(
        "service_trusts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_prefix", sa.Boolean(), nullable=False),
        sa.Column("claims", postgresql.JSONB(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(), nullable=True),
        sa.Column("added_by", sa.String(), nullable=False),
        _time("added"),
        _time("last_used", nullable=True),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_service_trusts")),
        _of_a_service("service_trusts"),
    )
    op.create_index("ix_service_trusts_issuer", "service_trusts", ["tenant", "issuer"])
    op.create_table(
        "machine_tokens",
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("person_epoch", sa.Integer(), nullable=True),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("audience", sa.String(), nullable=False),
        _time("created"),
        _time("expires"),
        _time("authenticated", nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_machine_tokens")),
        _of_a_service("machine_tokens"),
        sa.ForeignKeyConstraint(
            ["family"], ["token_families.id"], name=op.f("fk_machine_tokens_family"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_machine_tokens_service", "machine_tokens", ["tenant", "service"])
    op.create_index("ix_machine_tokens_expires", "machine_tokens", ["tenant", "expires"])
    for table in _TABLES:
        for statement in protect_statements(table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
