"""The asset file (用户档案, 2.15): every delivered unit, and what differs from what collectors see of it.

Plain values and functions; monitor/store/assets.py keeps them. A word that is "" and a date that is None are unknown.
"""

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from alerts.desk.refused import Refusal, Word, refused
from alerts.desk.warranty import Dates, Day
from monitor.model import Component, Text

UNIT_KINDS = frozenset({"chassis", "stack"})
"""Parts that are units by themselves: a member of a stack has a serial number and a warranty of its own."""
_BOARD = "board"
_NOISE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One delivered unit. `serial` is its serial number or service tag, in capitals; `device` its inventory name."""

    serial: str
    model: str = ""
    maker: str = ""
    part_number: str = ""
    customer: str = ""
    site: str = ""
    device: str = ""
    project: str = ""
    delivered: Day = None
    first_acceptance: Day = None
    final_acceptance: Day = None
    maker_warranty_ends: date | None = None
    engineering_warranty_ends: date | None = None
    price: str = ""
    currency: str = ""
    remarks: str = ""

    @property
    def dates(self) -> Dates:
        """What its warranty follows from."""
        return Dates(
            delivered=self.delivered,
            first_acceptance=self.first_acceptance,
            final_acceptance=self.final_acceptance,
            maker_ends=self.maker_warranty_ends,
            engineering_ends=self.engineering_warranty_ends,
        )


DATES = ("delivered", "first_acceptance", "final_acceptance", "maker_warranty_ends", "engineering_warranty_ends")
NOT_YET_DATES = DATES[:3]
"""The dates of which it may be said that they have not come."""
FIELDS = (
    "serial", "model", "maker", "part_number", "customer", "site", "device", "project", *DATES, "price", "currency",
    "remarks",
)  # fmt: skip


def disorder(asset: Asset) -> Refusal | None:
    """What cannot be of the unit's dates; None where nothing contradicts."""
    came = [(name, day) for name in NOT_YET_DATES if isinstance(day := getattr(asset, name), date)]
    for (earlier, first), (later, second) in itertools.pairwise(came):
        if second < first:
            return _before(later, second, earlier, first)
    if isinstance(asset.final_acceptance, date):
        for name in DATES[3:]:
            end = getattr(asset, name)
            if end is not None and end < asset.final_acceptance:
                return _before(name, end, "final_acceptance", asset.final_acceptance)
    return None


def _before(later: str, second: date, earlier: str, first: date) -> Refusal:
    names = {"later": Word(group="unit_field", key=later), "earlier": Word(group="unit_field", key=earlier)}
    return refused("unit_dates", **names, second=str(second), first=str(first))


def changes(before: Asset | None, after: Asset) -> Mapping[str, tuple[str, str]]:
    """The fields that are others now, as text: from and to. All that is known, where the unit is new."""
    found = {}
    for name in FIELDS:
        old, new = "" if before is None else word(getattr(before, name)), word(getattr(after, name))
        if old != new:
            found[name] = (old, new)
    return found


def word(value: Day | str) -> str:
    """A field as text: an ISO date, "not_yet", or the word itself; "" is unknown."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def filled(asset: Asset, seen: "SeenUnit") -> Asset:
    """`asset` with what is seen of it in the fields that are unknown; nothing that is known is changed."""
    return replace(
        asset,
        device=asset.device or seen.device,
        model=asset.model or seen.model,
        maker=asset.maker or seen.maker,
        part_number=asset.part_number or seen.part_number,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenUnit:
    """A serial number that collectors see in a device; `is_unit` where it is one, and not a part of one."""

    device: str
    serial: str
    model: str = ""
    maker: str = ""
    part_number: str = ""
    is_unit: bool = True


def is_unit(component: Component, model: str) -> bool:
    """True where the part of a device of this model is a unit by itself: a chassis, or a member of a stack.

    Some makers tell the members of a stack as boards of the model that the stack has; boards in a chassis have others.
    """
    if component.kind == _BOARD:
        return bool(model and component.model) and same_model(model, component.model)
    return component.kind in UNIT_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """A part that was swapped for another one, as collectors saw it."""

    device: str
    at: datetime
    part: str
    old: str
    new: str


class What(StrEnum):
    """How the asset file and what is seen may differ."""

    NOT_WATCHED = "not_watched"
    NOT_IN_FILE = "not_in_file"
    SERIAL_DIFFERS = "serial_differs"
    NOT_SEEN = "not_seen"
    NOT_TOLD = "not_told"
    ELSEWHERE = "elsewhere"
    MODEL_DIFFERS = "model_differs"
    PART_SWAPPED = "part_swapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which the asset file and what is seen differ. `filed` and `seen` are what each of them says."""

    what: What
    device: str
    serial: str
    filed: str
    seen: str
    text: Text


def differences(
    assets: Iterable[Asset],
    seen: Iterable[SeenUnit],
    watched: Collection[str],
    swaps: Sequence[Swapped] = (),
) -> tuple[Difference, ...]:
    """In what the asset file and what collectors see differ. `watched` are the devices of the inventory."""
    by_serial: dict[str, list[SeenUnit]] = {}
    of_device: dict[str, list[SeenUnit]] = {}
    for one in seen:
        by_serial.setdefault(one.serial.upper(), []).append(one)
        of_device.setdefault(one.device, []).append(one)
    units: dict[str, list[Asset]] = {}
    found: list[Difference] = []
    for asset in assets:
        places = by_serial.get(asset.serial, [])
        if asset.device in watched:
            units.setdefault(asset.device, []).append(asset)
        elif places:
            found.append(_elsewhere(asset, places[0]))
            units.setdefault(places[0].device, []).append(asset)
        else:
            found.append(_not_watched(asset))
    for device in sorted({*watched, *units}):
        found += _of_device(device, units.get(device, []), of_device.get(device, []), by_serial)
    found += [
        Difference(
            what=What.PART_SWAPPED,
            device=each.device,
            serial="",
            filed=each.old,
            seen=each.new,
            text=Text(
                en=f"{each.part} was swapped on {each.at:%Y-%m-%d}: {each.old} for {each.new}",
                zh_CN=f"{each.part} 于 {each.at:%Y-%m-%d} 更换：{each.old} 换为 {each.new}",
            ),
        )
        for each in swaps
    ]
    return tuple(found)


def _of_device(
    device: str, filed: Sequence[Asset], told: Sequence[SeenUnit], by_serial: Mapping[str, Sequence[SeenUnit]]
) -> Iterator[Difference]:
    """What differs at one watched device: units whose serial number is the same first, then those left over."""
    serials = {one.serial.upper(): one for one in told}
    for asset in filed:
        one = serials.get(asset.serial)
        if one and one.is_unit and asset.model and one.model and not same_model(asset.model, one.model):
            yield _different(What.MODEL_DIFFERS, asset, asset.model, one.model, "the model differs", "型号不符")
    mine = [asset for asset in filed if asset.serial not in serials]
    elsewhere = [asset for asset in mine if asset.serial in by_serial]
    for asset in elsewhere:
        yield _elsewhere(asset, by_serial[asset.serial][0])
    lost = [asset for asset in mine if asset not in elsewhere]
    known = {asset.serial for asset in filed}
    new = {one.serial.upper(): one for one in told if one.is_unit and one.serial.upper() not in known}
    if not told:
        if not filed:
            yield _not_in_file(device, "")
        for asset in lost:
            yield _different(
                What.NOT_TOLD, asset, asset.serial, "", "the device tells no serial number", "设备未提供序列号"
            )
        return
    if len(lost) == len(new) == 1:
        (serial,) = new
        yield _different(
            What.SERIAL_DIFFERS, lost[0], lost[0].serial, serial, "the serial number differs", "序列号不符"
        )
        return
    for asset in lost:
        yield _different(What.NOT_SEEN, asset, asset.serial, "", "the unit is not seen there", "未见该设备")
    for serial in new:
        yield _not_in_file(device, serial)


def same_model(one: str, other: str) -> bool:
    """True where both mean the same model: signs, capitals and the maker's name before it do not matter."""
    first, second = (_NOISE.sub("", each).casefold() for each in (one, other))
    return first.endswith(second) or second.endswith(first)


def _different(what: What, asset: Asset, filed: str, seen: str, en: str, zh: str) -> Difference:
    return Difference(
        what=what,
        device=asset.device,
        serial=asset.serial,
        filed=filed,
        seen=seen,
        text=Text(en=en, zh_CN=zh),
    )


def _elsewhere(asset: Asset, place: SeenUnit) -> Difference:
    return _different(
        What.ELSEWHERE,
        asset,
        asset.device,
        place.device,
        f"the unit is seen in {place.device}",
        f"该设备在 {place.device} 中",
    )


def _not_watched(asset: Asset) -> Difference:
    return _different(What.NOT_WATCHED, asset, asset.device, "", "the unit is not watched", "该设备未纳入监控")


def _not_in_file(device: str, serial: str) -> Difference:
    return Difference(
        what=What.NOT_IN_FILE,
        device=device,
        serial=serial,
        filed="",
        seen=serial,
        text=Text(en="watched, and not in the asset file", zh_CN="已监控，但不在用户档案中"),
    )
