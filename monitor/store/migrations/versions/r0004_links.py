"""Where the cables of devices lead."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "link",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("port", sa.String(), nullable=False),
        sa.Column("neighbour", sa.String(), nullable=False),
        sa.Column("neighbour_port", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("device", "port", name=op.f("pk_link")),
    )
