"""What became of a device's parts since they were last written down: events, and rows to write. Plain functions.

Asked by `monitor.history` where a visit tells of other parts than the last one did. A part is gone when two visits,
some seconds apart, say for sure that it is not there; one whose serial number turns up elsewhere has moved.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collectors.parts import FRU, Key, PartSeen, PartsSeen
from monitor.model import Component, DeviceEvent, Happened
from monitor.store.parts import Known

CONFIRM = timedelta(seconds=10)
"""How long a part is missing before that is believed: agents keep what they tell for some seconds."""
_VERSIONS = ("hardware_version", "software_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What to write, and which parts are `gone`: not there now, for sure; those with `gone_at` not even before.

    Beside each of them stands the column that would tell of it.
    `moved` are the names that parts no longer have, `unknown` those of which no table tells any more. `look_again`:
    when another look could make sure of a part that is missing. Not `is_settled`: the next visit has to be compared
    again, even if it tells the same.
    """

    saved: tuple[Known, ...]
    moved: tuple[Key, ...]
    unknown: tuple[Key, ...]
    events: tuple[DeviceEvent, ...]
    gone: tuple[tuple[Known, str], ...]
    look_again: datetime | None
    is_settled: bool


def compared(
    known: Mapping[Key, Known],
    seen: PartsSeen,
    device: str,
    now: datetime,
    *,
    is_up: bool = True,
    is_replaced: bool = False,
) -> Compared:
    """What happened to the parts of `device` that are `known`, as they are `seen` now.

    Not `is_up`: the device has only just begun, and may not yet tell of all its parts. `is_replaced`: it is another
    device now, whose parts are all others. The first time that a table tells of any part, nothing happened to these.
    """
    moved = {} if is_replaced else _moved(known, seen)
    tables = {one.told_by for one in known.values()}
    saved: list[Known] = []
    events: list[DeviceEvent] = []
    for key, part in seen.there.items():
        row = moved.get(key) or known.get(key)
        if row is None:
            saved.append(Known(component=part.component, told_by=part.table, first_seen=now, changed_at=now))
            if part.table in tables and not is_replaced:
                events.append(_event(device, now, Happened.PART_ADDED, part.component, _fru(part.component)))
            continue
        after = _after(row, part, now)
        if after != row:
            saved.append(after)
        if not is_replaced:
            events += _happened(row, after, device, now)
    away = {one.key for one in moved.values()}
    missing = [row for key, row in known.items() if key not in seen.there and key not in away]
    asked = [row for row in missing if (row.key[0], row.told_by) in seen.asked]
    answers = [(row, seen.without(row.key, row.told_by, now) if is_up else None) for row in asked]
    gone = [(row, _without(row, sure.at, now), sure) for row, sure in answers if sure]
    saved += [after for row, after, _ in gone if after != row]
    events += [
        _event(device, now, Happened.PART_REMOVED, row.component, _fru(row.component), sure.source)
        for row, after, sure in gone
        if after.gone_at != row.gone_at
    ]
    suspected = [after.missing_since for _, after, sure in gone if after.gone_at is None and sure.at == now]
    return Compared(
        saved=tuple(saved),
        moved=tuple(sorted(away)),
        unknown=tuple(row.key for row in missing if row not in asked),
        events=tuple(events),
        gone=tuple((after, sure.source) for _, after, sure in gone),
        look_again=min((since + CONFIRM for since in suspected if since), default=None),
        is_settled=all(after.gone_at for _, after, _ in gone) and all(row.gone_at for row, sure in answers if not sure),
    )


def _without(row: Known, asked: datetime, now: datetime) -> Known:
    """`row` after an answer without the part; the same where that answer was counted already."""
    if row.missing_since is None:
        return replace(row, missing_since=asked)
    if row.gone_at is None and asked - row.missing_since >= CONFIRM:
        return replace(row, gone_at=now, changed_at=now)
    return row


def _after(row: Known, part: PartSeen, now: datetime) -> Known:
    """`row` as it is now. What the device keeps to itself this time stays as it was told last."""
    old, new = row.component, part.component
    if _is_another(old, new):
        return Known(component=new, told_by=part.table, first_seen=now, changed_at=now)
    component = replace(new, **{name: getattr(old, name) for name in FRU if not getattr(new, name)})
    changed = component != old or row.gone_at is not None
    return Known(
        component=component,
        told_by=part.table,
        first_seen=row.first_seen,
        changed_at=now if changed else row.changed_at,
    )


def _is_another(old: Component, new: Component) -> bool:
    """True where another piece of hardware stands in the same place: by its serial number, else by what it is."""
    if old.serial or new.serial:
        return bool(old.serial and new.serial) and old.serial != new.serial
    return any(a and b and a != b for a, b in ((old.model, new.model), (old.part_number, new.part_number)))


def _happened(row: Known, after: Known, device: str, now: datetime) -> Iterator[DeviceEvent]:
    old, new = row.component, after.component
    if _is_another(old, new):
        yield _event(device, now, Happened.PART_SWAPPED, new, _from_to(old, new, FRU[1:]))
        return
    if row.key != after.key:
        yield _event(device, now, Happened.PART_MOVED, new, {"from": old.label, **_fru(new)})
    elif row.gone_at is not None:
        yield _event(device, now, Happened.PART_ADDED, new, {"returned": "yes", **_fru(new)})
    changes = _from_to(old, new, [name for name in _VERSIONS if getattr(old, name)])
    if changes:
        yield _event(device, now, Happened.VERSION_CHANGED, new, changes)


def _moved(known: Mapping[Key, Known], seen: PartsSeen) -> dict[Key, Known]:
    """The parts that stand under another name than they were known by, by the name that they have now.

    A serial number that is told under another label has moved there. Parts without any have other labels now, where at
    least as many new ones are told by the same table as are missing from it.
    """
    serials: dict[tuple[str, str], list[Known]] = {}
    for key, row in known.items():
        if key not in seen.there and row.component.serial:
            serials.setdefault((key[0], row.component.serial), []).append(row)
    found: dict[Key, Known] = {}
    for key, part in seen.there.items():
        before = known.get(key)
        if part.component.serial and (before is None or before.component.serial != part.component.serial):
            rows = serials.get((key[0], part.component.serial), ())
            if len(rows) == 1:
                found[key] = rows[0]
    lost = {row.key for row in found.values()}
    for where in {(key[0], row.told_by) for key, row in known.items() if key not in seen.there}:
        missing = [
            row for key, row in known.items() if _is_nameless(row, where) and not {key} & (seen.there.keys() | lost)
        ]
        new = [key for key, part in seen.there.items() if _is_new(key, part, where, known) and key not in found]
        if 0 < len(missing) <= len(new):
            found |= zip(new, missing, strict=False)
    return found


def _is_nameless(row: Known, where: tuple[str, str]) -> bool:
    return (row.key[0], row.told_by) == where and not row.component.serial and row.gone_at is None


def _is_new(key: Key, part: PartSeen, where: tuple[str, str], known: Mapping[Key, Known]) -> bool:
    return (key[0], part.table) == where and key not in known and not part.component.serial


def _fru(component: Component) -> Mapping[str, str]:
    return {name: told for name in FRU[1:] if (told := getattr(component, name))}


def _from_to(old: Component, new: Component, names: Iterable[str]) -> Mapping[str, str]:
    """The words that are others now, as they were and as they are."""
    changed = [name for name in names if getattr(old, name) != getattr(new, name)]
    return {f"{name}_{when}": getattr(one, name) for name in changed for when, one in (("from", old), ("to", new))}


def _event(
    device: str, at: datetime, what: Happened, part: Component, data: Mapping[str, str], source: str = ""
) -> DeviceEvent:
    return DeviceEvent(device=device, at=at, what=what, kind=part.kind, label=part.label, data=data, source=source)
