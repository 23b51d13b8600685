"""The daily look ahead: the rollups of the store in, the forecasts of today out, with spares and warranty beside each.

It reads months of all devices and takes minutes for thousands of them, so it runs where nobody waits: in a process of
its own (`netvigil notice forecast`), never in the daemon's loop. numpy is loaded by it alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy import Connection

from alerts.desk.spares import offers
from alerts.desk.warranty import ends
from alerts.notices.forecast import Forecast, Signal, urgency
from alerts.notices.forecast_dates import EXPIRES, Ending, Ends
from alerts.notices.forecast_flags import CORRECTED, ModuleError
from alerts.notices.forecast_rate import Counts
from alerts.notices.forecast_round import Beside, Part, foreseen, yesterday
from alerts.notices.forecast_rules import Rules
from alerts.notices.forecast_words import Beside as Joined
from alerts.past import Series
from collectors.memory_lines import memory_line
from monitor import past, units
from monitor.model import Component, DeviceEvent, Happened
from monitor.settings import Settings
from monitor.store import assets, devices, flaps, parts, spares
from monitor.store.devices import Visited

_RESTARTS, _FLAPS = "restarts", "flaps"
_DEVICE = Component(kind="device", label="")
_AT_ONCE = 500
"""Devices of one question to the history: SQLite takes no more than some thousands of names in one."""


def forecasts(
    disk: Connection, settings: Settings, now: datetime, names: Collection[str] | None = None
) -> list[Forecast]:
    """All that is foreseen of these devices (all, if None) with the days that are over, what is nearest first.

    Sites whose clocks show another day are looked at apart; peers are compared within the same day.
    """
    wanted = [each for each in settings.inventory.devices if names is None or each in names]
    by_day: dict[date, list[str]] = {}
    for name in wanted:
        by_day.setdefault(yesterday(now, _zone(settings, name)), []).append(name)
    found: list[Forecast] = []
    for today, several in sorted(by_day.items()):
        found += _of_day(disk, settings, today, several, now)
    return sorted(found, key=urgency)


def joined(disk: Connection, settings: Settings, forecast: Forecast) -> Joined:
    """How many spares that fit are in stock, and until when the maker's warranty holds; None where nobody knows."""
    part = forecast.component
    if forecast.signal is Signal.DATE or part.kind in units.NO_HARDWARE or not assets.is_kept(disk):
        return Joined()
    asset = units.holding(disk, forecast.device, part)
    visited = devices.by_name(disk, forecast.device)
    model = (visited.identity.model if visited else None) or ""
    fitting = offers(
        spares.spares(disk),
        spares.stock(disk),
        spares.stores(disk),
        part_number=part.part_number,
        kind=part.kind,
        model=model,
    )
    until = ends(asset.dates, asset.maker, settings.contract).maker if asset else None
    return Joined(spares=sum(each.quantity for each in fitting), warranty=until)


def _of_day(disk: Connection, settings: Settings, today: date, names: list[str], now: datetime) -> list[Forecast]:
    rules = settings.forecasts
    first = today - timedelta(days=_longest(rules))
    end = today + timedelta(days=1)
    events = [
        event
        for several in _in_parts(names)
        for event in parts.history(disk, several, _at(first), but=Happened.LOG_ENTRY)
    ]
    visited = devices.all_visited(disk)
    models = {name: each.identity.model or name for name, each in visited.items()}
    beside = Beside(
        hours=_hours(disk, settings, end),
        group=lambda series: "\0".join(
            (models.get(series.device, series.device), series.component.kind, series.component.label)
        ),
        zone=lambda name: _zone(settings, name),
        since=_swapped(events),
        counts=(*_restarts(events, names, disk, today, rules), *_flaps(names, disk, today, rules)),
        errors=tuple(_memory_errors(disk, settings, names, visited, now)),
        endings=tuple(_endings(disk, settings, names)),
        now=now,
    )
    aspects = frozenset[str]().union(*(each.aspects for each in rules.trends), *(each.aspects for each in rules.rates))
    aspects |= {rule.aspect for rule in rules.peers} | rules.predicted | rules.rising | {EXPIRES, CORRECTED}
    read = past.days(disk, settings, names, first, end, past.Wanted(aspects=aspects))
    return foreseen(read, rules, today, beside)


def _longest(rules: Rules) -> int:
    spans = [trend.windows[0] for trend in rules.trends]
    spans += [rate.days for rate in rules.rates] + [peers.days for peers in rules.peers]
    return max(spans, default=0) + rules.in_a_row


def _hours(disk: Connection, settings: Settings, end: date) -> Callable[[Series], Series | None]:
    """The hours of a series; those of one aspect of a device are read at once, as its ports are asked for in turn."""
    longest = max((rule.windows[0] for rule in settings.forecasts.trends if rule.busy), default=0)
    longest = max(longest, *(rule.days for rule in settings.forecasts.peers), 0) + settings.forecasts.in_a_row
    start = end - timedelta(days=longest)
    known: dict[tuple[str, str, str], Mapping[str, Series]] = {}

    def hours(series: Series) -> Series | None:
        key = (series.device, series.component.kind, series.aspect)
        if key not in known:
            known.clear()
            wanted = past.Wanted(kinds={series.component.kind}, aspects={series.aspect})
            read = past.hours(disk, settings, [series.device], start, end, wanted)
            known[key] = {each.component.label: each for each in read}
        return known[key].get(series.component.label)

    return hours


def _swapped(events: Collection[DeviceEvent]) -> Mapping[Part, date]:
    """Since when each part is the one that it is: the day after the last swap, on which all of it is its own."""
    return {
        (each.device, each.kind, each.label): each.at.date() + timedelta(days=1)
        for each in events
        if each.what is Happened.PART_SWAPPED
    }


def _restarts(
    events: Collection[DeviceEvent], names: Collection[str], disk: Connection, today: date, rules: Rules
) -> Iterator[Counts]:
    """How often each device restarted, by day; before the store knew of anything nothing is known."""
    days = max((rule.days for rule in rules.rates if _RESTARTS in rule.aspects), default=0)
    began = devices.first_day(disk)
    first = max(today - timedelta(days=days), date.fromisoformat(began) if began else today)
    found: dict[str, dict[date, float]] = {}
    for each in events:
        if each.what is Happened.REBOOTED and first <= each.at.date() <= today:
            of_device = found.setdefault(each.device, {})
            of_device[each.at.date()] = of_device.get(each.at.date(), 0.0) + 1
    for name in names:
        if name in found:
            known = (first + timedelta(days=place) for place in range((today - first).days + 1))
            yield Counts(
                device=name,
                component=_DEVICE,
                aspect=_RESTARTS,
                days=tuple((day, found[name].get(day, 0.0)) for day in known),
            )


def _flaps(names: Sequence[str], disk: Connection, today: date, rules: Rules) -> Iterator[Counts]:
    """How often the links went down of ports whose link ever did, by day, since the store knew of anything."""
    days = max((rule.days for rule in rules.rates if _FLAPS in rule.aspects), default=0)
    began = devices.first_day(disk)
    first = max(today - timedelta(days=days), date.fromisoformat(began) if began else today)
    for several in _in_parts(list(names)):
        for (device, label), counts in flaps.counts(disk, several, first).items():
            known = (first + timedelta(days=place) for place in range((today - first).days + 1))
            yield Counts(
                device=device,
                component=Component(kind="interface", label=label),
                aspect=_FLAPS,
                days=tuple((day, float(counts.get(day, 0))) for day in known),
            )


def _memory_errors(
    disk: Connection, settings: Settings, names: Sequence[str], visited: Mapping[str, Visited], now: datetime
) -> Iterator[ModuleError]:
    """What the logs of the last 24 hours say of memory modules, by the rules of each device's platform."""
    since = now - timedelta(hours=24)
    telling = {}
    for name in names:
        known = visited.get(name)
        platform = settings.platforms.get((known.identity.platform if known else None) or "")
        if platform is not None and platform.memory_errors:
            telling[name] = platform
    for several in _in_parts(list(telling)):
        for event in parts.history(disk, several, since, now, what=Happened.LOG_ENTRY):
            if line := memory_line(event.data.get("text", ""), telling[event.device]):
                yield ModuleError(
                    device=event.device,
                    component=Component(kind="dimm", label=line.label),
                    at=event.at,
                    address=line.address,
                    corrected=line.tells != "uncorrected",
                    too_often=line.tells == "too_often",
                )


def _endings(disk: Connection, settings: Settings, names: Collection[str]) -> Iterator[Ending]:
    """The ends of the warranties of the units in these devices, as the asset file and the contract say."""
    watched = frozenset(names)
    every = sorted((each for each in assets.all_assets(disk) if each.device in watched), key=lambda each: each.device)
    for device, own in groupby(every, key=lambda each: each.device):
        for asset in own:
            until = ends(asset.dates, asset.maker, settings.contract)
            for what, day in ((Ends.MAKER_WARRANTY, until.maker), (Ends.ENGINEERING_WARRANTY, until.engineering)):
                if day is not None:
                    yield Ending(device=device, what=what, on=day, name=asset.serial)


def _in_parts(names: list[str]) -> Iterator[list[str]]:
    for place in range(0, len(names), _AT_ONCE):
        yield names[place : place + _AT_ONCE]


def _zone(settings: Settings, name: str) -> str:
    return settings.inventory.zone(settings.inventory.devices[name].site)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
