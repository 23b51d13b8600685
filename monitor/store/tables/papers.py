"""Documents that were made, and what they foretold."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from monitor.store.tables.base import Moment, metadata

# Papers that left the house, each version as it was made; triggers refuse to change or delete one. `site` is "" for all
# sites of the customer. `facts` is the SHA-256 of what it was made of, `body` the compressed JSON of the Paper, and
# `document` that of the facts themselves.
paper = Table(
    "paper",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("site", String, nullable=False),
    Column("period", String, nullable=False),
    Column("language", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("number", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("facts", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("document", LargeBinary, nullable=False),
    UniqueConstraint("kind", "customer", "site", "period", "language", "version", name="uq_paper_version"),
)

# The forms in which a paper was rendered. `sha256` is of the file; who is asked later whether a file is ours compares.
paper_form = Table(
    "paper_form",
    metadata,
    Column("paper", ForeignKey("paper.id"), primary_key=True),
    Column("form", String, primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

# What is foreseen (alerts/notices/forecast.py), one for each key that stands: first found at `since`, last at `seen`.
# `told_stage` is how near it was when it was told last; one that is no more found is `ended_at` some days later.
forecast = Table(
    "forecast",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False),
    Column("device", String, nullable=False),
    Column("signal", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("told_first", Moment),
    Column("told_last", Moment),
    Column("told_stage", Integer, nullable=False, server_default="0"),
    Column("ended_at", Moment),
)
Index("ix_forecast_standing", forecast.c.key, unique=True, sqlite_where=text("ended_at IS NULL"))

# How it looked on the last day of each month on which it was found (`found`): what the report of that month says stays.
forecast_month = Table(
    "forecast_month",
    metadata,
    Column("forecast", ForeignKey("forecast.id"), primary_key=True),
    Column("month", String, primary_key=True),
    Column("found", String, nullable=False),
    Column("body", Text, nullable=False),
)
Index("ix_forecast_month_month", forecast_month.c.month)

# The looks ahead that were made to their end: `day` is that of the wall clock, `found` how much was foreseen.
forecast_round = Table(
    "forecast_round",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("day", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("found", Integer, nullable=False),
)
