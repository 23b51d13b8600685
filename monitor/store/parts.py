"""What a device consists of, and what happened to it: parts as they were told last, and events that only grow."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from monitor.model import Component, DeviceEvent, Happened
from monitor.store import tables
from monitor.store.documents import data_document, data_read

_part = tables.part
_event = tables.device_event
Key = tuple[str, str]
_OF_DEVICE = select(_part).where(_part.c.device == bindparam("of_device")).order_by(_part.c.kind, _part.c.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One part as it is remembered. `told_by` is the table of the platform file that tells of it.

    `missing_since`: it is not there since then, as far as one visit can tell; `gone_at`: that is sure.
    """

    component: Component
    told_by: str
    first_seen: datetime
    changed_at: datetime
    missing_since: datetime | None = None
    gone_at: datetime | None = None

    @property
    def key(self) -> Key:
        """Its name within the device."""
        return self.component.kind, self.component.label


def known(disk: Connection, device: str) -> dict[Key, Known]:
    """The parts of `device` by kind and label."""
    rows = disk.execute(_OF_DEVICE, {"of_device": device})
    return {(row.kind, row.label): _read(row) for row in rows}


def all_known(disk: Connection) -> dict[str, list[Known]]:
    """The parts of every device that are remembered, by device."""
    found: dict[str, list[Known]] = {}
    for row in disk.execute(select(_part).order_by(_part.c.device, _part.c.kind, _part.c.label)):
        found.setdefault(row.device, []).append(_read(row))
    return found


class Marked(NamedTuple):
    """A part that tells what it is; of ten thousand devices there are some hundred thousand."""

    device: str
    kind: str
    label: str
    serial: str
    model: str
    part_number: str


def marked(disk: Connection) -> Iterator[Marked]:
    """The parts of all devices that are there and tell a model or a part number."""
    columns = [_part.c[name] for name in Marked._fields]
    question = select(*columns).where(_part.c.gone_at.is_(None), (_part.c.model != "") | (_part.c.part_number != ""))
    return (Marked(*row) for row in disk.execute(question))


def having(disk: Connection, kind: str, names: Collection[str]) -> frozenset[str]:
    """Those of the devices `names` that have a part of this kind."""
    question = select(_part.c.device).distinct().where(_part.c.kind == kind, _part.c.gone_at.is_(None))
    return frozenset(disk.execute(question.where(_part.c.device.in_(sorted(names)))).scalars())


def has_missing(disk: Connection, device: str) -> bool:
    """True where a part of `device` is not where it was."""
    question = select(_part.c.label).where(_part.c.device == device, _part.c.missing_since.is_not(None)).limit(1)
    return disk.execute(question).first() is not None


def saved(disk: Connection, device: str, parts: Iterable[Known]) -> None:
    """Write `parts`, new or changed."""
    rows = [
        {
            "device": device,
            "kind": one.component.kind,
            "label": one.component.label,
            "told_by": one.told_by,
            **_fru(one.component),
            "first_seen": one.first_seen,
            "changed_at": one.changed_at,
            "missing_since": one.missing_since,
            "gone_at": one.gone_at,
        }
        for one in parts
    ]
    if rows:
        statement = insert(_part)
        changed = {each.name: statement.excluded[each.name] for each in _part.c if not each.primary_key}
        disk.execute(statement.on_conflict_do_update(index_elements=["device", "kind", "label"], set_=changed), rows)


def dropped(disk: Connection, device: str, key: Key) -> None:
    """Remember the part no longer."""
    kind, label = key
    disk.execute(_part.delete().where(_part.c.device == device, _part.c.kind == kind, _part.c.label == label))


def happened(disk: Connection, events: Iterable[DeviceEvent]) -> None:
    """Add to the history; an entry of a device's log that is there already is left out."""
    rows = [
        {
            "device": one.device,
            "at": one.at,
            "what": one.what.value,
            "kind": one.kind,
            "label": one.label,
            "data": data_document(one.data),
            "source": one.source,
            "source_id": one.source_id,
        }
        for one in events
    ]
    if rows:
        disk.execute(insert(_event).on_conflict_do_nothing(), rows)


def history(
    disk: Connection,
    devices: Iterable[str],
    since: datetime,
    until: datetime | None = None,
    what: Happened | None = None,
    but: Happened | None = None,
) -> tuple[DeviceEvent, ...]:
    """What happened to `devices` from `since` (inclusive) to `until` (exclusive), oldest first.

    `what`: only that; `but`: all else.
    """
    question = select(_event).where(_event.c.device.in_(tuple(devices)), _event.c.at >= since)
    if until is not None:
        question = question.where(_event.c.at < until)
    if what is not None:
        question = question.where(_event.c.what == what.value)
    if but is not None:
        question = question.where(_event.c.what != but.value)
    rows = disk.execute(question.order_by(_event.c.at, _event.c.id))
    return tuple(
        DeviceEvent(
            device=row.device,
            at=row.at,
            what=Happened(row.what),
            kind=row.kind,
            label=row.label,
            data=data_read(row.data),
            source=row.source,
            source_id=row.source_id,
        )
        for row in rows
    )


class LogLine(NamedTuple):
    """A line that a device's log told so many `times`; `severity` is a condition, or "" where none was told."""

    device: str
    severity: str
    text: str
    times: int


def log_lines(disk: Connection, devices: Iterable[str], since: datetime, until: datetime) -> Iterator[LogLine]:
    """The lines of the logs of `devices` from `since` (inclusive) to `until` (exclusive), equal ones counted."""
    severity, text = (func.coalesce(func.json_extract(_event.c.data, f"$.{name}"), "") for name in ("severity", "text"))
    question = (
        select(_event.c.device, severity, text, func.count())
        .where(_event.c.device.in_(tuple(devices)), _event.c.at >= since, _event.c.at < until)
        .where(_event.c.what == Happened.LOG_ENTRY.value)
        .group_by(_event.c.device, severity, text)
        .order_by(_event.c.device, severity, text)
    )
    return (LogLine(*row) for row in disk.execute(question))


_FRU = ("slot", "model", "part_number", "serial", "hardware_version", "software_version")


def _fru(component: Component) -> Mapping[str, str]:
    return {name: getattr(component, name) for name in _FRU}


def _read(row: Row[tuple[object, ...]]) -> Known:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    return Known(
        component=Component(kind=told["kind"], label=told["label"], **{name: told[name] for name in _FRU}),
        told_by=told["told_by"],
        first_seen=told["first_seen"],
        changed_at=told["changed_at"],
        missing_since=told["missing_since"],
        gone_at=told["gone_at"],
    )
