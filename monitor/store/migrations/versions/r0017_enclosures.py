"""Files that go with letters."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; letters of before have no files."""
    op.create_table(
        "enclosure",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_enclosure")),
    )
    op.add_column("letter", sa.Column("enclosed", sa.Integer(), server_default="0", nullable=False))
