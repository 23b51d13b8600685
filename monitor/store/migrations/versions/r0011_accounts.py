"""Accounts of people at the desk's pages, and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; both start empty."""
    op.create_table(
        "account",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "person", "hash", "role", "language")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("disabled", "must_change")),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_table(
        "session",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("digest", "account")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created", "expires", "last_seen")),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_session_account"),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
    )
    op.create_index("ix_session_account", "session", ["account"], unique=False)
