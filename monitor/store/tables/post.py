"""Letters on their way out and mails on their way in."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from monitor.store.tables.base import Moment, metadata

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
