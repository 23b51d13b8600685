"""What was measured: hours and days, and links that flapped."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from monitor.store.tables.base import Moment, metadata

# The past for reports and forecasts (monitor/store/rolled.py). A layout names the series whose numbers the columns of
# an hour or a day hold; devices that tell the same share it. An hour is merged into its day when that is over.
rollup_layout = Table(
    "rollup_layout",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("digest", String, nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),
)

rollup_hour = Table(
    "rollup_hour",
    metadata,
    Column("device", String, primary_key=True),
    Column("hour", Moment, primary_key=True),
    Column("layout", ForeignKey("rollup_layout.id"), primary_key=True),
    Column("day", String, nullable=False),
    Column("start", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_rollup_hour_hour", rollup_hour.c.hour)

# `summary` stands before `hours`, so that who reads a year of days does not read the hours.
rollup_day = Table(
    "rollup_day",
    metadata,
    Column("device", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("layout", ForeignKey("rollup_layout.id"), primary_key=True),
    Column("start", Moment, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("hours", LargeBinary, nullable=False),
)
Index("ix_rollup_day_day", rollup_day.c.day)

# How often the link of a port went down on a day of its site: as visits saw it, and as the device told of it.
link_flap = Table(
    "link_flap",
    metadata,
    Column("device", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("seen", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
)
Index("ix_link_flap_day", link_flap.c.day)
