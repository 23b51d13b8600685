"""The check sheet of one device: every item of inspection.toml with its result, and the readings that tell of it.

Part of the inspection report; takes judged observations, gives lines that say nothing yet in any language.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from alerts.reports.items import Item, Items, Tells
from alerts.reports.month import DeviceMonth
from alerts.reports.results import Result, results
from monitor.model import Condition, FaultKey, Observation, Text

MARKS = {
    Result.NORMAL: "√",
    Result.ATTENTION: "△",
    Result.ABNORMAL: "×",
    Result.NOT_CHECKED: "○",
    Result.RECORDED: "·",
    Result.NOT_APPLICABLE: "—",
}
"""Told apart in black and white, and in the fonts that every office has."""

BAD = (Result.ABNORMAL, Result.ATTENTION)
_ORDER = (*BAD, Result.NOT_CHECKED, Result.NORMAL, Result.RECORDED, Result.NOT_APPLICABLE)
"""The result of an item is the first of these that one of its readings has: one that is unknown is not passed over."""
_WARRANTY = timedelta(days=90)
_DAY = 86_400  # seconds
_ANYTHING = (("*", "*"),)
_DIGITS = re.compile(r"([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words of a language by their key in the table [inspection], with what goes into them."""

    key: str
    values: Mapping[str, str | datetime | date | Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reading with its result."""

    key: FaultKey
    told: Observation
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item of a device. `result` is None where a person fills it in. `told` is said beside the readings."""

    item: Item
    result: Result | None
    checks: tuple[Check, ...] = ()
    told: tuple[Phrase | Text, ...] = ()

    @property
    def bad(self) -> tuple[Check, ...]:
        """The readings that want work."""
        return tuple(check for check in self.checks if check.result in BAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All items of one device."""

    of: DeviceMonth
    lines: tuple[Line, ...]
    is_faulty: bool = False

    @property
    def worst(self) -> Result:
        """The device's state. A check that could not be made does not make it abnormal; nor is silence health.

        With a fault that stands it is not normal, whatever was read last.
        """
        found = {line.result for line in self.lines}
        for result in BAD:
            if result in found:
                return result
        if self.of.reached and Result.NORMAL in found:
            return Result.ATTENTION if self.is_faulty else Result.NORMAL
        return Result.NOT_CHECKED


def sheet(of: DeviceMonth, items: Items, faults: Collection[FaultKey], end: datetime, start: datetime) -> Sheet:
    """The sheet of a device for the month from `start` to `end`. `faults` are the keys of all that is not cleared.

    While it was not reached its last known values are shown, and none of them counts.
    """
    ordered = sorted(of.checks, key=lambda one: (one.component.kind, one.aspect, _natural(one.component.label)))
    found = results(ordered, of.device.name, faults, reached=of.reached)
    wanted = items.of(of.identity.platform or "")
    first = _Sorted(wanted)
    by_item: dict[str, list[Check]] = {item.name: [] for item in wanted}
    for told, result in zip(ordered, found, strict=True):
        item = first.of(told)
        if item is not None:
            key = FaultKey(
                device=of.device.name, kind=told.component.kind, label=told.component.label, aspect=told.aspect
            )
            by_item[item.name].append(Check(key=key, told=told, result=_held(told, result, item)))
    is_whole = of.reached and not any(one.aspect == "walk" and one.condition is Condition.UNKNOWN for one in of.checks)
    lines = (_line(item, by_item[item.name], of, start, end, is_whole=is_whole) for item in wanted)
    is_faulty = any(each.device == of.device.name for each in faults)
    return Sheet(of=of, lines=tuple(line for line in lines if line is not None), is_faulty=is_faulty)


class _Sorted:
    """Which item a reading belongs to: the first that fits, looked for once for each kind and aspect."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._known: dict[tuple[str, str], Item | None] = {}

    def of(self, told: Observation) -> Item | None:
        key = (told.component.kind, told.aspect)
        if key not in self._known:
            self._known[key] = next((item for item in self._items if item.fits(told)), None)
        return self._known[key]


def _held(told: Observation, result: Result, item: Item) -> Result:
    """The result by the item's own standard, where neither the device nor the policy has one or it is stricter."""
    if told.value is None:
        return result
    if result is Result.RECORDED and item.highest is not None and told.unit == "ratio":
        return Result.NORMAL if told.value <= item.highest else Result.ATTENTION
    if result is Result.RECORDED and item.days is not None and told.unit == "timestamp":
        return Result.NORMAL if told.value - told.at.timestamp() >= item.days * _DAY else Result.ATTENTION
    if result is Result.NORMAL and item.margin is not None and told.unit == "dbm" and told.limits is not None:
        low = told.limits.low_critical if told.limits.low_critical is not None else told.limits.low_warning
        high = told.limits.high_critical if told.limits.high_critical is not None else told.limits.high_warning
        near = (
            low is not None and told.value - low < item.margin,
            high is not None and high - told.value < item.margin,
        )
        return Result.ATTENTION if any(near) else result
    return result


def _line(
    item: Item, checks: Sequence[Check], of: DeviceMonth, start: datetime, end: datetime, *, is_whole: bool
) -> Line | None:
    if item.person is not None:
        return Line(item=item, result=None)
    if item.unread is not None:
        return Line(item=item, result=Result.NOT_CHECKED, told=(item.unread,))
    result, told = _told(item.tells, of, start, end) if item.tells else (None, ())
    if checks and result is Result.NOT_CHECKED:  # what else would tell of it tells nothing, the readings do
        result, told = None, ()
    found = {check.result for check in checks} | ({result} if result else set())
    if found:
        return Line(item=item, result=next(each for each in _ORDER if each in found), checks=tuple(checks), told=told)
    return _untold(item, of, is_whole=is_whole)


def _untold(item: Item, of: DeviceMonth, *, is_whole: bool) -> Line | None:
    """The line of an item of which there is no reading: not fitted only where everything else was read."""
    if item.optional and is_whole:
        told = Phrase(key="none_told")
        return None if item.facts == _ANYTHING else Line(item=item, result=Result.NOT_APPLICABLE, told=(told,))
    key = "no_reading" if of.reached else "not_reached"
    return Line(item=item, result=Result.NOT_CHECKED, told=(Phrase(key=key),))


def _told(  # one for each word
    tells: Tells, of: DeviceMonth, start: datetime, end: datetime
) -> tuple[Result, tuple[Phrase | Text, ...]]:
    """What is known beside the readings of parts: result and words."""
    match tells:
        case Tells.ANSWER:
            return _answer(of)
        case Tells.VERSION:
            return _version(of)
        case Tells.UPTIME:
            return _uptime(of, start, end)
        case Tells.SERIALS:
            return _serials(of)
        case Tells.LOG:
            return _log(of)
        case Tells.WARRANTY:
            return _warranty(of, end.date())


def _answer(of: DeviceMonth) -> tuple[Result, tuple[Phrase | Text, ...]]:
    if not of.reached:
        return Result.NOT_CHECKED, (Phrase(key="not_reached"),)
    return Result.NORMAL, (Phrase(key="answers", values={"at": of.last_seen}),) if of.last_seen else ()


def _version(of: DeviceMonth) -> tuple[Result, tuple[Phrase | Text, ...]]:
    if not of.reached:
        return Result.NOT_CHECKED, (Phrase(key="not_reached"),)
    if not of.identity.version:
        return Result.NOT_CHECKED, (Phrase(key="no_version"),)
    patch = Phrase(key="patch", values={"patch": of.identity.patch}) if of.identity.patch else Phrase(key="no_patch")
    return Result.RECORDED, (Phrase(key="version_is", values={"version": of.identity.version}), patch)


def _uptime(of: DeviceMonth, start: datetime, end: datetime) -> tuple[Result, tuple[Phrase | Text, ...]]:
    if not of.reached:
        return Result.NOT_CHECKED, (Phrase(key="not_reached"),)
    if of.booted_at is None or of.booted_at >= end:
        return Result.NOT_CHECKED, (Phrase(key="no_uptime"),)
    result = Result.ATTENTION if of.booted_at >= start else Result.NORMAL
    return result, (Phrase(key="booted", values={"at": of.booted_at, "days": str((end - of.booted_at).days)}),)


def _serials(of: DeviceMonth) -> tuple[Result, tuple[Phrase | Text, ...]]:
    if of.differences is None:
        return Result.NOT_CHECKED, (Phrase(key="no_asset_file"),)
    if of.differences:
        return Result.ATTENTION, of.differences
    if not of.identity.serial:
        return Result.NOT_CHECKED, (Phrase(key="no_serial"),)
    return Result.NORMAL, (Phrase(key="serial_is", values={"serial": of.identity.serial}),)


def _log(of: DeviceMonth) -> tuple[Result, tuple[Phrase | Text, ...]]:
    if of.log is None:
        return Result.NOT_CHECKED, (Phrase(key="no_log"),)
    failed, degraded = of.log.counts.get(Condition.FAILED, 0), of.log.counts.get(Condition.DEGRADED, 0)
    values: dict[str, str | datetime | date | Text] = {
        "lines": str(sum(of.log.counts.values())),
        "failed": str(failed),
        "degraded": str(degraded),
    }
    return (Result.ATTENTION if failed else Result.NORMAL), (Phrase(key="log_lines", values=values),)


def _warranty(of: DeviceMonth, day: date) -> tuple[Result, tuple[Phrase | Text, ...]]:
    if of.warranty_ends is None:
        return Result.NOT_CHECKED, (Phrase(key="no_warranty"),)
    is_ended, is_near = of.warranty_ends < day, of.warranty_ends < day + _WARRANTY
    key = "warranty_ended" if is_ended else "warranty_ends"
    return (Result.ATTENTION if is_near else Result.NORMAL), (Phrase(key=key, values={"day": of.warranty_ends}),)


def checks_of(sheets: Sequence[Sheet]) -> Iterator[tuple[Sheet, Line, Check]]:
    """Every reading of all sheets."""
    for one in sheets:
        for line in one.lines:
            for check in line.checks:
                yield one, line, check


def _natural(label: str) -> list[tuple[int, str]]:
    """A sort key in which port 2 comes before port 10."""
    return [(int(piece), "") if piece.isdigit() and piece.isascii() else (-1, piece) for piece in _DIGITS.split(label)]
