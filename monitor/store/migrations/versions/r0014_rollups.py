"""The past by the hour and the day, for reports and forecasts."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; they start empty, because no past of before is known."""
    op.create_table(
        "rollup_layout",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("digest", name="uq_rollup_layout_digest"),
    )
    layout = sa.ForeignKeyConstraint(["layout"], ["rollup_layout.id"], name="fk_rollup_hour_layout")
    op.create_table(
        "rollup_hour",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("layout", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        layout,
        sa.PrimaryKeyConstraint("device", "hour", "layout", name="pk_rollup_hour"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rollup_hour_hour", "rollup_hour", ["hour"], unique=False)
    op.create_table(
        "rollup_day",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("layout", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("hours", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["layout"], ["rollup_layout.id"], name="fk_rollup_day_layout"),
        sa.PrimaryKeyConstraint("device", "day", "layout", name="pk_rollup_day"),
    )
    op.create_index("ix_rollup_day_day", "rollup_day", ["day"], unique=False)
