"""What customers were told of the makers' notices: one per customer and subject, and its append-only life."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from alerts.notices.life import Happened, NoticeEvent
from monitor.store import tables
from monitor.store.documents import data_document, data_read
from monitor.store.tables import ticks

_notice, _event = tables.notice, tables.notice_event


class NoSuchNoticeError(LookupError):
    """There is no such notice; the message says which there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice to a customer, with all that happened to it."""

    id: int
    customer: str
    subject: str
    events: tuple[NoticeEvent, ...]


def all_notices(
    disk: Connection, customer: str | None = None, subjects: Collection[str] | None = None
) -> tuple[Notice, ...]:
    """Every notice, or those of a customer, in the order in which they came up."""
    question = select(_notice).order_by(_notice.c.id)
    if customer is not None:
        question = question.where(_notice.c.customer == customer)
    events: dict[int, list[NoticeEvent]] = {}
    asked = select(_event).join(_notice, _notice.c.id == _event.c.notice).order_by(_event.c.id)
    if customer is not None:
        asked = asked.where(_notice.c.customer == customer)
    for row in disk.execute(asked):
        one = NoticeEvent(kind=Happened(row.kind), at=row.at, by=row.by, data=data_read(row.data))
        events.setdefault(row.notice, []).append(one)
    return tuple(
        Notice(id=row.id, customer=row.customer, subject=row.subject, events=tuple(events.get(row.id, ())))
        for row in disk.execute(question)
        if subjects is None or row.subject in subjects
    )


def found(disk: Connection, number: int) -> Notice:
    """The notice with this number. Raises NoSuchNoticeError."""
    row = disk.execute(select(_notice).where(_notice.c.id == number)).first()
    if row is None:
        raise NoSuchNoticeError(f'there is no notice {number}; "netvigil notice list" shows them all')
    return next(each for each in all_notices(disk, row.customer) if each.id == number)


def opened(disk: Connection, customer: str, subjects: Collection[str]) -> dict[str, int]:
    """The numbers of the notices about `subjects` to `customer`, which are made where there are none."""
    if subjects:
        sql = "INSERT OR IGNORE INTO notice (customer, subject) VALUES (?, ?)"
        disk.exec_driver_sql(sql, [(customer, each) for each in subjects])
    rows = disk.execute(select(_notice.c.id, _notice.c.subject).where(_notice.c.customer == customer))
    return {row.subject: row.id for row in rows}


def entered(
    disk: Connection, entries: Iterable[tuple[int, Happened, Mapping[str, str]]], by: str, now: datetime
) -> None:
    """Add entries to the lives of many notices at once."""
    rows = [(notice, ticks(now), kind.value, by, data_document(data)) for notice, kind, data in entries]
    if rows:
        sql = "INSERT INTO notice_event (notice, at, kind, by, data) VALUES (?, ?, ?, ?, ?)"
        disk.exec_driver_sql(sql, rows)


def happened(
    disk: Connection, notice: int, kind: Happened, by: str, now: datetime, data: Mapping[str, str] | None = None
) -> None:
    """Add an entry to the life of a notice."""
    row = {"notice": notice, "at": now, "kind": kind.value, "by": by, "data": data_document(data or {})}
    disk.execute(insert(_event).values(row))
