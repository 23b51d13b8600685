"""Tickets that people open, ends that a relapse undoes, late entries, and the chain of all entries.

SQLite changes no column in place, so both tables are written anew. The chain is laid over what is there, in the order
in which it was written as far as the moments say.
"""

import sqlalchemy as sa
from alembic import op

from monitor.store.chain import GENESIS, digest

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write both tables anew, and lay the chain."""
    disk = op.get_bind()
    op.create_table(
        "ticket_anew",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("fault_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("aspect", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["fault_id"], ["fault.id"], name="fk_ticket_fault_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
    )
    disk.exec_driver_sql(
        "INSERT INTO ticket_anew SELECT id, 'repair', fault_id, device, kind, label, aspect, customer, site, region, "
        "opened_at, (SELECT max(at) FROM ticket_event WHERE ticket = ticket.id AND ticket_event.kind = 'closed') "
        "FROM ticket"
    )
    op.create_table(
        "ticket_event_anew",
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket_anew.id"], name="fk_ticket_event_ticket"),
        sa.PrimaryKeyConstraint("entry", name="pk_ticket_event"),
        sa.UniqueConstraint("ticket", "seq", name="uq_ticket_event_ticket_seq"),
    )
    before = GENESIS
    rows = disk.exec_driver_sql(
        "SELECT ticket, seq, kind, at, by, data FROM ticket_event ORDER BY at, ticket, seq"
    ).all()
    for entry, (ticket, seq, kind, at, by, data) in enumerate(rows, 1):
        before = digest(before, ticket, seq, kind, at, by, data, at)
        disk.exec_driver_sql(
            "INSERT INTO ticket_event_anew VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry, ticket, seq, kind, at, by, data, at, before),
        )
    op.drop_table("ticket_event")
    op.drop_table("ticket")
    op.rename_table("ticket_anew", "ticket")
    op.rename_table("ticket_event_anew", "ticket_event")
    op.create_index("ix_ticket_key", "ticket", ["device", "kind", "label", "aspect"], unique=False)
    op.create_index("ix_ticket_opened_at", "ticket", ["opened_at"], unique=False)
    op.create_index(
        "ix_ticket_unended", "ticket", ["opened_at"], unique=False, sqlite_where=sa.text("ended_at IS NULL")
    )
    for what in ("UPDATE", "DELETE"):
        disk.exec_driver_sql(
            f"CREATE TRIGGER ticket_event_no_{what.lower()} BEFORE {what} ON ticket_event "
            "BEGIN SELECT RAISE(ABORT, 'ticket events are only ever added'); END"
        )
