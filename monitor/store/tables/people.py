"""Who may come in, and who was on duty when."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from monitor.store.tables.base import Moment, metadata

# Each version of people.toml that the daemon has run with, from `since` on; "" where there was none. `holidays` is JSON
# of the holidays that it was read with, because a newer package may know more.
people_version = Table(
    "people_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("since", Moment, nullable=False),
    Column("sha256", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("holidays", Text, nullable=False),
)
Index("ix_people_version_since", people_version.c.since)

# Who may use the pages of the desk. `hash` is argon2id's own text; `role` and `language` are those of the house.
account = Table(
    "account",
    metadata,
    Column("name", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("language", String, nullable=False),
    Column("disabled", Integer, nullable=False),
    Column("must_change", Integer, nullable=False),
    Column("created", Moment, nullable=False),
)

# Who is logged in. `digest` is the SHA-256 of the cookie, so that who reads the file cannot log in with it.
session = Table(
    "session",
    metadata,
    Column("digest", String, primary_key=True),
    Column("account", ForeignKey("account.name"), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
)
Index("ix_session_account", session.c.account)
