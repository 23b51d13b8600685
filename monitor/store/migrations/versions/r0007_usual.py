"""What is usual for ports: the worst hours of each day of those that ever had errors, and on which days one looked."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing is usual yet."""
    op.create_table(
        "watched_day",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("device", "day", name=op.f("pk_watched_day")),
    )
    op.create_table(
        "worst_hours",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("aspect", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("worst", sa.Float(), nullable=False),
        sa.Column("second", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("device", "label", "aspect", "day", name=op.f("pk_worst_hours")),
    )
