"""What makers tell, and whom it concerns."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.store.tables.base import Moment, metadata

# Where notices of the makers come from, and how far it is known. `newest` is when its newest item was published, as
# the source says it; `refused` how many records of the last time could not be read (advisory_refusal names them).
advisory_source = Table(
    "advisory_source",
    metadata,
    Column("name", String, primary_key=True),
    Column("what", String, nullable=False),
    Column("last_good", Moment),
    Column("newest", String, nullable=False, server_default=""),
    Column("records", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("failed_at", Moment),
    Column("failure", Text, nullable=False, server_default=""),
    Column("memory", Text, nullable=False, server_default="{}"),
)

advisory_refusal = Table(
    "advisory_refusal",
    metadata,
    Column("source", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# What was taken in, as it came, by its SHA-256: compressed with zlib, `size` before that.
advisory_document = Table(
    "advisory_document",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

# The advisories of those documents: `body` is the JSON of what was read, `subject` what several sources speak of alike.
# `seen_at` is when we had it first: of that and of `published` a proof of "in time" is made.
advisory = Table(
    "advisory",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", String, nullable=False),
    Column("name", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("form", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", String, nullable=False),
    Column("score", Float),
    Column("known_exploited", Integer, nullable=False),
    Column("document", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("is_matched", Integer, nullable=False, server_default="0"),
    UniqueConstraint("source", "name"),
)
Index("ix_advisory_subject", advisory.c.subject)
Index("ix_advisory_unmatched", advisory.c.id, sqlite_where=text("is_matched = 0"))

# Under which makers and names advisories are looked for (alerts/notices/products.py).
advisory_key = Table(
    "advisory_key",
    metadata,
    Column("maker", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("advisory", Integer, primary_key=True),
)
Index("ix_advisory_key_advisory", advisory_key.c.advisory)

# What devices are equal in, as far as notices go, and which device is which: `component` is "" for its own version.
unit = Table(
    "unit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("platform", String, nullable=False),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False),
    Column("patch", String, nullable=False),
    Column("not_listed", Integer, nullable=False, server_default="0"),
    Column("is_matched", Integer, nullable=False, server_default="0"),
    UniqueConstraint("platform", "model", "version", "patch"),
)

device_unit = Table(
    "device_unit",
    metadata,
    Column("device", String, primary_key=True),
    Column("component", String, primary_key=True),
    Column("unit", Integer, nullable=False),
    Column("since", Moment, nullable=False),
)
Index("ix_device_unit_unit", device_unit.c.unit)

# The verdicts on units that are affected, possibly affected or undetermined, with their evidence as JSON.
exposure = Table(
    "exposure",
    metadata,
    Column("unit", Integer, primary_key=True),
    Column("advisory", Integer, primary_key=True),
    Column("verdict", String, nullable=False),
    Column("body", Text, nullable=False),
)
Index("ix_exposure_verdict_unit", exposure.c.verdict, exposure.c.unit)

# What a customer was told of a subject; append-only: what happened to it, of which its state is read.
notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("customer", String, nullable=False),
    Column("subject", String, nullable=False),
    UniqueConstraint("customer", "subject"),
)

notice_event = Table(
    "notice_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("notice", ForeignKey("notice.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False),
    Column("by", String, nullable=False),
    Column("data", Text, nullable=False),
)
Index("ix_notice_event_notice", notice_event.c.notice)
