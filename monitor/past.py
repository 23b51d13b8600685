"""What reports and forecasts read of the past: days and hours of all that was measured, and how long it was there.

It comes from the store (monitor/rollups.py wrote it), or from a server that speaks Prometheus where [past] names one.
`end` is always the first day that is left out; days are those of the site. docs/past.md says what the numbers mean.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby, islice
from operator import attrgetter
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.past import Series, Span
from monitor import prometheus_past
from monitor.model import Component, Condition
from monitor.rolling_parts import THERE
from monitor.settings import Settings
from monitor.store import rollups
from monitor.store.rolled import Key, Keys, Layout, Part, Told, both, subset
from monitor.store.rolled_days import day_packed, days_told, hours_told

__all__ = ["EVERYTHING", "THERE", "Wanted", "availability", "days", "hours", "trouble"]
log = logging.getLogger(__name__)
_TOGETHER = 32  # devices whose days are read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which series are read; None: all. To read few is fast: `aspects` are such as "temperature", `kinds` "optic"."""

    kinds: Collection[str] | None = None
    aspects: Collection[str] | None = None

    def places(self, keys: Keys) -> tuple[int, ...]:
        """The places of those of `keys` that are wanted."""
        kinds, aspects = self.kinds, self.aspects
        return tuple(
            place
            for place, key in enumerate(keys)
            if (kinds is None or key.kind in kinds) and (aspects is None or key.aspect in aspects)
        )


EVERYTHING: Final = Wanted()


def days(
    disk: Connection, settings: Settings, names: Iterable[str], start: date, end: date, wanted: Wanted = EVERYTHING
) -> Iterator[Series]:
    """Each day of each series of these devices, device by device, in the order of time."""
    if settings.past.url:
        yield from _told(settings, names, start, end, wanted, by_hour=False)
    else:
        yield from _read(disk, names, start, end, wanted, by_hour=False)


def hours(
    disk: Connection, settings: Settings, names: Iterable[str], start: date, end: date, wanted: Wanted = EVERYTHING
) -> Iterator[Series]:
    """Each hour of each series of these devices, device by device, in the order of time."""
    if settings.past.url:
        yield from _told(settings, names, start, end, wanted, by_hour=True)
    else:
        yield from _read(disk, names, start, end, wanted, by_hour=True)


def availability(disk: Connection, settings: Settings, device: str, start: date, end: date) -> tuple[float, float]:
    """Of how many seconds it is known whether `device` was there, and in how many of them it was."""
    known = up = 0.0
    of_device = Wanted(kinds={THERE.kind}, aspects={THERE.aspect})
    for series in days(disk, settings, [device], start, end, of_device):
        for span in series.spans:
            known += span.seconds
            up += span.seconds * (span.mean or 0.0)
    return known, up


def trouble(settings: Settings) -> str:
    """Why the past cannot be read just now, which a report has to say; "" where it can."""
    return prometheus_past.trouble(settings.past) if settings.past.url else ""


def _told(
    settings: Settings, names: Iterable[str], start: date, end: date, wanted: Wanted, *, by_hour: bool
) -> Iterator[Series]:
    """What the server of [past] tells; nothing where it does not, which is said in the log."""
    zones: dict[str, list[str]] = {}
    inventory = settings.inventory
    for name in dict.fromkeys(names):
        device = inventory.devices.get(name)
        zones.setdefault(inventory.sites[device.site].zone if device else "UTC", []).append(name)
    try:
        for zone, several in zones.items():
            clock = ZoneInfo(zone)
            for told in prometheus_past.hours(settings.past, several, clock, start, end, wanted.kinds, wanted.aspects):
                gathered = _Gathered(told.device)
                for key, of_hours in told.told.items():
                    for begin, one in of_hours.items():
                        hour = datetime.fromtimestamp(begin, UTC)
                        gathered.add(key, "", hour, one)
                yield from gathered.series() if by_hour else map(partial(_by_day, zone=clock), gathered.series())
    except prometheus_past.PastError as error:
        log.warning("the past is not known: %s", error)


def _by_day(hours: Series, zone: ZoneInfo) -> Series:
    """The days of these hours."""
    several: dict[datetime, list[Span]] = {}
    for span in hours.spans:
        midnight = datetime.combine(span.start.astimezone(zone).date(), time(), zone)
        several.setdefault(midnight.astimezone(UTC), []).append(span)
    return replace(hours, spans=tuple(_summed(day, spans) for day, spans in several.items()))


def _summed(day: datetime, hours: list[Span]) -> Span:
    told = [span for span in hours if span.mean is not None]
    conditions: dict[Condition, float] = {}
    for span in hours:
        for condition, length in span.conditions.items():
            conditions[condition] = conditions.get(condition, 0.0) + length
    seconds = sum(span.seconds for span in hours)
    span = Span(start=day, seconds=seconds, samples=sum(span.samples for span in hours), conditions=conditions)
    if not told:
        return span
    return replace(
        span,
        low=min(span.low for span in told if span.low is not None),
        mean=sum((span.mean or 0.0) * span.seconds for span in told) / sum(span.seconds for span in told),
        high=max(span.high for span in told if span.high is not None),
        last=told[-1].last,
        median=median([span.mean for span in told if span.mean is not None]),
    )


_Name = tuple[str, str, str, str]


@dataclass(slots=True)
class _Gathered:
    """One device's series, put together out of days that may have been told in several layouts."""

    device: str
    spans: dict[_Name, dict[datetime, Told]] = field(default_factory=dict)
    keys: dict[_Name, Key] = field(default_factory=dict)
    twice: dict[tuple[str, datetime], set[_Name]] = field(default_factory=dict)

    def add(self, key: Key, day: str, start: datetime, told: Told) -> None:
        """Put in this span; what is known of it already and this are both of it."""
        if not told.seconds and not told.samples:
            return
        self.keys[key[:4]] = key
        known = self.spans.setdefault(key[:4], {})
        if start in known:
            if key[:4] != THERE[:4]:  # nobody asks for the median of that
                self.twice.setdefault((day, start), set()).add(key[:4])
            told = both(known[start], told)
        known[start] = told

    def series(self) -> Iterator[Series]:
        """What was gathered."""
        made: dict[tuple[datetime, int], Span] = {}  # series of which a day tells the same share it (days_told)
        for name, known in self.spans.items():
            key = self.keys[name]
            spans = []
            for start in sorted(known):
                if (told := known[start]).seconds:
                    span = made.get((start, id(told)))
                    if span is None:
                        span = made[start, id(told)] = _span(start, told)
                    spans.append(span)
            if not spans:
                continue  # it was told once, and nobody knows for how long
            yield Series(
                device=self.device,
                component=Component(kind=key.kind, label=key.label),
                aspect=key.aspect,
                unit=key.unit,
                spans=tuple(spans),
                limit_low=key.limit_low,
                limit_high=key.limit_high,
            )


def _span(start: datetime, told: Told) -> Span:
    return Span(
        start=start,
        seconds=told.seconds,
        samples=told.samples,
        low=told.low,
        mean=told.mean,
        high=told.high,
        last=told.last,
        median=told.median,
        conditions=told.conditions,
    )


def _read(
    disk: Connection, names: Iterable[str], start: date, end: date, wanted: Wanted, *, by_hour: bool
) -> Iterator[Series]:
    layouts: dict[int, tuple[Layout, tuple[int, ...]]] = {}
    waiting = iter(dict.fromkeys(names))
    while several := list(islice(waiting, _TOGETHER)):
        found = {name: _Gathered(name) for name in several}
        rows = list(rollups.days(disk, several, start.isoformat(), end.isoformat(), with_hours=by_hour))
        for number, layout in rollups.layouts(disk, {row.layout for row in rows} - layouts.keys()).items():
            layouts[number] = layout, wanted.places(layout.keys)
        for row in rows:
            layout, places = layouts[row.layout]
            if places:
                _put(found[row.device], row, layout.keys, places, by_hour=by_hour)
        for (device, day), own in groupby(
            rollups.hours(disk, several, start.isoformat(), end.isoformat()), attrgetter("device", "day")
        ):
            del day
            _put_open(found[device], list(own), wanted, by_hour=by_hour)
        for gathered in found.values():
            if gathered.twice and not by_hour:
                _medians(disk, gathered)
            yield from gathered.series()


def _put(into: _Gathered, row: rollups.Packed, keys: Keys, places: tuple[int, ...], *, by_hour: bool) -> None:
    if not by_hour:
        for place, told in zip(places, days_told(row.summary, places, keys), strict=True):
            into.add(keys[place], row.day, row.start, told)
        return
    for place, several in zip(places, hours_told(row.hours, places, keys), strict=True):
        for offset, told in several:
            into.add(keys[place], row.day, row.start + timedelta(seconds=offset), told)


def _put_open(into: _Gathered, hours: list[rollups.Hour], wanted: Wanted, *, by_hour: bool) -> None:
    """Hours of a day that is not packed yet; summed up as they will be when it is."""
    several: dict[str, tuple[Layout, list[rollups.Hour]]] = {}
    for each in hours:
        several.setdefault(each.layout.digest, (each.layout, []))[1].append(each)
    for layout, own in several.values():
        places = wanted.places(layout.keys)
        keys = tuple(layout.keys[place] for place in places)
        if not keys:
            continue
        parts: list[tuple[int, Part]] = []
        for each in own:
            part = subset(each.part, places)
            parts.append((round((each.hour - each.start).total_seconds()), part))
        rows = range(len(keys))
        summary, whole = day_packed(keys, parts)
        _put(into, rollups.Packed("", own[0].day, own[0].start, 0, summary, whole), keys, tuple(rows), by_hour=by_hour)


def _medians(disk: Connection, days: _Gathered) -> None:
    """The medians of days that were told in several layouts, which only their hours tell."""
    for (day, start), names in days.twice.items():
        first = date.fromisoformat(day)
        wanted = Wanted(kinds={name[0] for name in names}, aspects={name[2] for name in names})
        for series in _read(disk, [days.device], first, first + timedelta(days=1), wanted, by_hour=True):
            name = series.component.kind, series.component.label, series.aspect, series.unit
            told = days.spans.get(name, {}).get(start)
            means = [span.mean for span in series.spans if span.mean is not None]
            if told is not None and name in names and means:
                days.spans[name][start] = replace(told, median=median(means))
