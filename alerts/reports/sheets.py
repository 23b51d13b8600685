"""The check sheet of one device: every check as a row, many of the same kind and result as one row that opens.

Part of the inspection report; takes judged observations, gives rows for the template.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from alerts.locale import Words, wall
from alerts.post.contents import called
from alerts.reports.results import Result, results
from monitor.model import Device, FaultKey, Observation

MARKS = {
    Result.NORMAL: "√",
    Result.ATTENTION: "△",
    Result.ABNORMAL: "×",
    Result.NOT_CHECKED: "○",
    Result.RECORDED: "·",
    Result.NOT_APPLICABLE: "—",
}
"""Told apart in black and white, and in the fonts that every office has."""

_TOGETHER = 4  # so many rows alike are one row that opens
_DIGITS = re.compile(r"([0-9]{1,18})")
_ALONE = {Result.ABNORMAL, Result.ATTENTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One check as printed."""

    key: FaultKey
    item: str
    what: str
    measured: str
    standard: str
    why: str
    result: Result
    shown: str
    evidence: str
    source: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows printed together: one row as it is, or many alike under one line."""

    line: str
    measured: str
    shown: str
    rows: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All checks of one device. `worst` is the device's state; `bad` are the rows that want work."""

    name: str
    title: str
    note: str
    groups: tuple[Group, ...]
    bad: tuple[CheckRow, ...]
    counts: Counter[Result]
    worst: Result


def sheet(
    device: Device,
    checks: Sequence[Observation],
    faults: Collection[FaultKey],
    said: Words,
    zone: str,
    *,
    reached: bool,
    last_seen: datetime | None,
) -> Sheet:
    """The sheet of `device`. While it was not reached its last known values are shown, and none of them counts."""
    order = {kind: place for place, kind in enumerate(said.table["kind"])}
    ordered = sorted(
        checks,
        key=lambda check: (
            order.get(check.component.kind, len(order)),
            check.component.kind,
            check.aspect,
            _natural(check.component.label),
        ),
    )
    found = results(ordered, device.name, faults, reached=reached)
    rows = [_row(check, result, device, said, zone) for check, result in zip(ordered, found, strict=True)]
    counts = Counter(found)
    return Sheet(
        name=device.name,
        title=called(device),
        note=_note(said, zone, reached=reached, last_seen=last_seen, empty=not rows),
        groups=tuple(_groups(ordered, rows, said)),
        bad=tuple(row for row in rows if row.result in _ALONE),
        counts=counts,
        worst=_worst(counts, reached=reached),
    )


def _note(said: Words, zone: str, *, reached: bool, last_seen: datetime | None, empty: bool) -> str:
    if empty or (not reached and last_seen is None):
        return said.said("report", "no_checks")
    return said.said("report", "last_known", at=wall(last_seen, zone)) if not reached and last_seen else ""


def _worst(counts: Counter[Result], *, reached: bool) -> Result:
    """The device's state. A check that could not be made does not make it abnormal, but neither is it passed over."""
    for result in (Result.ABNORMAL, Result.ATTENTION):
        if counts[result]:
            return result
    return Result.NORMAL if reached and counts[Result.NORMAL] else Result.NOT_CHECKED


def _row(check: Observation, result: Result, device: Device, said: Words, zone: str) -> CheckRow:
    component = check.component
    key = FaultKey(device=device.name, kind=component.kind, label=component.label, aspect=check.aspect)
    name = f"{said.part(component)} – {said.aspect(check.aspect)}"
    condition = said.condition(check.aspect, check.condition) if check.condition else ""
    number, standard = said.measured(check.value, check.unit), _standard(check, said)
    return CheckRow(
        key=key,
        item=name,
        what=said.what(component, check.aspect, check.condition) if check.condition else name,
        measured=number or condition,
        standard=standard,
        why=" – ".join(filter(None, (number, standard))) if number else said.raw(check.raw),
        result=result,
        shown=_shown(check, result, said),
        evidence=said.raw(check.raw),
        source=check.source,
        at=wall(check.at, zone),
    )


def _shown(check: Observation, result: Result, said: Words) -> str:
    shown = f"{MARKS[result]} {said.said('report', result.value)}"
    unused = result is Result.NOT_APPLICABLE and check.condition is not None and check.condition.is_bad
    return f"{shown} ({said.said('report', 'unused_port')})" if unused else shown


def _standard(check: Observation, said: Words) -> str:
    if limits := said.limits(check.limits, check.unit):
        return limits
    if check.aspect == "oper_status":
        return said.said("report", "standard_up")
    return "" if check.value is not None else said.said("report", "standard_ok")


def _groups(checks: Sequence[Observation], rows: Sequence[CheckRow], said: Words) -> list[Group]:
    """Rows in their order; where at least `_TOGETHER` of one kind, aspect and result are unalarming, one group."""
    groups: list[Group] = []
    pairs = zip(checks, rows, strict=True)
    for (kind, aspect), same in groupby(pairs, key=lambda pair: (pair[0].component.kind, pair[0].aspect)):
        found = list(same)
        for result in Result:
            alike = [(check, row) for check, row in found if row.result is result]
            if result in _ALONE or len(alike) < _TOGETHER:
                groups += [Group(line="", measured="", shown=row.shown, rows=(row,)) for _, row in alike]
            else:
                line = said.said(
                    "report",
                    "summary",
                    count=str(len(alike)),
                    kind=said.kind(kind),
                    aspect=said.aspect(aspect),
                    result=said.said("report", result.value).lower(),
                )
                groups.append(
                    Group(
                        line=line,
                        measured=_range([check for check, _ in alike], said),
                        shown=MARKS[result],
                        rows=tuple(row for _, row in alike),
                    )
                )
    return groups


def _range(checks: Sequence[Observation], said: Words) -> str:
    values = sorted(check.value for check in checks if check.value is not None)
    units = {check.unit for check in checks}
    if not values or len(units) != 1:
        return ""
    unit = units.pop()
    low, high = said.measured(values[0], unit), said.measured(values[-1], unit)
    return low if low == high else said.said("report", "range", low=low, high=high)


def _natural(label: str) -> list[tuple[int, str]]:
    """A sort key in which port 2 comes before port 10."""
    return [(int(piece), "") if piece.isdigit() and piece.isascii() else (-1, piece) for piece in _DIGITS.split(label)]
