"""Faults on disk, and what was once seen well."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from monitor.model import Fault, FaultKey, FaultState
from monitor.store import tables
from monitor.store.documents import fault_document, fault_read

_fault = tables.fault
_seen = tables.seen_ok


def known(disk: Connection, device: str) -> dict[FaultKey, Fault]:
    """All faults of `device` that are not cleared."""
    rows = disk.execute(
        select(_fault.c.id, _fault.c.body).where(_fault.c.device == device, _fault.c.state != FaultState.CLEARED)
    )
    return {fault.key: fault for fault in map(_read, rows)}


def saved(disk: Connection, fault: Fault) -> Fault:
    """Write `fault`, new (id 0) or changed, and return it with its id."""
    values = {
        "device": fault.key.device,
        "kind": fault.key.kind,
        "label": fault.key.label,
        "aspect": fault.key.aspect,
        "state": fault.state.value,
        "level": int(fault.level),
        "opened_at": fault.opened_at,
        "cleared_at": fault.cleared_at,
        "body": fault_document(fault),
    }
    if fault.id:
        disk.execute(_fault.update().where(_fault.c.id == fault.id).values(values))
        return fault
    written = disk.execute(_fault.insert().values(values))
    (number,) = written.inserted_primary_key or (0,)
    return replace(fault, id=number)


def forgotten(disk: Connection, fault: Fault) -> None:
    """Take back a suspicion that was never confirmed: nobody was told of it."""
    disk.execute(_fault.delete().where(_fault.c.id == fault.id, _fault.c.state == FaultState.SUSPECTED))


def by_id(disk: Connection, number: int) -> Fault | None:
    """The fault with this id."""
    row = disk.execute(select(_fault.c.id, _fault.c.body).where(_fault.c.id == number)).first()
    return None if row is None else _read(row)


def open_faults(disk: Connection) -> tuple[Fault, ...]:
    """Every open fault, gravest first."""
    rows = disk.execute(
        select(_fault.c.id, _fault.c.body)
        .where(_fault.c.state == FaultState.OPEN)
        .order_by(_fault.c.level, _fault.c.opened_at)
    )
    return tuple(map(_read, rows))


def between(
    disk: Connection, start: datetime, end: datetime, devices: Iterable[str] | None = None
) -> tuple[Fault, ...]:
    """Every fault that was open at some time from `start` (inclusive) to `end` (exclusive), oldest first."""
    question = (
        select(_fault.c.id, _fault.c.body)
        .where(_fault.c.opened_at < end, or_(_fault.c.cleared_at.is_(None), _fault.c.cleared_at >= start))
        .order_by(_fault.c.opened_at, _fault.c.id)
    )
    if devices is not None:
        question = question.where(_fault.c.device.in_(tuple(devices)))
    return tuple(map(_read, disk.execute(question)))


def counted(disk: Connection) -> dict[int, int]:
    """How many open faults there are of each level."""
    rows = disk.execute(
        select(_fault.c.level, func.count()).where(_fault.c.state == FaultState.OPEN).group_by(_fault.c.level)
    )
    return dict(rows.all())


def seen_ok(disk: Connection, device: str) -> frozenset[tuple[str, str, str]]:
    """Kind, label and aspect of what was once seen well on `device`."""
    rows = disk.execute(select(_seen.c.kind, _seen.c.label, _seen.c.aspect).where(_seen.c.device == device))
    return frozenset((kind, label, aspect) for kind, label, aspect in rows)


def remembered_ok(disk: Connection, device: str, seen: Iterable[tuple[str, str, str]]) -> None:
    """Remember that these were seen well."""
    rows = [{"device": device, "kind": k, "label": label, "aspect": a} for k, label, a in sorted(seen)]
    if rows:
        disk.execute(insert(_seen).on_conflict_do_nothing(), rows)


def _read(row: Row[int, str]) -> Fault:
    return replace(fault_read(row[1]), id=row[0])
