"""What is foreseen of parts: since when, who was told how near it was, and what it looked like in each month."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; all start empty."""
    op.create_table(
        "forecast",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("key", "device", "signal")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since", "seen")),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("told_first", "told_last")),
        sa.Column("told_stage", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_forecast"),
    )
    op.create_index("ix_forecast_standing", "forecast", ["key"], unique=True, sqlite_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "forecast_month",
        sa.Column("forecast", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("month", "found")),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["forecast"], ["forecast.id"], name="fk_forecast_month_forecast"),
        sa.PrimaryKeyConstraint("forecast", "month", name="pk_forecast_month"),
    )
    op.create_index("ix_forecast_month_month", "forecast_month", ["month"], unique=False)
    op.create_table(
        "forecast_round",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_round"),
    )
