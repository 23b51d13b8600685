"""The chain of all ticket events: each holds the SHA-256 of itself and of the one before, so that every change shows.

`monitor.store.tickets` appends; `netvigil ticket verify` goes through it. The chain runs over all tickets, so that a
whole ticket cannot be taken out either; whoever cuts off its end shows only by a head that was noted elsewhere, which
is why the head is printed and can be kept.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select

from monitor.store import tables

GENESIS = "0" * 64
"""What stands before the first entry."""
_event = tables.ticket_event
_HEAD = select(_event.c.digest).order_by(_event.c.entry.desc()).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """An entry that does not follow from the one before it."""

    entry: int
    ticket: str
    seq: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How many entries there are, the digest of the last, and where the chain is broken."""

    entries: int
    head: str
    breaks: tuple[Break, ...]


def digest(before: str, ticket: str, seq: int, kind: str, at: int, by: str, data: str, written_at: int) -> str:
    """The digest of one entry after the one whose digest is `before`; moments are microseconds since 1970 (UTC)."""
    said = json.dumps([before, ticket, seq, kind, at, by, data, written_at], ensure_ascii=False, separators=(",", ":"))
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def head(disk: Connection) -> str:
    """The digest of the last entry."""
    found: str | None = disk.execute(_HEAD).scalar()
    return found or GENESIS


def verified(disk: Connection) -> Verified:
    """The whole chain, looked through."""
    before, count, expected, breaks = GENESIS, 0, 1, []
    for row in _rows(disk):
        entry, ticket, seq, *rest, said = row
        if entry != expected:
            breaks.append(
                Break(entry=entry, ticket=ticket, seq=seq, says=f"entries {expected} to {entry - 1} are gone")
            )
        if digest(before, ticket, seq, *rest) != said:
            breaks.append(Break(entry=entry, ticket=ticket, seq=seq, says="it is not what was written, or where"))
        before, count, expected = said, count + 1, entry + 1
    return Verified(entries=count, head=before, breaks=tuple(breaks))


def _rows(disk: Connection) -> Iterator[tuple]:  # type: ignore[type-arg] # columns of several types, as SQLite gives them
    question = "SELECT entry, ticket, seq, kind, at, by, data, written_at, digest FROM ticket_event ORDER BY entry"
    for row in disk.exec_driver_sql(question):
        yield tuple(row)
