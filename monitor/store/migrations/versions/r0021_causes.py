"""Whose symptom a fault is, in a column of its own: what lies beneath a cause is asked for each letter about it."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEY = ("device", "kind", "label", "aspect")


def upgrade() -> None:
    """Add it, and fill it for the faults that are symptoms now."""
    op.add_column("fault", sa.Column("cause", sa.String(), nullable=True))
    parts = ", ".join(f"json_extract(body, '$.hidden_by.{name}')" for name in _KEY)
    op.execute(
        f"UPDATE fault SET cause = json_array({parts})"  # noqa: S608 - made of our own words
        " WHERE state != 'cleared' AND json_extract(body, '$.hidden_by') IS NOT NULL"
    )
    op.create_index(
        "ix_fault_cause", "fault", ["cause", *_KEY], unique=False,
        sqlite_where=sa.text("cause IS NOT NULL AND state != 'cleared'"),
    )  # fmt: skip
