"""Maintenance windows on disk: those that people wrote down. None is ever deleted; one may be ended early."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, bindparam, select

from alerts.desk.recurring import Span
from alerts.desk.windows import Scope, Window
from monitor.store import tables

_window = tables.maintenance
PREFIX = "M"
_OVERLAPPING = (
    select(_window)
    .where(_window.c.over_at >= bindparam("start"), _window.c.begins <= bindparam("end"))
    .order_by(_window.c.id)
)


class NoSuchWindowError(LookupError):
    """There is no maintenance window with this number; the message says so and where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A window as it was written down; its `window` is over earlier than `ends` where `ended_by` ended it."""

    window: Window
    span: Span
    ends: datetime
    created_at: datetime
    ended_by: str


def added(disk: Connection, scope: Scope, span: Span, reason: str, by: str, now: datetime) -> str:
    """Write down a window, and return its name."""
    written = disk.execute(
        _window.insert().values(
            customer=scope.customer,
            site=scope.site,
            device=scope.device,
            kind=scope.kind,
            label=scope.label,
            begins=span.begins,
            ends=span.ends,
            over_at=span.ends,
            reason=reason,
            by=by,
            created_at=now,
        )
    )
    (number,) = written.inserted_primary_key or (0,)
    return f"{PREFIX}{number}"


def ended(disk: Connection, name: str, by: str, now: datetime) -> Planned:
    """End a window now; one that has not begun never will. Raises NoSuchWindowError, ValueError where it is over."""
    digits = name.upper().removeprefix(PREFIX)
    rows = _read(disk, select(_window).where(_window.c.id == int(digits))) if digits.isdecimal() else ()
    if not rows:
        raise NoSuchWindowError(f'there is no maintenance window "{name}"; "netvigil maintenance list" shows them')
    planned = rows[0]
    if planned.span.ends <= now:
        raise ValueError(f"{planned.window.name} is over since {planned.span.ends.isoformat(timespec='seconds')}")
    over_at = max(now, planned.span.begins)
    disk.execute(_window.update().where(_window.c.id == int(digits)).values(over_at=over_at, ended_by=by))
    return planned


def overlapping(disk: Connection, start: datetime, end: datetime) -> tuple[Window, ...]:
    """The windows that are on at some time from `start` to `end`, both inclusive, in the order of their numbers."""
    rows = disk.execute(_OVERLAPPING, {"start": start, "end": end})
    return tuple(_planned(row).window for row in rows)


def since(disk: Connection, moment: datetime) -> tuple[Planned, ...]:
    """Every window that was not over at `moment`, in the order of their beginnings."""
    return _read(disk, select(_window).where(_window.c.over_at > moment).order_by(_window.c.begins, _window.c.id))


def _read(disk: Connection, question: Select[tuple[object, ...]]) -> tuple[Planned, ...]:
    return tuple(map(_planned, disk.execute(question)))


def _planned(row: Row[tuple[object, ...]]) -> Planned:
    span = Span(begins=row.begins, ends=row.over_at)
    scope = Scope(customer=row.customer, site=row.site, device=row.device, kind=row.kind, label=row.label)
    return Planned(
        window=Window(name=f"{PREFIX}{row.id}", scope=scope, when=span, reason=row.reason, by=row.by),
        span=span,
        ends=row.ends,
        created_at=row.created_at,
        ended_by=row.ended_by,
    )
