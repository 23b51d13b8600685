"""What the daemon remembers of its visits for reports and forecasts: hours of all series, written as they end.

A step after each visit (monitor/app.py); monitor/past.py reads what is written here. What is known of an hour is kept
in memory until that is over (rolling_parts.py, rolling_ports.py), and written within half an hour after, spread over
the devices: a daemon that is killed loses so much, one that is stopped writes what it has, and goes on after its start.
When a day is over its hours are packed, which takes a tenth of the room.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from collectors.reach import There as Presence
from collectors.visit import Visit
from monitor import rolling_ports
from monitor.memory import Facts
from monitor.model import Device, Observation
from monitor.rolling_parts import Parts, There
from monitor.rolling_ports import STEP, Ports
from monitor.schedule import hash_share
from monitor.settings import Settings
from monitor.store import rollups as stored
from monitor.store.database import Store
from monitor.store.rolled import Layout, Part, part_packed

log = logging.getLogger(__name__)
_HOUR: Final = 3600
_SPREAD: Final = 1800.0  # seconds after its end within which an hour is written
_PACE: Final = timedelta(seconds=5)  # between two looks for what is due
_TOGETHER: Final = 128  # devices whose hours are written in one transaction
_A_TICK: Final = 24  # rows of hours whose days are packed in one tick
_OVER: Final = timedelta(hours=27)  # a day of 25 hours is over, and all its hours are written
_REST: Final = timedelta(seconds=20)  # between two looks for days to pack where there are none
_KEPT: Final = timedelta(days=3 * 366)
_SWEPT: Final = timedelta(hours=6)
_ROWS: Final = 500  # that are forgotten in one transaction
_LEAST: Final = 300.0  # seconds that may lie between two answers without being a gap, however often one asks
_WAITING: Final = 6  # hours of a device that wait for a disk which takes nothing; older ones are lost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What the counters of ports told of an interval: shares of their speed, and what was lost each second."""

    shares: Mapping[str, Sequence[float]]
    lost: Mapping[int, float | None]
    begin: float
    end: float


@dataclass(slots=True, kw_only=True)
class _Known:
    """One device, and what is known of the hour under way, which ends at `until`."""

    device: Device
    parts: Parts
    there: There
    ports: Ports | None = None
    counted: float = 0.0  # seconds of the hour of which the counters of ports told
    at: float = 0.0  # of the last visit, answered or not
    read: float = 0.0  # the same, where `at` was set to the end of an hour meanwhile
    hour: float = 0.0
    until: float = 0.0


class Rollups:
    """The hours under way of all devices, and those that wait to be written."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is known yet."""
        self._settings = settings
        self._devices: dict[str, _Known] = {}
        self._waiting: dict[str, list[stored.Hour]] = {}
        self._due: list[tuple[float, str]] = []
        self._written_at = self._looks_at = self._sweeps_at = datetime.min.replace(tzinfo=UTC)

    def load(self, settings: Settings) -> None:
        """Go on with these settings; of a device that is gone, what is known of its hour is written."""
        for name in self._devices.keys() - settings.inventory.devices.keys():
            known = self._devices.pop(name)
            self._close(known)
        self._settings = settings

    def visited(self, seen: Visit, facts: Facts, claims: Sequence[Observation]) -> None:
        """Take in what one visit brought."""
        device, at = seen.device, seen.at.timestamp()
        if device.name not in self._settings.inventory.devices:
            return  # gone while the visit was under way
        known = self._devices.get(device.name)
        if known is None:
            known = self._devices[device.name] = _Known(device=device, parts=Parts(), there=There())
        known.device = device
        counted = self._counted(known, facts, at) if seen.silence is None else None
        if seen.silence is not None:
            known.parts.broken()  # nobody knows how long what it told last held
        self._went_by(known, at, counted)
        known.at = known.read = at
        pinged = seen.reach is not None and seen.reach.there is Presence.UP
        known.there.read(is_up=seen.silence is None or pinged)
        if seen.silence is not None:
            return
        shape = known.parts.shape_of(facts, claims)
        if shape is not known.parts.shape:
            if known.parts.shape.size:  # else it has told nothing yet
                self._parts_told(known)
            known.parts.reshape(shape)
        known.parts.told(facts, claims, at)

    def _went_by(self, known: _Known, at: float, counted: _Counted | None) -> None:
        """Reckon with the time since the last visit, and end the hours that ended within."""
        passed, parts = at - known.at, known.parts
        patience = max(3 * known.device.interval.total_seconds(), _LEAST)
        if parts.at is not None and not 0 <= at - parts.at <= patience:
            parts.broken()
        # who is silent is asked ever more seldom
        is_known = 0 <= passed <= max(patience, 1.5 * self._settings.visits.back_off.total_seconds())
        while not known.hour <= at < known.until:
            begin = at
            if is_known and at >= known.until:
                begin = known.until
                known.there.held(begin - known.at)
                known.at = begin
                parts.until(begin)
            else:
                is_known = False
                parts.broken()
            if counted is not None:
                self._reckon(known, counted)
            self._close(known)
            known.hour = _hour(begin, self._zone(known.device))
            known.until = known.hour + _HOUR
        if is_known:
            known.there.held(at - known.at)
        parts.until(at)
        if counted is not None:
            self._reckon(known, counted)
            if known.ports is not None:
                known.ports.samples += 1

    def _counted(self, known: _Known, facts: Facts, at: float) -> _Counted | None:
        """What the counters of ports tell, where the last time is long enough ago or the hour is over."""
        flow, ports = facts.traffic, known.ports
        if flow is None:
            return None
        # most visits end here: it is too early
        if ports is not None and 0 <= at - ports.at < STEP and at < known.until:
            return None
        counts = flow.counts
        at = counts.at.timestamp()
        before = ports.at if ports is not None else at
        if ports is not None and (at == before or (0 <= at - before < STEP and at < known.until)):
            return None
        shape = rolling_ports.shape_of(counts)
        if ports is None or shape is not ports.shape:
            if ports is not None:
                self._ports_told(known, ports)
            known.ports = Ports(shape, counts, flow.fits)
            return None
        near = at - before <= 3 * max(STEP, known.device.interval.total_seconds())
        since = ports.since(counts, flow.fits) if near else None
        ports.kept(counts, flow.fits)
        if since is None:
            return None
        shares = {name: since.shares(name) for name in ("in_octets", "out_octets")}
        return _Counted(shares=shares, lost=ports.rates(since), begin=before, end=at)

    @staticmethod
    def _reckon(known: _Known, counted: _Counted) -> None:
        """Put that part of an interval into the hour under way which lies in it."""
        seconds = min(counted.end, known.until) - max(counted.begin, known.hour)
        if known.ports is not None and seconds > 0:
            known.ports.add(counted.shares, counted.lost, seconds)
            known.counted += seconds

    def _zone(self, device: Device) -> ZoneInfo:
        return ZoneInfo(self._settings.inventory.sites[device.site].zone)

    def _close(self, known: _Known) -> None:
        """Let what is known of the hour wait to be written, and begin another."""
        self._parts_told(known)
        if known.ports is not None:
            self._ports_told(known, known.ports)
        known.parts.begin()

    def _parts_told(self, known: _Known) -> None:
        self._told(known, known.parts.shape.layout, known.parts.ended(known.there, known.read - known.hour))
        known.there.begin()

    def _ports_told(self, known: _Known, ports: Ports) -> None:
        self._told(known, ports.shape.layout, ports.ended(known.counted, known.read - known.hour))
        known.counted = 0.0
        ports.begin()

    def _told(self, known: _Known, layout: Layout, part: Part | None) -> None:
        if part is None:
            return
        name, zone = known.device.name, self._zone(known.device)
        hour = datetime.fromtimestamp(known.hour, UTC)
        day = hour.astimezone(zone).date()
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        waiting = self._waiting.setdefault(name, [])
        if not waiting:
            # where somebody set the clock back, the end of the hour may be far away
            end = min(known.until, self._written_at.timestamp() + _HOUR)
            heappush(self._due, (end + _SPREAD * hash_share(name), name))
        waiting.append(stored.Hour(name, hour, day.isoformat(), start, layout, part_packed(part)))
        if len(waiting) > 2 * _WAITING:
            self._waiting[name] = _newest(waiting)

    async def tick(self, now: datetime, store: Store) -> None:
        """Write hours that are due, pack days that are over, forget what is too old: a little of each."""
        if now - self._written_at < _PACE and now >= self._written_at:
            return
        if now < self._written_at:  # somebody set the clock back: what was due in a time to come is due now
            self._due = [(min(due, now.timestamp()), name) for due, name in self._due]
            heapify(self._due)
        self._written_at = now
        names: list[str] = []
        while self._due and self._due[0][0] <= now.timestamp() and len(names) < _TOGETHER:
            names.append(heappop(self._due)[1])
        if names:
            await self._written(names, store)
        try:
            await self._tidied(now, store)
        except SQLAlchemyError as error:  # a full disk: hours wait as they are
            log.warning("the past could not be packed: %s", error)

    async def _tidied(self, now: datetime, store: Store) -> None:
        if now >= self._looks_at:
            over = await store.ask(partial(stored.ended, before=now - _OVER, most=_A_TICK))
            for device, day in over:
                await store.do(partial(stored.packed, device=device, day=day))
            if not over:
                self._looks_at = now + _REST
        if now >= self._sweeps_at:
            first = (now - _KEPT).date().isoformat()
            if not await store.do(partial(stored.forgotten, before=first, most=_ROWS)):
                self._sweeps_at = now + _SWEPT

    async def _written(self, names: Sequence[str], store: Store) -> None:
        hours = {name: self._waiting.pop(name, []) for name in names}
        try:
            await store.do(partial(stored.saved, hours=[hour for several in hours.values() for hour in several]))
        except SQLAlchemyError as error:  # a full disk; they are tried again with the next hour
            log.warning("the past of %d devices could not be written down: %s", len(names), error)
            for name, several in hours.items():
                self._waiting[name] = _newest([*several, *self._waiting.get(name, [])])
                heappush(self._due, (several[-1].hour.timestamp() + 2 * _HOUR, name))

    async def close(self, store: Store) -> None:
        """Write all that is known, as before the daemon ends. The hour goes on when it has started anew."""
        for known in self._devices.values():
            self._close(known)
        self._devices.clear()
        names = list(self._waiting)
        for begin in range(0, len(names), 512):
            await self._written(names[begin : begin + 512], store)


def _newest(waiting: list[stored.Hour]) -> list[stored.Hour]:
    """Those of the last hours, however many parts each of them has."""
    hours = sorted({each.hour for each in waiting})[-_WAITING:]
    return [each for each in waiting if each.hour >= hours[0]]


def _hour(moment: float, zone: ZoneInfo) -> float:
    """When the hour on the wall clock began in which `moment` lies."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()
    return moment - (moment + offset.total_seconds()) % _HOUR
