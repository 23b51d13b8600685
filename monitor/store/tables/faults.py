"""Faults, what stands beneath them, and the windows in which nobody is called."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from monitor.store.tables.base import Moment, metadata

fault = Table(
    "fault",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("label", String, nullable=False),
    Column("aspect", String, nullable=False),
    Column("state", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("opened_at", Moment),
    Column("cleared_at", Moment),
    Column("body", Text, nullable=False),
    Column("cause", String),
)

# One fault under one natural key: kept by the database, whatever the code does.
Index(
    "uq_fault_living_key",
    fault.c.device,
    fault.c.kind,
    fault.c.label,
    fault.c.aspect,
    unique=True,
    sqlite_where=text("state != 'cleared'"),
)

# What lies beneath a cause is asked for each letter about it, and few faults are symptoms.
Index(
    "ix_fault_cause",
    fault.c.cause,
    fault.c.device,
    fault.c.kind,
    fault.c.label,
    fault.c.aspect,
    sqlite_where=text("cause IS NOT NULL AND state != 'cleared'"),
)
Index("ix_fault_opened_at", fault.c.opened_at)
Index("ix_fault_device", fault.c.device, fault.c.cleared_at)  # of years there are many, of one device few

# Maintenance windows that people wrote down (those that recur stand in inventory.toml). Patterns are "" for all.
# `over_at` is when it is over: `ends`, or earlier where a person ended it (`ended_by`).
maintenance = Table(
    "maintenance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("customer", String, nullable=False),
    Column("site", String, nullable=False),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("label", String, nullable=False),
    Column("begins", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("over_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_by", String, nullable=False, server_default=""),
)
Index("ix_maintenance_over_at", maintenance.c.over_at)

# What was hidden beneath a fault as its symptom, from when until when at least: `fault` is the symptom's id, the key is
# that of the cause, `body` the symptom as it was last. It stays when both are over and suspicions are swept.
beneath = Table(
    "beneath",
    metadata,
    Column("fault", Integer, primary_key=True, autoincrement=False),
    Column("device", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("aspect", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("body", Text, nullable=False),
)
Index("ix_beneath_cause", beneath.c.device, beneath.c.kind, beneath.c.label, beneath.c.aspect, beneath.c.at)
