"""Tickets, their events, and what is attached to them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from monitor.store.tables.base import Moment, metadata

# `what` is the kind of ticket; `fault_id` that of the fault which opened it, NULL where a person did. `ended_at` says
# when it was closed or merged, NULL while it is not: read off its events, and kept for the sake of speed.
ticket = Table(
    "ticket",
    metadata,
    Column("id", String, primary_key=True),
    Column("what", String, nullable=False),
    Column("fault_id", ForeignKey("fault.id")),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("label", String, nullable=False),
    Column("aspect", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("site", String, nullable=False),
    Column("region", String, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("ended_at", Moment),
)
Index("ix_ticket_unended", ticket.c.opened_at, sqlite_where=text("ended_at IS NULL"))
Index("ix_ticket_key", ticket.c.device, ticket.c.kind, ticket.c.label, ticket.c.aspect)
Index("ix_ticket_opened_at", ticket.c.opened_at)

# Append-only: rows are inserted and never changed, which triggers hold the database to. `entry` numbers all of them,
# and `digest` is the SHA-256 of the entry and the digest before it (monitor/store/chain.py), so that an entry that was
# changed, slipped in or taken out shows.
ticket_event = Table(
    "ticket_event",
    metadata,
    Column("entry", Integer, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("digest", String, nullable=False),
    UniqueConstraint("ticket", "seq"),
)
Index("ix_ticket_event_diagnosed", ticket_event.c.at, sqlite_where=text("kind = 'diagnosed'"))

# What is attached to tickets; the files are below the state directory, by the same name.
attachment = Table(
    "attachment",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("media_type", String, nullable=False),
    Column("at", Moment, nullable=False),
)
