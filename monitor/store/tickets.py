"""Tickets on disk: a row that says what the ticket is about, and its append-only events."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, bindparam, func, select

from alerts.desk.effective import written_at
from alerts.desk.tickets import ENDS
from monitor.model import EventKind, FaultKey, Ticket, TicketEvent, TicketKind
from monitor.store import chain, tables
from monitor.store.documents import data_document, data_read

_ticket = tables.ticket
_event = tables.ticket_event
_ABOUT = (
    (_ticket.c.device == bindparam("device"))
    & (_ticket.c.kind == bindparam("kind"))
    & (_ticket.c.label == bindparam("label"))
    & (_ticket.c.aspect == bindparam("aspect"))
)
# Made once, for to make a question costs more than to ask it (monitor/store/faults.py).
_UNCLOSED = select(_ticket).where(_ticket.c.ended_at.is_(None)).order_by(_ticket.c.opened_at, _ticket.c.id)
_UNCLOSED_ABOUT = _UNCLOSED.where(_ABOUT)
_ENDED_SINCE = (
    select(_ticket).where(_ABOUT, _ticket.c.ended_at > bindparam("since")).order_by(_ticket.c.ended_at.desc()).limit(1)
)
_ALL_ABOUT = select(_ticket).where(_ABOUT).order_by(_ticket.c.opened_at.desc(), _ticket.c.id.desc())
_FOUND = select(_ticket).where(_ticket.c.id == bindparam("ticket"))
_EVENTS = (
    select(_event)
    .where(_event.c.ticket.in_(bindparam("tickets", expanding=True)))
    .order_by(_event.c.ticket, _event.c.seq)
)
# A range, which the key's index has in order.
_LAST_OF_DAY = select(func.max(_ticket.c.id)).where(_ticket.c.id > bindparam("begin"), _ticket.c.id < bindparam("end"))
_LONGEST_OF_DAY = (
    select(_ticket.c.id)
    .where(_ticket.c.id > bindparam("begin"), _ticket.c.id < bindparam("end"))
    .order_by(func.length(_ticket.c.id).desc(), _ticket.c.id.desc())
    .limit(1)
)
_NEW, _NEW_EVENT = _ticket.insert(), _event.insert()


class NoSuchTicketError(LookupError):
    """There is no ticket with this number; the message says so and where to look."""


def next_id(disk: Connection, now: datetime, zone: str) -> str:
    """The next ticket number: T, the day where the site is, and a count within that day."""
    stem = f"T{now.astimezone(ZoneInfo(zone)):%Y%m%d}-"
    of_day = {"begin": stem, "end": f"{stem}:"}
    last = disk.execute(_LAST_OF_DAY, of_day).scalar()
    if last is not None and last.endswith("-9999"):  # T…-10000 comes after it, but before it as text
        last = disk.execute(_LONGEST_OF_DAY, of_day).scalar()
    return f"{stem}{int(last[len(stem) :]) + 1 if last else 1:04d}"


def created(disk: Connection, ticket: Ticket, fault_id: int | None) -> None:
    """Write a new ticket with all its events; `fault_id` is that of the fault which opened it."""
    disk.execute(
        _NEW,
        {
            "id": ticket.id,
            "what": ticket.kind.value,
            "fault_id": fault_id,
            **_key(ticket.fault),
            "customer": ticket.customer,
            "site": ticket.site,
            "region": ticket.region,
            "opened_at": ticket.events[0].at,
        },
    )
    for event in ticket.events:
        appended(disk, ticket.id, event)


def appended(disk: Connection, ticket: str, event: TicketEvent) -> None:
    """Write one more event, chained to the one before. The database refuses a second event with the same number."""
    data, wrote = data_document(event.data), written_at(event)
    said = chain.digest(
        chain.head(disk),
        ticket,
        event.seq,
        event.kind.value,
        tables.ticks(event.at),
        event.by,
        data,
        tables.ticks(wrote),
    )
    disk.execute(
        _NEW_EVENT,
        {
            "ticket": ticket,
            "seq": event.seq,
            "kind": event.kind.value,
            "at": event.at,
            "by": event.by,
            "data": data,
            "written_at": wrote,
            "digest": said,
        },
    )
    if event.kind in ENDS or event.kind is EventKind.RELAPSED:
        ended = event.at if event.kind in ENDS else None
        disk.execute(_ticket.update().where(_ticket.c.id == ticket).values(ended_at=ended))


def unclosed(disk: Connection, key: FaultKey | None = None) -> tuple[Ticket, ...]:
    """Tickets that have not ended, oldest first; with `key`, those about this fault."""
    return _read(disk, _UNCLOSED) if key is None else _read(disk, _UNCLOSED_ABOUT, _key(key))


def ended_since(disk: Connection, key: FaultKey, since: datetime) -> Ticket | None:
    """The ticket about this fault that ended last, if it did after `since`."""
    return next(iter(_read(disk, _ENDED_SINCE, {**_key(key), "since": since})), None)


def _key(key: FaultKey) -> dict[str, Any]:
    return {"device": key.device, "kind": key.kind, "label": key.label, "aspect": key.aspect}


def heads(disk: Connection) -> dict[str, int]:
    """Of every ticket that is not closed, the number of its last event: what the clocks need to know of news."""
    rows = disk.execute(
        select(_event.c.ticket, func.max(_event.c.seq))
        .where(_event.c.ticket.in_(select(_ticket.c.id).where(_ticket.c.ended_at.is_(None))))
        .group_by(_event.c.ticket)
    )
    return dict(rows.all())


def found(disk: Connection, ticket: str) -> Ticket:
    """The ticket with this number. Raises NoSuchTicketError."""
    rows = _read(disk, _FOUND, {"ticket": ticket})
    if not rows:
        raise NoSuchTicketError(f'there is no ticket "{ticket}"; "netvigil ticket list --all" shows them')
    return rows[0]


def all_about(disk: Connection, key: FaultKey) -> tuple[Ticket, ...]:
    """The tickets about this fault, the newest first."""
    return _read(disk, _ALL_ABOUT, _key(key))


def of_device(disk: Connection, device: str) -> tuple[Ticket, ...]:
    """Every ticket about a fault of this device, oldest first."""
    question = select(_ticket).where(_ticket.c.device == device).order_by(_ticket.c.opened_at, _ticket.c.id)
    return _read(disk, question)


def alike(disk: Connection, key: FaultKey, devices: Iterable[str]) -> tuple[Ticket, ...]:
    """Tickets about the same aspect of the same kind of part in `devices`, the newest first."""
    question = select(_ticket).where(
        _ticket.c.kind == key.kind, _ticket.c.aspect == key.aspect, _ticket.c.device.in_(tuple(devices))
    )
    return _read(disk, question.order_by(_ticket.c.opened_at.desc(), _ticket.c.id.desc()))


def several(disk: Connection, numbers: Iterable[str]) -> tuple[Ticket, ...]:
    """The tickets with these numbers, as far as there are such, oldest first."""
    wanted = select(_ticket).where(_ticket.c.id.in_(tuple(numbers)))
    return _read(disk, wanted.order_by(_ticket.c.opened_at, _ticket.c.id))


def by_fault(disk: Connection) -> dict[FaultKey, str]:
    """The newest ticket about each fault key."""
    rows = disk.execute(select(_ticket).order_by(_ticket.c.opened_at, _ticket.c.id))
    return {FaultKey(device=row.device, kind=row.kind, label=row.label, aspect=row.aspect): row.id for row in rows}


def between(disk: Connection, start: datetime, end: datetime, sites: Iterable[str] | None = None) -> tuple[Ticket, ...]:
    """Tickets opened from `start` (inclusive) to `end` (exclusive), or not ended before `start`; oldest first."""
    question = (
        select(_ticket)
        .where(_ticket.c.opened_at < end, _ticket.c.ended_at.is_(None) | (_ticket.c.ended_at >= start))
        .order_by(_ticket.c.opened_at, _ticket.c.id)
    )
    if sites is not None:
        question = question.where(_ticket.c.site.in_(tuple(sites)))
    return _read(disk, question)


def _read(
    disk: Connection, question: Select[tuple[Any, ...]], values: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Ticket, ...]:
    """The tickets that `question`, of all columns of their table, finds."""
    rows = disk.execute(question, dict(values)).all()
    if not rows:
        return ()
    events: dict[str, list[TicketEvent]] = {row.id: [] for row in rows}
    for row in disk.execute(_EVENTS, {"tickets": tuple(events)}):
        events[row.ticket].append(
            TicketEvent(
                seq=row.seq,
                kind=EventKind(row.kind),
                at=row.at,
                by=row.by,
                data=data_read(row.data),
                written_at=None if row.written_at == row.at else row.written_at,
            )
        )
    return tuple(
        Ticket(
            id=row.id,
            kind=TicketKind(row.what),
            fault=FaultKey(device=row.device, kind=row.kind, label=row.label, aspect=row.aspect),
            customer=row.customer,
            site=row.site,
            region=row.region,
            events=tuple(events[row.id]),
        )
        for row in rows
    )
