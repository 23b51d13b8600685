"""Delivered units and spare parts, with what became of them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from monitor.store.tables.base import Moment, metadata

# The asset file (用户档案): every delivered unit as it is known now. `serial` is its serial number or service tag, in
# capitals. Dates are ISO days, "not_yet", or "" for unknown; `price` is a decimal number as text.
asset = Table(
    "asset",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("serial", String, nullable=False, unique=True),
    Column("model", String, nullable=False),
    Column("maker", String, nullable=False),
    Column("part_number", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("site", String, nullable=False),
    Column("device", String, nullable=False),
    Column("project", String, nullable=False),
    Column("delivered", String, nullable=False),
    Column("first_acceptance", String, nullable=False),
    Column("final_acceptance", String, nullable=False),
    Column("maker_warranty_ends", String, nullable=False),
    Column("engineering_warranty_ends", String, nullable=False),
    Column("price", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("remarks", Text, nullable=False),
)
Index("ix_asset_device", asset.c.device)

# Append-only: who wrote what into the asset file, and the repairs of the unit. `serial` is the unit's at that time;
# `data` holds the fields that changed, as they were and as they are.
asset_event = Table(
    "asset_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("asset", ForeignKey("asset.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", String, nullable=False),
    Column("by", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("source", String, nullable=False),
    Column("data", Text, nullable=False),
)
Index("ix_asset_event_asset", asset_event.c.asset)
Index("ix_asset_event_ticket", asset_event.c.ticket)

spare_store = Table(
    "spare_store",
    metadata,
    Column("name", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("site", String, nullable=False),
    Column("city", String, nullable=False),
)

# A kind of piece, or one piece where it has a serial number. `models` are patterns, one a line.
spare = Table(
    "spare",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("part_number", String, nullable=False),
    Column("description", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("models", Text, nullable=False),
)
Index("uq_spare_piece", spare.c.part_number, spare.c.serial, unique=True)

# How many pieces of a part number people want to be there at least; `folded` is the part number in small letters.
spare_minimum = Table(
    "spare_minimum",
    metadata,
    Column("folded", String, primary_key=True),
    Column("part_number", String, nullable=False),
    Column("at_least", Integer, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)

# Append-only: the book of the stores. What each of them holds follows from it and is stored nowhere.
spare_movement = Table(
    "spare_movement",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("spare", ForeignKey("spare.id"), nullable=False),
    Column("what", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("from_store", String, nullable=False),
    Column("from_state", String, nullable=False),
    Column("from_ticket", String, nullable=False),
    Column("to_store", String, nullable=False),
    Column("to_state", String, nullable=False),
    Column("to_ticket", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("why", Text, nullable=False),
)
Index("ix_spare_movement_spare", spare_movement.c.spare)
