"""How devices showed themselves when they were first seen over Redfish and SSH."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Moments are microseconds since 1970 (BigInteger)."""
    op.create_table(
        "pin",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("eye", sa.String(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "eye", name=op.f("pk_pin")),
    )
