"""What reports and forecasts read of the past: days and hours of all that was measured, and how long it was there.

It comes from the store (monitor/rollups.py wrote it), or from a server that speaks Prometheus where [past] names one.
`end` is always the first day that is left out; days are those of the site. docs/past.md says what the numbers mean.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from operator import attrgetter
from statistics import median
from typing import Final

from sqlalchemy import Connection

from alerts.past import Series, Span
from monitor.model import Component
from monitor.settings import Settings
from monitor.store import rollups
from monitor.store.rolled import Key, Keys, Layout, Part, Told, both, subset
from monitor.store.rolled_days import day_packed, days_told, hours_told

THERE: Final = Key("device", "", "reachable", "ratio", 1000.0)
"""The series of whether a device is there: 1 while it is, 0 while it is not. Its mean is the availability."""
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
    del settings
    yield from _read(disk, names, start, end, wanted, by_hour=False)


def hours(
    disk: Connection, settings: Settings, names: Iterable[str], start: date, end: date, wanted: Wanted = EVERYTHING
) -> Iterator[Series]:
    """Each hour of each series of these devices, device by device, in the order of time."""
    del settings
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


_Name = tuple[str, str, str, str]


@dataclass(slots=True)
class _Gathered:
    """One device's series, put together out of days that may have been told in several layouts."""

    device: str
    spans: dict[_Name, dict[datetime, Told]] = field(default_factory=dict)
    keys: dict[_Name, Key] = field(default_factory=dict)
    twice: set[datetime] = field(default_factory=set)

    def add(self, key: Key, start: datetime, told: Told) -> None:
        """Put in this span; what is known of it already and this are both of it."""
        if not told.seconds and not told.conditions:
            return
        self.keys[key[:4]] = key
        known = self.spans.setdefault(key[:4], {})
        if start in known:
            self.twice.add(start)
            told = both(known[start], told)
        known[start] = told

    def series(self) -> Iterator[Series]:
        """What was gathered."""
        for name, known in self.spans.items():
            key = self.keys[name]
            yield Series(
                device=self.device,
                component=Component(kind=key.kind, label=key.label),
                aspect=key.aspect,
                unit=key.unit,
                spans=tuple([_span(start, known[start]) for start in sorted(known)]),
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
                _medians(disk, gathered, wanted)
            yield from gathered.series()


def _put(into: _Gathered, row: rollups.Packed, keys: Keys, places: tuple[int, ...], *, by_hour: bool) -> None:
    if not by_hour:
        for place, told in zip(places, days_told(row.summary, places, keys), strict=True):
            into.add(keys[place], row.start, told)
        return
    for place, several in zip(places, hours_told(row.hours, places, keys), strict=True):
        for offset, told in several:
            into.add(keys[place], row.start + timedelta(seconds=offset), told)


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
        _put(into, rollups.Packed("", "", own[0].start, 0, summary, whole), keys, tuple(rows), by_hour=by_hour)


def _medians(disk: Connection, days: _Gathered, wanted: Wanted) -> None:
    """The medians of days that were told in several layouts, which only their hours tell."""
    for start in days.twice:
        # whatever the zone, the day lies in these three
        first, end = (start + timedelta(hours=hours) for hours in (-24, 48))
        for series in _read(disk, [days.device], first.date(), end.date(), wanted, by_hour=True):
            name = series.component.kind, series.component.label, series.aspect, series.unit
            told = days.spans.get(name, {}).get(start)
            after = start + timedelta(hours=26)
            means = [span.mean for span in series.spans if start <= span.start < after and span.mean is not None]
            if told is not None and means:
                days.spans[name][start] = replace(told, median=median(means))
