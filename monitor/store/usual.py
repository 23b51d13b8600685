"""What is usual for ports, as it lies on disk: the days a device was watched, the worst hours of ports with errors."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from alerts.faults.baseline import Day, Hours
from monitor.store import tables

_day, _hours = tables.watched_day, tables.worst_hours
_DAYS = select(_day.c.day).where(_day.c.device == bindparam("device")).order_by(_day.c.day)
_HOURS = select(_hours).where(_hours.c.device == bindparam("device"))
Port = tuple[str, str]
"""Label and aspect."""


def of(disk: Connection, device: str) -> tuple[tuple[Day, ...], dict[Port, dict[Day, Hours]]]:
    """The days on which `device` was watched, oldest first, and the worst hours of its ports by day."""
    days = disk.execute(_DAYS, {"device": device}).scalars()
    found: dict[Port, dict[Day, Hours]] = {}
    for row in disk.execute(_HOURS, {"device": device}):
        found.setdefault((row.label, row.aspect), {})[row.day] = (row.worst, row.second)
    return tuple(days), found


def saved(disk: Connection, device: str, day: Day, hours: Mapping[Port, Hours], *, since: Day) -> None:
    """Write down that `device` was watched on `day`, and these hours of its ports; forget what was before `since`."""
    disk.execute(insert(_day).on_conflict_do_nothing(), {"device": device, "day": day})
    rows = [
        {"device": device, "label": label, "aspect": aspect, "day": day, "worst": worst, "second": second}
        for (label, aspect), (worst, second) in sorted(hours.items())
    ]
    if rows:
        question = insert(_hours)
        new = {"worst": question.excluded.worst, "second": question.excluded.second}
        keys = ["device", "label", "aspect", "day"]
        disk.execute(question.on_conflict_do_update(index_elements=keys, set_=new), rows)
    for table in (_day, _hours):
        disk.execute(table.delete().where(table.c.device == device, table.c.day < since))
