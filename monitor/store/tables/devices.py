"""What is known of devices: who they are, their parts, cables and history."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, String, Table, Text, text

from monitor.store.tables.base import Moment, metadata

# What a device last said it is, and how the last visits went.
device = Table(
    "device",
    metadata,
    Column("name", String, primary_key=True),
    Column("identity", Text, nullable=False),
    Column("visited_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("silence", String),
    Column("silent_visits", Integer, nullable=False, server_default="0"),
    Column("booted_at", Moment),
)

# The parts of a device as they were told last: written when one of them is another, not at each visit. `told_by` is
# the table of the platform file. `missing_since`: not there at a visit since then; `gone_at`: that is sure.
part = Table(
    "part",
    metadata,
    Column("device", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("told_by", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("model", String, nullable=False),
    Column("part_number", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("hardware_version", String, nullable=False),
    Column("software_version", String, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("missing_since", Moment),
    Column("gone_at", Moment),
)

# Where the cables of a device lead, as it said last: what its ports forget when they go down.
link = Table(
    "link",
    metadata,
    Column("device", String, primary_key=True),
    Column("port", String, primary_key=True),
    Column("neighbour", String, nullable=False),
    Column("neighbour_port", String, nullable=False),
)

# Append-only: what happened to a device. `kind` and `label` name the part, "" for the device as a whole.
device_event = Table(
    "device_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("device", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("label", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("source", String, nullable=False),
    Column("source_id", String, nullable=False),
)
Index("ix_device_event_device_at", device_event.c.device, device_event.c.at)

# An entry of a device's log is kept once, however often it is read.
Index(
    "uq_device_event_source_id",
    device_event.c.device,
    device_event.c.source_id,
    unique=True,
    sqlite_where=text("source_id != ''"),
)

# On which days (UTC) a device was watched, of the last days that count for what is usual; and of its ports that had
# errors or discards on such a day the two worst hours, as a share of the packets. `label`, `aspect`: of the interface.
watched_day = Table(
    "watched_day",
    metadata,
    Column("device", String, primary_key=True),
    Column("day", String, primary_key=True),
)

worst_hours = Table(
    "worst_hours",
    metadata,
    Column("device", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("aspect", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("worst", Float, nullable=False),
    Column("second", Float, nullable=False),
)

# Aspects that were once seen well (a port that was up): going down later means something.
seen_ok = Table(
    "seen_ok",
    metadata,
    Column("device", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("aspect", String, primary_key=True),
)

# What was seen of a device on a day, the last of each day: compressed JSON of its observations, for the reports.
snapshot = Table(
    "snapshot",
    metadata,
    Column("device", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# How a device showed itself to an eye when it was first seen: SHA-256 of its certificate, or its host key.
pin = Table(
    "pin",
    metadata,
    Column("device", String, primary_key=True),
    Column("eye", String, primary_key=True),
    Column("shown", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Up to when each SNMPv3 sender of traps was heard: its engine id (hex), how often it was started, and its seconds.
snmp_sender = Table(
    "snmp_sender",
    metadata,
    Column("engine", String, primary_key=True),
    Column("boots", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)
