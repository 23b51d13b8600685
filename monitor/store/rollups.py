"""The past of devices on disk: hours as they end, days packed when they are over, and what reads both.

What lies in the octets is the business of rolled.py. An hour that was written before is continued: a daemon that was
stopped in the middle of it writes what came before and after.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from monitor.store import tables
from monitor.store.rolled import Layout, Part, joined, part_packed, part_read
from monitor.store.rolled_days import day_packed, parts_of

_layout, _hour, _day = tables.rollup_layout, tables.rollup_hour, tables.rollup_day


@dataclass(slots=True)
class Hour:
    """One hour of one device, or what is known of it. `day` is that of its site, which began at `start`."""

    device: str
    hour: datetime
    day: str
    start: datetime
    layout: Layout
    body: bytes

    @property
    def part(self) -> Part:
        """What the octets say."""
        return part_read(self.body)


@dataclass(frozen=True, slots=True)
class Packed:
    """A day of one device as it lies on disk; `hours` is b"" where they were not asked for."""

    device: str
    day: str
    start: datetime
    layout: int
    summary: bytes
    hours: bytes = b""


def saved(disk: Connection, hours: Sequence[Hour]) -> None:
    """Write down these hours, and continue those that were begun before."""
    if not hours:
        return
    ids = {each.layout.digest: 0 for each in hours}
    ids.update(_known(disk, ids))
    for each in hours:
        if not ids[each.layout.digest]:
            ids[each.layout.digest] = _id(disk, each.layout)
    asked = select(_hour).where(
        _hour.c.device.in_({each.device for each in hours}), _hour.c.hour.in_({each.hour for each in hours})
    )
    known = {(row.device, row.hour, row.layout): row.body for row in disk.execute(asked)}
    rows: dict[tuple[str, datetime, int], dict[str, object]] = {}
    for each in hours:
        key = each.device, each.hour, ids[each.layout.digest]
        begun = known.get(key)
        body = each.body if begun is None else part_packed(joined(part_read(begun), each.part))
        known[key] = body
        rows[key] = {
            "device": each.device, "hour": each.hour, "layout": key[2], "day": each.day, "start": each.start,
            "body": body,
        }  # fmt: skip
    question = insert(_hour)
    disk.execute(question.on_conflict_do_update(set_={"body": question.excluded.body}), list(rows.values()))


def _known(disk: Connection, digests: Collection[str]) -> Mapping[str, int]:
    rows = disk.execute(select(_layout.c.digest, _layout.c.id).where(_layout.c.digest.in_(digests)))
    return {row.digest: row.id for row in rows}


def _id(disk: Connection, layout: Layout) -> int:
    found = _known(disk, [layout.digest]).get(layout.digest)
    if found is None:
        new = insert(_layout).values(digest=layout.digest, body=layout.body).returning(_layout.c.id)
        found = disk.execute(new).scalar_one()
    return found


def layouts(disk: Connection, ids: Collection[int]) -> dict[int, Layout]:
    """These layouts, by their numbers on disk."""
    rows = disk.execute(select(_layout).where(_layout.c.id.in_(ids)))
    return {row.id: Layout.read(row.body) for row in rows}


def ended(disk: Connection, before: datetime, most: int) -> list[tuple[str, str]]:
    """Devices with a day of which an hour began `before` that, and which waits to be packed: at most so many."""
    asked = select(_hour.c.device, _hour.c.day).where(_hour.c.hour < before).order_by(_hour.c.hour).limit(most)
    return list(dict.fromkeys((row.device, row.day) for row in disk.execute(asked)))


def packed(disk: Connection, device: str, day: str) -> None:
    """Pack the hours of a day that is over, and forget them as single hours."""
    rows = disk.execute(select(_hour).where(_hour.c.device == device, _hour.c.day == day).order_by(_hour.c.hour)).all()
    known = layouts(disk, {row.layout for row in rows})
    for number, layout in known.items():
        own = [row for row in rows if row.layout == number]
        start = own[0].start
        here = (_day.c.device == device, _day.c.day == day, _day.c.layout == number)
        before = disk.execute(select(_day.c.start, _day.c.hours).where(*here)).first()
        hours: dict[int, Part] = {}
        if before is not None:
            start = before.start
            hours.update(parts_of(before.hours, layout.keys))
        for row in own:
            offset, part = round((row.hour - start).total_seconds()), part_read(row.body)
            hours[offset] = joined(hours[offset], part) if offset in hours else part
        summary, whole = day_packed(layout.keys, sorted(hours.items()))
        question = insert(_day).values(device=device, day=day, layout=number, start=start, summary=summary, hours=whole)
        news = {"summary": question.excluded.summary, "hours": question.excluded.hours}
        disk.execute(question.on_conflict_do_update(set_=news))
    disk.execute(delete(_hour).where(_hour.c.device == device, _hour.c.day == day))


def days(
    disk: Connection, names: Collection[str], start: str, end: str, *, with_hours: bool = False
) -> Iterator[Packed]:
    """The packed days of these devices from `start` up to, but without, `end`; by device and day."""
    columns = [_day.c.device, _day.c.day, _day.c.start, _day.c.layout, _day.c.summary]
    asked = select(*columns, *((_day.c.hours,) if with_hours else ())).where(
        _day.c.device.in_(names), _day.c.day >= start, _day.c.day < end
    )
    for row in disk.execute(asked.order_by(_day.c.device, _day.c.day)):
        yield Packed(*row)


def hours(disk: Connection, names: Collection[str], start: str, end: str) -> list[Hour]:
    """The hours of these devices that are not packed yet, of days from `start` up to, but without, `end`."""
    asked = select(_hour).where(_hour.c.device.in_(names), _hour.c.day >= start, _hour.c.day < end)
    rows = disk.execute(asked.order_by(_hour.c.device, _hour.c.hour)).all()
    known = layouts(disk, {row.layout for row in rows})
    return [Hour(row.device, row.hour, row.day, row.start, known[row.layout], row.body) for row in rows]


def forgotten(disk: Connection, before: str, most: int) -> int:
    """Forget days before this one, at most so many rows; how many there were."""
    old = select(_day.c.device, _day.c.day, _day.c.layout).where(_day.c.day < before).limit(most)
    rows = disk.execute(old).all()
    for row in rows:
        here = (_day.c.device == row.device, _day.c.day == row.day, _day.c.layout == row.layout)
        disk.execute(delete(_day).where(*here))
    if not rows:
        used = select(_day.c.layout).union(select(_hour.c.layout))
        disk.execute(delete(_layout).where(_layout.c.id.not_in(used)))
    return len(rows)
