"""The asset file on disk: every delivered unit as it is known now, and an append-only list of who wrote what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from alerts.desk.assets import DATES, FIELDS, Asset, changes, word
from alerts.desk.warranty import NOT_YET, Day
from monitor.store import tables
from monitor.store.documents import data_document, data_read

_asset = tables.asset
_event = tables.asset_event
_ANY_UNIT, _ANY_STORE = select(_asset.c.id).limit(1), select(tables.spare_store.c.name).limit(1)


class NoSuchAssetError(LookupError):
    """There is no such unit in the asset file; the message says so and where to look."""


class What(StrEnum):
    """What can be written into the history of a unit."""

    ENTERED = "entered"
    IMPORTED = "imported"
    FILLED = "filled"
    CHANGED = "changed"
    REPLACED = "replaced"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEvent:
    """One line of a unit's history. `source` is the file and row of an import, `data` the fields that changed."""

    at: datetime
    what: What
    by: str
    serial: str
    ticket: str = ""
    source: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


def is_kept(disk: Connection) -> bool:
    """True where somebody has written a unit into the asset file, or a store into the book of spares."""
    return disk.execute(_ANY_UNIT).first() is not None or disk.execute(_ANY_STORE).first() is not None


def all_assets(disk: Connection) -> tuple[Asset, ...]:
    """Every unit of the asset file, by serial number."""
    return _read(disk, select(_asset).order_by(_asset.c.serial))


def by_serials(disk: Connection, serials: Iterable[str]) -> dict[str, Asset]:
    """The units with these serial numbers, as far as there are such."""
    wanted = {serial.upper() for serial in serials}
    return {each.serial: each for each in all_assets(disk) if each.serial in wanted}


def of(disk: Connection, name: str) -> tuple[Asset, ...]:
    """The unit with the serial number or service tag `name`, or all units of the device. Raises NoSuchAssetError."""
    found = _read(disk, select(_asset).where(_asset.c.serial == name.upper()))
    found = found or of_device(disk, name)
    if not found:
        raise NoSuchAssetError(f'the asset file has no unit or device "{name}"; "netvigil asset list" shows them all')
    return found


def one(disk: Connection, serial: str) -> Asset:
    """The unit with this serial number or service tag. Raises NoSuchAssetError."""
    _number(disk, serial)
    return by_serials(disk, [serial])[serial.upper()]


def of_device(disk: Connection, device: str) -> tuple[Asset, ...]:
    """The units that the asset file places in `device`."""
    return _read(disk, select(_asset).where(_asset.c.device == device).order_by(_asset.c.serial))


def saved(
    disk: Connection, before: Asset | None, after: Asset, what: What, by: str, now: datetime, source: str = ""
) -> Mapping[str, tuple[str, str]]:
    """Write the unit down, and what changed into its history; returns that. Nothing is written where nothing did."""
    changed = changes(before, after)
    if not changed:
        return {}
    values = {name: word(getattr(after, name)) for name in FIELDS}
    if before is None:
        written = disk.execute(_asset.insert().values(values))
        (number,) = written.inserted_primary_key or (0,)
    else:
        number = _number(disk, before.serial)
        disk.execute(_asset.update().where(_asset.c.id == number).values(values))
    data = {
        f"{name}_{when}": told
        for name, pair in changed.items()
        for when, told in zip(("from", "to"), pair, strict=True)
    }
    happened(disk, AssetEvent(at=now, what=what, by=by, serial=after.serial, source=source, data=data), number)
    return changed


def repaired(
    disk: Connection, serial: str, ticket: str, by: str, now: datetime, why: str = "", on: date | None = None
) -> None:
    """Write down that a unit was repaired with this ticket, today or `on` another day. Raises NoSuchAssetError."""
    data = {name: told for name, told in (("why", why), ("on", on.isoformat() if on else "")) if told}
    happened(disk, AssetEvent(at=now, what=What.REPAIRED, by=by, serial=serial.upper(), ticket=ticket, data=data))


def happened(disk: Connection, event: AssetEvent, number: int = 0) -> None:
    """Add one line to the history of the unit with the event's serial number."""
    disk.execute(
        _event.insert().values(
            asset=number or _number(disk, event.serial),
            at=event.at,
            what=event.what.value,
            by=event.by,
            serial=event.serial,
            ticket=event.ticket,
            source=event.source,
            data=data_document(event.data),
        )
    )


def history(disk: Connection, serial: str) -> tuple[AssetEvent, ...]:
    """What was written about the unit, oldest first; also under the serial numbers that it had before."""
    wanted = select(_event).where(_event.c.asset == _number(disk, serial)).order_by(_event.c.id)
    return tuple(
        AssetEvent(
            at=row.at,
            what=What(row.what),
            by=row.by,
            serial=row.serial,
            ticket=row.ticket,
            source=row.source,
            data=data_read(row.data),
        )
        for row in disk.execute(wanted)
    )


def written_at(disk: Connection) -> dict[str, datetime]:
    """When something was last written about each unit, by the serial number that it has."""
    rows = disk.execute(select(_asset.c.serial, _event.c.at).join(_event, _event.c.asset == _asset.c.id))
    found: dict[str, datetime] = {}
    for serial, at in rows:
        found[serial] = max(at, found.get(serial, at))
    return found


def _number(disk: Connection, serial: str) -> int:
    number = disk.execute(select(_asset.c.id).where(_asset.c.serial == serial.upper())).scalar()
    if number is None:
        raise NoSuchAssetError(f'the asset file has no unit "{serial}"; "netvigil asset list" shows them all')
    return int(number)


def _read(disk: Connection, question: Select[tuple[object, ...]]) -> tuple[Asset, ...]:
    return tuple(map(_of_row, disk.execute(question)))


def _of_row(row: Row[tuple[object, ...]]) -> Asset:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    days: dict[str, Any] = {name: _day(told[name]) for name in DATES}
    return Asset(**days, **{name: told[name] for name in FIELDS if name not in DATES})


def _day(text: str) -> Day:
    if not text:
        return None
    return NOT_YET if text == NOT_YET.value else date.fromisoformat(text)
