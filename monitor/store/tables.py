"""What is on disk: the tables, their columns and the rules that the database itself keeps.

State that follows from something else is not stored: a ticket's state and clocks come from `ticket_event`
(alerts/desk). Values of the house that are only read whole are kept as JSON documents in a `body` column; what is
searched for has a column of its own.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    """`moment` as the database has it."""
    return (moment - _EPOCH) // _TICK


class Moment(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970 in UTC: exact, sortable, without a zone to get wrong."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds for the database. Raises TypeError for a datetime without a zone."""
        del dialect
        return None if value is None else ticks(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The moment, in UTC."""
        del dialect
        return None if value is None else _EPOCH + value * _TICK


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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

# The outbox. `state`: queued, accepted (by the SMTP server), refused (5xx), expired (given up after the set time), or
# digested: it went within the letter `digest`. A digest itself has the ticket "", and its number as its event; a
# reminder has a negative event (alerts/post/letters.py). `enclosed` is how many octets go with it as files.
letter = Table(
    "letter",
    metadata,
    Column("message_id", String, primary_key=True),
    Column("ticket", String, nullable=False),
    Column("event", Integer, nullable=False),
    Column("recipient", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", String, nullable=False, server_default="queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try", Moment),
    Column("ended_at", Moment),
    Column("response", Text, nullable=False, server_default=""),
    Column("level", Integer),
    Column("site", String, nullable=False, server_default=""),
    Column("what", String, nullable=False, server_default=""),
    Column("digest", String, nullable=False, server_default=""),
    Column("enclosed", Integer, nullable=False, server_default="0"),
    UniqueConstraint("ticket", "event", "recipient"),
)
# Letters are counted every second, and their bodies are long: nobody may have to read over them.
Index("ix_letter_created_at_state", letter.c.created_at, letter.c.state)
Index("ix_letter_recipient_created_at", letter.c.recipient, letter.c.created_at)
# What is asked of letters that wait, and of those that left, is answered by these alone: most columns stand behind the
# body, which lies on pages of its own, and a storm brings ten thousand letters.
Index(
    "ix_letter_queue",
    letter.c.next_try,
    letter.c.created_at,
    letter.c.ticket,
    letter.c.event,
    letter.c.recipient,
    letter.c.message_id,
    letter.c.level,
    letter.c.site,
    letter.c.what,
    letter.c.attempts,
    letter.c.enclosed,
    letter.c.state,  # which is asked for, though it is the same in all of them
    sqlite_where=text("state = 'queued'"),
)
Index(
    "ix_letter_accepted",
    letter.c.recipient,
    letter.c.ended_at,
    letter.c.level,
    letter.c.what,
    letter.c.ticket,
    letter.c.state,
    sqlite_where=text("state = 'accepted'"),
)

# Files that go with letters, each once however many letters it goes with: compressed with zlib, `size` before that.
enclosure = Table(
    "enclosure",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
# A way out for letters (mail, or the name of a channel) that failed; `ended_at` is null while it does.
outage = Table(
    "outage",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("way", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("words", Text, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("ended_at", Moment),
)
Index("ix_outage_open", outage.c.way, sqlite_where=text("ended_at IS NULL"))

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

# Links of letters that were used: `token` is the SHA-256 of one.
link_used = Table(
    "link_used",
    metadata,
    Column("token", String, primary_key=True),
    Column("ticket", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("at", Moment, nullable=False),
)

# Mails that were read from the mailbox, each once, and what came of it (`what`). `message_id` is that of the mail, or a
# SHA-256 of one that has none.
mail_read = Table(
    "mail_read",
    metadata,
    Column("message_id", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("sender", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("what", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("why", Text, nullable=False),
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

# What is attached to tickets; the files are below the state directory, by the same name.
attachment = Table(
    "attachment",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("media_type", String, nullable=False),
    Column("at", Moment, nullable=False),
)

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

# Up to when each SNMPv3 sender of traps was heard: its engine id (hex), how often it was started, and its seconds.
snmp_sender = Table(
    "snmp_sender",
    metadata,
    Column("engine", String, primary_key=True),
    Column("boots", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)
