"""Which parts a device has, as one visit tells it, and of which it can be said for sure that they are not there.

Read off what visit.py told, by the daemon's history. That a part is not told means little by itself: its table may not
have been told to its end, may not have been asked, or may be empty because the agent has only just begun.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from collectors.facts import PartTold, has_rows
from collectors.plan import Part, Platform
from collectors.visit import Told, Visit
from monitor.model import Component, Condition

KINDS = frozenset({
    "chassis", "board", "fan", "psu", "dimm", "processor", "optic", "stack", "disk", "controller", "enclosure",
    "battery", "nic", "pci", "firmware",
})  # fmt: skip
"""The kinds of what can be taken out; a temperature or an interface is no part but a property of one.

Firmware is no hardware, but is told, comes and changes as a part does."""
_MAY_BE_LAMPS = frozenset({"board", "chassis", "stack"})
FRU = ("slot", "model", "part_number", "serial", "hardware_version", "software_version")

Key = tuple[str, str]
"""Kind and label: what names a part within one device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeen:
    """One part as it was told, and the table that tells of it."""

    component: Component
    table: str

    @property
    def key(self) -> Key:
        """Its name within the device."""
        return self.component.kind, self.component.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """When a table was asked, and the column that tells of its parts."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsSeen:
    """The parts that are there.

    `absent` are those of which the device itself says that they are not there. `asked` says, by kind and table, who
    tells of parts at all; `sure`, where a part would have been told if it were there.
    """

    there: Mapping[Key, PartSeen] = field(default_factory=dict)
    absent: frozenset[Key] = frozenset()
    asked: frozenset[tuple[str, str]] = frozenset()
    sure: Mapping[tuple[str, str], Sure] = field(default_factory=dict)

    def without(self, key: Key, table: str, now: datetime) -> Sure | None:
        """Who says that the part `key`, which `table` told of once, is not there; None where that is not sure."""
        sure = self.sure.get((key[0], table))
        if sure is None and key in self.absent:
            return Sure(at=now, source="")
        return sure


def parts_seen(found: Told) -> PartsSeen:
    """The parts of the device that `found` tells of; nothing where it was silent."""
    visit, parts = found.visit, found.parts
    if visit.platform is None or parts is None:
        return PartsSeen()
    there: dict[Key, PartSeen] = {}
    absent: set[Key] = set()
    for part, told in zip(visit.platform.parts, parts.parts, strict=True):
        if part.kind in KINDS:
            for component, is_absent in _components(part, told):
                key = (component.kind, component.label)
                if is_absent:
                    absent.add(key)
                elif key in there:
                    there[key] = replace(there[key], component=_both(there[key].component, component))
                else:
                    there[key] = PartSeen(component=component, table=part.table)
    return PartsSeen(
        there=there,
        absent=frozenset(absent - there.keys()),
        asked=visit.platform.told_by,
        sure=_sure(visit, visit.platform),
    )


def _components(part: Part, told: PartTold) -> Iterable[tuple[Component, bool]]:
    """The components of each row, and whether all that is said of them is that they are absent."""
    for start, end in pairwise((0, *told.ends)):
        rows: dict[Component, bool] = {}
        for one in told.observations[start:end]:
            rows[one.component] = rows.get(one.component, True) and one.condition is Condition.ABSENT
        yield from ((each, gone) for each, gone in rows.items() if _is_part(part, each, list(rows)))


def _is_part(part: Part, component: Component, row: Sequence[Component]) -> bool:
    """Not the lanes of an optical module, nor the lamps of slots and the state of a stack as a whole."""
    if component.kind in _MAY_BE_LAMPS:
        return any(getattr(component, name) for name in FRU) or any(fact.aspect == "state" for fact in part.facts)
    return component is row[0] or not any(fact.lanes for fact in part.facts)


def _both(one: Component, other: Component) -> Component:
    """What two tables tell of one part: of each word the first that is told."""
    more = {name: told for name in FRU if not getattr(one, name) and (told := getattr(other, name))}
    return replace(one, **more) if more else one


def _sure(visit: Visit, platform: Platform) -> Mapping[tuple[str, str], Sure]:
    """Where a part that is not told is not there: its kind was told whole, and its table was asked and has rows."""
    parts = [part for part in platform.parts if part.kind in KINDS]
    asked = dict(_asked(visit, platform))
    unsure = {part.kind for part in parts if any(visit.tables[name].ended for name in part.needs.tables)}
    found: dict[tuple[str, str], Sure | None] = {}
    for part in parts:
        where, at = (part.kind, part.table), asked.get(part.table)
        is_empty = any(not visit.tables[name].index for name in part.needs.names)
        if at is None or part.kind in unsure or is_empty or has_rows(part.when.if_empty, visit.tables):
            found[where] = None
        else:
            found.setdefault(where, Sure(at=at, source=visit.tables[part.table].oids[part.facts[0].number.column]))
    return {where: sure for where, sure in found.items() if sure}


def _asked(visit: Visit, platform: Platform) -> Iterator[tuple[str, datetime]]:
    """When each table was asked last; none that nobody asked."""
    asked = visit.rounds.asked if visit.rounds else {}
    for origin in platform.origins:
        if not origin.every:
            yield origin.table, visit.at
        elif origin.every in asked:
            yield origin.table, asked[origin.every]
    for eye, origins in platform.others.items():
        look = visit.looks.get(eye)
        if look is not None and look.blind is None:
            yield from ((o.table, look.asked[o.every]) for o in origins if o.every in look.asked)
