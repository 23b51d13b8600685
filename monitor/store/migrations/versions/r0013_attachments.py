"""Attachments of tickets, and which tickets were diagnosed when."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and find diagnoses by their moment."""
    op.create_table(
        "attachment",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_attachment")),
    )
    op.create_index(
        "ix_ticket_event_diagnosed", "ticket_event", ["at"], unique=False, sqlite_where=sa.text("kind = 'diagnosed'")
    )
