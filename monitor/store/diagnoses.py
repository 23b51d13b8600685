"""Which tickets wait for their diagnosis: what the ticket's own events say, nothing more is kept."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.model import EventKind
from monitor.store import tables

_ticket, _event, _fault = tables.ticket, tables.ticket_event, tables.fault
_NOT_OF_A_DEVICE = ("site",)
_NOT_OF_HARDWARE = ("configuration", "startup", "clock", "licence", "log", "utilisation", "discards")
"""Aspects of which a look inside the device tells nothing more."""


def waiting(disk: Connection, since: datetime, most: int) -> list[str]:
    """Tickets about hardware or reachability, opened since then, open and not diagnosed: the gravest first."""
    over = (EventKind.DIAGNOSED.value, EventKind.CLOSED.value)
    rows = disk.execute(
        select(_ticket.c.id)
        .join(_fault, _fault.c.id == _ticket.c.fault_id)
        .where(
            _ticket.c.opened_at >= since,
            _ticket.c.kind.not_in(_NOT_OF_A_DEVICE),
            _ticket.c.aspect.not_in(_NOT_OF_HARDWARE),
            ~select(_event.c.ticket).where(_event.c.ticket == _ticket.c.id, _event.c.kind.in_(over)).exists(),
        )
        .order_by(_fault.c.level, _ticket.c.opened_at)
        .limit(most)
    )
    return list(rows.scalars())


def is_diagnosed(disk: Connection, ticket: str) -> bool:
    """True where somebody diagnosed it already."""
    found = select(_event.c.seq).where(_event.c.ticket == ticket, _event.c.kind == EventKind.DIAGNOSED.value)
    return disk.execute(found.limit(1)).first() is not None


def since(disk: Connection, moment: datetime, by: str) -> int:
    """How many diagnoses `by` made since `moment`."""
    made = select(func.count()).where(
        _event.c.kind == EventKind.DIAGNOSED.value, _event.c.at >= moment, _event.c.by == by
    )
    return disk.execute(made).scalar_one()
