"""Each version of people.toml that the daemon has run with."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Moments are microseconds since 1970 (BigInteger)."""
    op.create_table(
        "people_version",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("holidays", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_version")),
    )
    op.create_index("ix_people_version_since", "people_version", ["since"], unique=False)
