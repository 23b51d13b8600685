"""How often the link of each port went down on each day: as visits saw it, and as the device told of it."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from monitor.store import tables

_flap = tables.link_flap


class Place(NamedTuple):
    """One port on one day of its site."""

    device: str
    label: str
    day: date


def added(disk: Connection, counts: Mapping[Place, tuple[int, int]]) -> None:
    """Add so many that were seen, and so many that were heard, to what is known of each day."""
    rows = [
        {"device": device, "label": label, "day": day.isoformat(), "seen": seen, "heard": heard}
        for (device, label, day), (seen, heard) in counts.items()
    ]
    if rows:
        put = insert(_flap)
        more = {name: _flap.c[name] + put.excluded[name] for name in ("seen", "heard")}
        disk.execute(put.on_conflict_do_update(index_elements=["device", "label", "day"], set_=more), rows)


def counts(disk: Connection, devices: Collection[str], first: date) -> dict[tuple[str, str], dict[date, int]]:
    """How often the links of `devices` went down since `first`, by device and port; days without any are left out."""
    question = select(_flap.c.device, _flap.c.label, _flap.c.day, func.max(_flap.c.seen, _flap.c.heard)).where(
        _flap.c.device.in_(sorted(devices)), _flap.c.day >= first.isoformat()
    )
    found: dict[tuple[str, str], dict[date, int]] = {}
    for device, label, day, count in disk.execute(question):
        found.setdefault((device, label), {})[date.fromisoformat(day)] = count
    return found


def forgotten(disk: Connection, before: date) -> None:
    """Forget the days before that."""
    disk.execute(_flap.delete().where(_flap.c.day < before.isoformat()))
