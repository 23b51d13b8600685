"""What was hidden beneath a fault outlives it, links that went down are counted, SNMPv3 senders' clocks are kept.

The symptoms that stand are taken over, so that their causes have them from the first start on.
"""

import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; those that stand beneath others are written into the first."""
    op.create_table(
        "link_flap",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("device", "label", "day")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("seen", "heard")),
        sa.PrimaryKeyConstraint("device", "label", "day", name="pk_link_flap"),
    )
    op.create_index("ix_link_flap_day", "link_flap", ["day"], unique=False)
    beneath = op.create_table(
        "beneath",
        sa.Column("fault", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("device", "kind", "label", "aspect")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since", "at")),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fault", "device", "kind", "label", "aspect", name="pk_beneath"),
    )
    op.create_index("ix_beneath_cause", "beneath", ["device", "kind", "label", "aspect", "at"], unique=False)
    op.create_table(
        "snmp_sender",
        sa.Column("engine", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("boots", "time")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("engine", name="pk_snmp_sender"),
    )
    standing = sa.text("SELECT id, body FROM fault WHERE state != 'cleared'")
    rows, now = [], time.time_ns() // 1000
    for number, body in op.get_bind().execute(standing):
        told = json.loads(body)
        cause = told.get("hidden_by")
        if cause:
            rows.append({"fault": number, **cause, "since": now, "at": now, "body": body})
    if rows:
        op.bulk_insert(beneath, rows)
