"""What a device last said it is, how its visits went, and what was seen of it, one snapshot a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import Insert, insert

from monitor.model import Identity, Observation
from monitor.store import tables
from monitor.store.documents import identity_document, identity_read, observations_packed, observations_unpacked

_device = tables.device
_snapshot = tables.snapshot
_IS_PICTURE = (_snapshot.c.device == bindparam("of_device")) & (_snapshot.c.day == bindparam("of_day"))
_SNAPSHOT_AT = select(_snapshot.c.at).where(_IS_PICTURE)
_TAKEN = insert(_snapshot)
_PICTURED = _TAKEN.on_conflict_do_update(
    index_elements=["device", "day"], set_={"at": _TAKEN.excluded.at, "body": _TAKEN.excluded.body}
)
_BY_NAME = select(_device).where(_device.c.name == bindparam("device"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """What is remembered of a device's visits. `silent_visits` counts those in a row that told nothing.

    `booted_at` is when it was started, as it said when it answered last; None where it tells no uptime.
    """

    name: str
    identity: Identity
    visited_at: datetime
    answered_at: datetime | None
    silence: str | None
    silent_visits: int
    booted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was seen of a device at one moment of one day."""

    device: str
    day: str
    at: datetime
    observations: tuple[Observation, ...]


def answered(disk: Connection, name: str, identity: Identity, now: datetime, booted_at: datetime | None = None) -> None:
    """Write down that the device answered, what it is, and when it was started."""
    row = {"name": name, "identity": identity_document(identity), "visited_at": now, "answered_at": now}
    _upserted(disk, {**row, "silence": None, "silent_visits": 0, "booted_at": booted_at})


def silent(disk: Connection, name: str, reason: str, now: datetime, before: Visited | None) -> int:
    """Write down that the device, of which `before` is remembered, told nothing and why.

    Returns how many visits in a row that makes.
    """
    count = (before.silent_visits if before else 0) + 1
    identity = before.identity if before else Identity()
    _upserted(
        disk,
        {
            "name": name,
            "identity": identity_document(identity),
            "visited_at": now,
            "answered_at": before.answered_at if before else None,
            "silence": reason,
            "silent_visits": count,
        },
    )
    return count


def by_name(disk: Connection, name: str) -> Visited | None:
    """What is remembered of the device; None where it was never visited."""
    row = disk.execute(_BY_NAME, {"device": name}).first()
    return None if row is None else Visited(**{**row._asdict(), "identity": identity_read(row.identity)})


def all_visited(disk: Connection) -> dict[str, Visited]:
    """What is remembered of every device, by name."""
    rows = disk.execute(select(_device).order_by(_device.c.name))
    return {row.name: Visited(**{**row._asdict(), "identity": identity_read(row.identity)}) for row in rows}


def snapshot_at(disk: Connection, name: str, day: str) -> datetime | None:
    """When the device's snapshot of `day` was taken; None where there is none."""
    return disk.execute(_SNAPSHOT_AT, {"of_device": name, "of_day": day}).scalar_one_or_none()


def snapshot_saved(disk: Connection, name: str, day: str, at: datetime, observations: Sequence[Observation]) -> None:
    """Keep what was seen as the snapshot of `day` ("2026-11-22"), in place of an earlier one of that day."""
    disk.execute(_PICTURED, {"device": name, "day": day, "at": at, "body": observations_packed(observations)})


def first_day(disk: Connection) -> str | None:
    """The first day of which there is a snapshot of any device: since when we watch."""
    return disk.execute(select(func.min(_snapshot.c.day))).scalar_one_or_none()


def newest_snapshots(disk: Connection, names: Iterable[str], first_day: str, end_day: str) -> dict[str, Snapshot]:
    """Of each device, its newest snapshot from `first_day` (inclusive) to `end_day` (exclusive)."""
    last = (
        select(_snapshot.c.device, func.max(_snapshot.c.day).label("day"))
        .where(_snapshot.c.device.in_(tuple(names)), _snapshot.c.day >= first_day, _snapshot.c.day < end_day)
        .group_by(_snapshot.c.device)
        .subquery()
    )
    is_last = (_snapshot.c.device == last.c.device) & (_snapshot.c.day == last.c.day)
    return {
        row.device: Snapshot(device=row.device, day=row.day, at=row.at, observations=observations_unpacked(row.body))
        for row in disk.execute(select(_snapshot).join(last, is_last))
    }


def _upserted(disk: Connection, row: dict[str, object]) -> None:
    disk.execute(_upsert(tuple(row)), row)


@cache
def _upsert(columns: tuple[str, ...]) -> Insert:
    statement = insert(_device)
    changed = {column: statement.excluded[column] for column in columns if column != "name"}
    return statement.on_conflict_do_update(index_elements=["name"], set_=changed)
