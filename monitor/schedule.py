"""Who is visited when: APScheduler wakes every device at its own interval, and lanes keep the living from the silent.

One visit at a time per device (`max_instances=1`). A site has so many visits at once, for the sake of its line; silent
devices wait in a lane of their own, so a dead one never delays a living one. A device under suspicion is looked at
again within seconds; one that stays silent is asked ever more seldom, up to a cap.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from monitor.config import Settings
from monitor.metrics import Metrics
from monitor.model import Device
from monitor.pipeline import Outcome
from monitor.progress import Progress

WORK = "visits"
log = logging.getLogger(__name__)
Visitor = Callable[[Device], Awaitable[Outcome]]
_GRACE = 3  # silent visits that count as bad luck before the device is asked more seldom


class Schedule:
    """The visits of all devices. `visitor` does one visit; `clock` is the daemon's."""

    def __init__(self, visitor: Visitor, metrics: Metrics, progress: Progress, clock: Callable[[], datetime]) -> None:
        """Make a schedule without devices; `load` fills it."""
        self._visitor = visitor
        self._metrics = metrics
        self._progress = progress
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._lanes: dict[tuple[str, bool], asyncio.Semaphore] = {}
        self._silent: dict[str, int] = {}
        self._due: dict[str, datetime] = {}
        self._everyone = asyncio.Semaphore(1)
        self._devices: dict[str, Device] = {}
        self._settings: Settings | None = None
        self._running: set[asyncio.Future[None]] = set()

    def load(self, settings: Settings) -> None:
        """Take the devices and intervals of `settings`: new ones are visited soon, gone ones no more."""
        known = self._devices
        self._settings = settings
        self._devices = dict(settings.inventory.devices)
        self._everyone = asyncio.Semaphore(settings.visits.concurrent)
        self._lanes = {}
        for name in known.keys() - self._devices.keys():
            self._scheduler.remove_job(name)
            self._due.pop(name, None)
            self._silent.pop(name, None)
        for name, device in self._devices.items():
            if known.get(name) != device:
                self._placed(device, settings)

    def start(self) -> None:
        """Begin to wake devices."""
        self._scheduler.start()

    async def stop(self, patience: float) -> None:
        """Wake nobody any more, and let visits under way end; those that last longer than `patience` are cut off."""
        self._scheduler.pause()
        running = tuple(self._running)
        if running:
            await asyncio.wait(running, timeout=patience)
        self._scheduler.shutdown(wait=False)

    def hint(self, name: str) -> None:
        """Visit this device now: something said that it is worth it."""
        self._next(name, self._clock())

    def _placed(self, device: Device, settings: Settings) -> None:
        # The first visits are spread over a part of the interval, so that a start is not a storm.
        spread = min(device.interval, settings.visits.first_spread)
        place = hash_share(device.name)
        first = self._clock() + spread * place
        seconds = device.interval.total_seconds()
        self._due[device.name] = first
        self._scheduler.add_job(
            self._run,
            IntervalTrigger(seconds=seconds, jitter=seconds * settings.visits.jitter or None),
            args=[device.name],
            id=device.name,
            next_run_time=first,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            replace_existing=True,
        )

    async def _run(self, name: str) -> None:
        """What APScheduler calls. A visit that is cut off at the end of the daemon is no error to tell of."""
        device = self._devices.get(name)
        if device is None:
            return
        visit = asyncio.ensure_future(self._visited(name, device))
        self._running.add(visit)
        visit.add_done_callback(self._running.discard)
        with suppress(asyncio.CancelledError):
            await visit

    async def _visited(self, name: str, device: Device) -> None:
        due = self._due.get(name, self._clock())
        async with self._lane(device), self._everyone:
            began = self._clock()
            try:
                outcome = await self._visitor(device)
            except Exception:  # the daemon's own trouble (a full disk): said, counted, tried again at the next visit
                log.exception("the visit of %s could not be finished", name)
                self._metrics.crashed()
                return
        ended = self._clock()
        self._metrics.visited(outcome.silence, took=ended - began, late=began - due)
        self._silent[name] = outcome.silent_visits
        self._progress.made(WORK, ended)
        self._again(device, outcome)

    def _again(self, device: Device, outcome: Outcome) -> None:
        now = self._clock()
        if outcome.look_again is not None and outcome.look_again < now + device.interval:
            self._next(device.name, outcome.look_again)
        elif outcome.silent_visits > _GRACE and self._settings is not None:
            patience = device.interval * 2 ** min(outcome.silent_visits - _GRACE, 16)
            self._next(device.name, now + min(patience, max(self._settings.visits.back_off, device.interval)))
        else:
            job = self._scheduler.get_job(device.name)
            if job is not None and job.next_run_time is not None:
                self._due[device.name] = job.next_run_time

    def _next(self, name: str, moment: datetime) -> None:
        if self._scheduler.get_job(name) is not None:
            self._due[name] = moment
            self._scheduler.modify_job(name, next_run_time=moment)

    def _lane(self, device: Device) -> asyncio.Semaphore:
        silent = self._silent.get(device.name, 0) > 0
        width = self._settings.visits.per_site if self._settings else 1
        return self._lanes.setdefault((device.site, silent), asyncio.Semaphore(width))


def hash_share(name: str) -> float:
    """A number from 0 to 1 that is always the same for the same name, spread evenly over names."""
    value = 2166136261
    for byte in name.encode():  # FNV-1a: Python's own hash differs from start to start
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value / 2**32
