"""What customers were told of the makers' notices: one per customer and subject, and its append-only life."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from alerts.notices.life import Happened, NoticeEvent
from monitor.store import tables
from monitor.store.documents import data_document, data_read

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


def opened(disk: Connection, customer: str, subject: str) -> int:
    """The number of the notice about `subject` to `customer`, which is made where there is none."""
    disk.execute(insert(_notice).values(customer=customer, subject=subject).on_conflict_do_nothing())
    number: int = disk.execute(
        select(_notice.c.id).where(_notice.c.customer == customer, _notice.c.subject == subject)
    ).scalar_one()
    return number


def happened(
    disk: Connection, notice: int, kind: Happened, by: str, now: datetime, data: Mapping[str, str] | None = None
) -> None:
    """Add an entry to the life of a notice."""
    row = {"notice": notice, "at": now, "kind": kind.value, "by": by, "data": data_document(data or {})}
    disk.execute(insert(_event).values(row))
