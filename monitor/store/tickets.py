"""Tickets on disk: a row that says what the ticket is about, and its append-only events."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from monitor.model import EventKind, FaultKey, Ticket, TicketEvent
from monitor.store import tables
from monitor.store.documents import data_document, data_read

_ticket = tables.ticket
_event = tables.ticket_event


class NoSuchTicketError(LookupError):
    """There is no ticket with this number; the message says so and where to look."""


def next_id(disk: Connection, now: datetime, zone: str) -> str:
    """The next ticket number: T, the day where the site is, and a count within that day."""
    stem = f"T{now.astimezone(ZoneInfo(zone)):%Y%m%d}-"
    # A range, which the key's index has in order. T…-10000 comes after T…-9999, but before it as text.
    of_day = select(_ticket.c.id).where(_ticket.c.id > stem, _ticket.c.id < f"{stem}:")
    last = disk.execute(of_day.order_by(func.length(_ticket.c.id).desc(), _ticket.c.id.desc()).limit(1)).scalar()
    return f"{stem}{int(last[len(stem) :]) + 1 if last else 1:04d}"


def created(disk: Connection, ticket: Ticket, fault_id: int) -> None:
    """Write a new ticket with all its events."""
    disk.execute(
        _ticket.insert().values(
            id=ticket.id,
            fault_id=fault_id,
            device=ticket.fault.device,
            kind=ticket.fault.kind,
            label=ticket.fault.label,
            aspect=ticket.fault.aspect,
            customer=ticket.customer,
            site=ticket.site,
            region=ticket.region,
            opened_at=ticket.events[0].at,
        )
    )
    for event in ticket.events:
        appended(disk, ticket.id, event)


def appended(disk: Connection, ticket: str, event: TicketEvent) -> None:
    """Write one more event. The primary key refuses a second event with the same number."""
    disk.execute(
        _event.insert().values(
            ticket=ticket,
            seq=event.seq,
            kind=event.kind.value,
            at=event.at,
            by=event.by,
            data=data_document(event.data),
        )
    )


def unclosed(disk: Connection, key: FaultKey | None = None) -> tuple[Ticket, ...]:
    """Tickets that no person has closed yet, oldest first; with `key`, those about this fault."""
    closed = select(_event.c.ticket).where(_event.c.kind == EventKind.CLOSED.value)
    question = select(_ticket).where(_ticket.c.id.not_in(closed)).order_by(_ticket.c.opened_at, _ticket.c.id)
    if key is not None:
        question = question.where(
            _ticket.c.device == key.device,
            _ticket.c.kind == key.kind,
            _ticket.c.label == key.label,
            _ticket.c.aspect == key.aspect,
        )
    return _read(disk, question)


def heads(disk: Connection) -> dict[str, int]:
    """Of every ticket that is not closed, the number of its last event: what the clocks need to know of news."""
    closed = select(_event.c.ticket).where(_event.c.kind == EventKind.CLOSED.value)
    rows = disk.execute(
        select(_event.c.ticket, func.max(_event.c.seq)).where(_event.c.ticket.not_in(closed)).group_by(_event.c.ticket)
    )
    return dict(rows.all())


def found(disk: Connection, ticket: str) -> Ticket:
    """The ticket with this number. Raises NoSuchTicketError."""
    rows = _read(disk, select(_ticket).where(_ticket.c.id == ticket))
    if not rows:
        raise NoSuchTicketError(f'there is no ticket "{ticket}"; "netvigil ticket list --all" shows them')
    return rows[0]


def all_about(disk: Connection, key: FaultKey) -> tuple[Ticket, ...]:
    """The tickets about this fault, the newest first."""
    question = select(_ticket).where(
        _ticket.c.device == key.device,
        _ticket.c.kind == key.kind,
        _ticket.c.label == key.label,
        _ticket.c.aspect == key.aspect,
    )
    return _read(disk, question.order_by(_ticket.c.opened_at.desc(), _ticket.c.id.desc()))


def of_device(disk: Connection, device: str) -> tuple[Ticket, ...]:
    """Every ticket about a fault of this device, oldest first."""
    question = select(_ticket).where(_ticket.c.device == device).order_by(_ticket.c.opened_at, _ticket.c.id)
    return _read(disk, question)


def several(disk: Connection, numbers: Iterable[str]) -> tuple[Ticket, ...]:
    """The tickets with these numbers, as far as there are such, oldest first."""
    wanted = select(_ticket).where(_ticket.c.id.in_(tuple(numbers)))
    return _read(disk, wanted.order_by(_ticket.c.opened_at, _ticket.c.id))


def by_fault(disk: Connection) -> dict[FaultKey, str]:
    """The newest ticket about each fault key."""
    rows = disk.execute(select(_ticket).order_by(_ticket.c.opened_at, _ticket.c.id))
    return {FaultKey(device=row.device, kind=row.kind, label=row.label, aspect=row.aspect): row.id for row in rows}


def between(disk: Connection, start: datetime, end: datetime, sites: Iterable[str] | None = None) -> tuple[Ticket, ...]:
    """Tickets opened from `start` (inclusive) to `end` (exclusive), or not closed before `start`; oldest first."""
    closed_before = select(_event.c.ticket).where(_event.c.kind == EventKind.CLOSED.value, _event.c.at < start)
    question = (
        select(_ticket)
        .where(_ticket.c.opened_at < end, _ticket.c.id.not_in(closed_before))
        .order_by(_ticket.c.opened_at, _ticket.c.id)
    )
    if sites is not None:
        question = question.where(_ticket.c.site.in_(tuple(sites)))
    return _read(disk, question)


def _read(disk: Connection, question: object) -> tuple[Ticket, ...]:
    rows = disk.execute(question).all()  # type: ignore[call-overload] # a select of the ticket table's columns
    events: dict[str, list[TicketEvent]] = {row.id: [] for row in rows}
    found = disk.execute(
        select(_event).where(_event.c.ticket.in_(tuple(events))).order_by(_event.c.ticket, _event.c.seq)
    )
    for row in found:
        events[row.ticket].append(
            TicketEvent(seq=row.seq, kind=EventKind(row.kind), at=row.at, by=row.by, data=data_read(row.data))
        )
    return tuple(
        Ticket(
            id=row.id,
            fault=FaultKey(device=row.device, kind=row.kind, label=row.label, aspect=row.aspect),
            customer=row.customer,
            site=row.site,
            region=row.region,
            events=tuple(events[row.id]),
        )
        for row in rows
    )
