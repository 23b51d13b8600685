"""When a way out for letters failed, and until when: what people were told of it, each once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select

from monitor.store import tables

_outage = tables.outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Since when a way fails, in the words of the newest try, and since when that is told."""

    id: int
    way: str
    since: datetime
    words: str
    begun_at: datetime
    ended_at: datetime | None


def begun(disk: Connection, way: str, since: datetime, words: str, now: datetime) -> Outage:
    """Write down that `way` fails."""
    written = disk.execute(_outage.insert().values(way=way, since=since, words=words, begun_at=now))
    (number,) = written.inserted_primary_key or (0,)
    return Outage(id=number, way=way, since=since, words=words, begun_at=now, ended_at=None)


def ended(disk: Connection, way: str, now: datetime) -> Outage | None:
    """Write down that `way` works; None where it was not known to fail."""
    found = open_now(disk).get(way)
    if found is not None:
        disk.execute(_outage.update().where(_outage.c.id == found.id).values(ended_at=now))
    return found


def open_now(disk: Connection) -> dict[str, Outage]:
    """The outages that last, by way."""
    rows = disk.execute(select(_outage).where(_outage.c.ended_at.is_(None)).order_by(_outage.c.id))
    return {row.way: _read(row) for row in rows}


def _read(row: Row[str]) -> Outage:
    return Outage(
        id=row.id, way=row.way, since=row.since, words=row.words, begun_at=row.begun_at, ended_at=row.ended_at
    )
