"""What is usual for the ports of each device: learned hour by hour from its visits, told to the next of them.

A step of pipeline.py. Of a device whose ports have no errors one row a day is written; of ports that have, one row each
a day, at most once an hour. What an unfinished hour brought is in memory only: losing it costs that hour.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from alerts.faults.baseline import Day, Hours, learned, limits, usual, with_hour
from alerts.faults.rules import Baseline, Policy
from collectors.traffic import ASPECTS, Traffic, Wanted
from monitor.model import Limits
from monitor.store import usual as stored
from monitor.store.database import Store
from monitor.store.usual import Port

log = logging.getLogger(__name__)
_HOUR = 3600
_ENOUGH = 1800.0  # seconds of an hour that must have been counted, for it to be one
_KIND = "interface"


@dataclass(slots=True)
class _Device:
    """What is known of one device. `sums` are of the hour that is under way: shares of packets times seconds."""

    days: tuple[Day, ...]
    told: dict[Port, dict[Day, Hours]]
    hour: int = 0
    seconds: float = 0.0
    sums: dict[Port, float] = field(default_factory=dict)
    faulty: set[Port] = field(default_factory=set)
    wanted: tuple[Policy, Day, frozenset[Port], Wanted] | None = None

    def before(self, today: Day, most: int) -> tuple[Day, ...]:
        """The last days on which it was watched, today left out."""
        return tuple(day for day in self.days if day < today)[-most:]


class Usuals:
    """What is usual for the ports of all devices; what is not in memory is on disk."""

    def __init__(self) -> None:
        """Nothing was looked up yet."""
        self._devices: dict[str, _Device] = {}

    def only(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`; what is on disk stays."""
        for name in self._devices.keys() - set(names):
            del self._devices[name]

    async def wanted(self, name: str, policy: Policy, asked: frozenset[Port], now: datetime, store: Store) -> Wanted:
        """What of the traffic of device `name` may matter to judgement, and the limits of its ports.

        `asked` are those that have a fault. The same object, with the same limits, as long as nothing is new.
        """
        device = self._devices.get(name)
        if device is None:
            device = self._devices[name] = _Device(*await store.ask(partial(stored.of, device=name)))
        today = _day(now)
        known = device.wanted
        if known is not None and known[0] is policy and known[1] == today and known[2] == asked:
            return known[3]
        found = _wanted(device, policy, asked, today)
        device.wanted = policy, today, asked, found
        return found

    async def counted(self, name: str, flow: Traffic, policy: Policy, asked: frozenset[Port], store: Store) -> None:
        """Learn what the ports of device `name` did in the interval that ends with `flow`."""
        device = self._devices.get(name)
        if device is None or not flow.seconds or not _learns(policy):
            return
        at = flow.counts.at
        hour = int(at.timestamp()) // _HOUR
        if hour != device.hour:
            if device.seconds >= _ENOUGH:
                try:
                    await self._learned(name, device, policy, store)
                except SQLAlchemyError as error:  # a full disk; that an hour is not learned is no reason not to look
                    log.warning("what is usual for the ports of %s could not be written down: %s", name, error)
            device.hour, device.seconds = hour, 0.0
            device.sums, device.faulty = {}, set()
        device.seconds += flow.seconds
        for port, share in flow.lost.items():
            device.sums[port] = device.sums.get(port, 0.0) + share * flow.seconds
        device.faulty |= asked

    async def _learned(self, name: str, device: _Device, policy: Policy, store: Store) -> None:
        """Take the hour that has ended into the day that it was of."""
        day = _day(datetime.fromtimestamp(device.hour * _HOUR, UTC))
        hours: dict[Port, Hours] = {}
        for port, total in device.sums.items():
            baseline = policy.watch(_KIND, port[1]).baseline
            if baseline is None:
                continue
            before = device.before(day, baseline.days)
            told = device.told.get(port, {})
            share = learned(
                total / device.seconds,
                usual(before, told),
                is_settled=len(before) >= baseline.after,
                is_faulty=port in device.faulty,
            )
            hours[port] = with_hour(told.get(day, (0.0, 0.0)), share)
        if day in device.days and not hours:
            return
        days = tuple(sorted({*device.days, day}))[-_longest(policy) - 1 :]
        await store.do(partial(stored.saved, device=name, day=day, hours=hours, since=days[0]))
        device.days = days
        for port, two in hours.items():
            device.told.setdefault(port, {})[day] = two
        for port, told in list(device.told.items()):
            device.told[port] = kept = {each: two for each, two in told.items() if each >= days[0]}
            if not kept:
                del device.told[port]


def _wanted(device: _Device, policy: Policy, asked: frozenset[Port], today: Day) -> Wanted:
    least: dict[str, float] = {}
    clean: dict[str, Limits] = {}
    own: dict[Port, tuple[float, Limits]] = {}
    for aspect in ASPECTS:
        watch = policy.watch(_KIND, aspect)
        if watch.matters_from is not None:
            least[aspect] = watch.matters_from
        baseline = watch.baseline
        if baseline is None:
            continue
        days = device.before(today, baseline.days)
        if len(days) < baseline.after:
            continue
        clean[aspect] = limits(watch, baseline, 0.0, len(days))
        least[aspect] = _from(clean[aspect])
        for port, told in device.told.items():
            value = usual(days, told) if port[1] == aspect else 0.0
            if value:
                mine = limits(watch, baseline, value, len(days))
                own[port] = _from(mine), mine
    return Wanted(least=least, asked=asked, limits=clean, own=own)


def _from(limits: Limits) -> float:
    """From which number on it may matter."""
    back = limits.usual.hysteresis if limits.usual is not None else 0.0
    return max(0.0, (limits.high_warning or 0.0) - back)


def _baselines(policy: Policy) -> Mapping[str, Baseline]:
    told = {aspect: policy.watch(_KIND, aspect).baseline for aspect in ASPECTS}
    return {aspect: one for aspect, one in told.items() if one is not None}


def _learns(policy: Policy) -> bool:
    return bool(_baselines(policy))


def _longest(policy: Policy) -> int:
    return max((one.days for one in _baselines(policy).values()), default=0)


def _day(moment: datetime) -> Day:
    return moment.astimezone(UTC).date().isoformat()
