"""Who is visited when: each device at its own interval (waking.py calls), and lanes keep the living from the silent.

One visit at a time per device: the next is placed when one has ended. A site has so many visits at once, for the sake
of its line; silent devices wait in a lane of their own, so a dead one never delays a living one. A device under
suspicion is looked at again within seconds; one that stays silent is asked ever more seldom, up to a cap.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from random import Random
from typing import Protocol

from monitor.model import Device
from monitor.progress import Progress
from monitor.settings import Visits
from monitor.waking import Punctual, Waker

WORK = "visits"
log = logging.getLogger(__name__)


class Ended(Protocol):
    """What the schedule wants to know of a visit (or a look) that has ended."""

    @property
    def silence(self) -> StrEnum | None:
        """Why the device told nothing; None where it did."""

    @property
    def silent_visits(self) -> int:
        """How many visits in a row told nothing."""

    @property
    def look_again(self) -> datetime | None:
        """When another visit is worth it before its time."""


class Counts(Protocol):
    """Where visits are counted."""

    def visited(self, silence: StrEnum | None, *, took: timedelta, late: timedelta) -> None:
        """One ended."""

    def crashed(self) -> None:
        """One ended in an exception."""


Visitor = Callable[[Device], Awaitable[Ended | None]]
"""What visits a device; None where there was nothing to do yet."""
_SET = timedelta(seconds=2)  # a clock that moved by more beside the steady one was set; less is its drift
_GRACE = 3  # silent visits that count as bad luck before the device is asked more seldom


class Schedule:
    """The visits of all devices. `visitor` does one visit; `clock` is the daemon's.

    `waker` calls when a moment has come, and `random` shifts the moments of visits a little.
    """

    def __init__(
        self,
        visitor: Visitor,
        metrics: Counts,
        progress: Progress,
        clock: Callable[[], datetime],
        work: str = WORK,
        *,
        waker: Waker | None = None,
        random: Random | None = None,
    ) -> None:
        """Make a schedule without devices; `load` fills it. `work` is the name under which it tells its progress."""
        self._visitor = visitor
        self._metrics = metrics
        self._progress = progress
        self._work = work
        self._clock = clock
        self._waker = waker or Punctual()
        self._random = random or Random()  # noqa: S311 - spreads load, guards no secret
        self._devices: dict[str, Device] = {}
        self._visits: Visits | None = None
        self._everyone = asyncio.Semaphore(1)
        self._lanes: dict[tuple[str, bool], asyncio.Semaphore] = {}
        self._silent: dict[str, int] = {}
        self._beat: dict[str, datetime] = {}  # when the interval says, before jitter
        self._due: dict[str, datetime] = {}
        self._running: dict[str, asyncio.Future[None]] = {}
        self._steady: float | None = None  # what the wall clock was ahead of the steady one

    def load(self, devices: Mapping[str, Device], visits: Visits) -> None:
        """Take these devices: new ones are visited soon, gone ones no more."""
        known = self._devices
        self._visits = visits
        self._devices = dict(devices)
        self._everyone = asyncio.Semaphore(visits.concurrent)
        self._lanes = {}
        for name in known.keys() - self._devices.keys():
            self._waker.forget(name)
            for memory in (self._beat, self._due, self._silent):
                memory.pop(name, None)
        for name, device in self._devices.items():
            if known.get(name) != device:
                # Spread over a part of the interval, so that a start is not a storm.
                spread = min(device.interval, visits.first_spread)
                self._beat[name] = self._clock() + spread * hash_share(name)
                self._wake(name, self._beat[name])

    def start(self) -> None:
        """Begin to wake devices."""
        self._waker.start()

    async def stop(self, patience: float) -> None:
        """Wake nobody any more, and let visits under way end; those that last longer than `patience` are cut off."""
        # what is cut off here would be told as an error with a traceback each; our own jobs raise nothing
        logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)
        self._waker.stop()
        running = tuple(self._running.values())
        if running:
            await asyncio.wait(running, timeout=patience)
        for visit in running:
            visit.cancel()

    def hint(self, name: str) -> None:
        """Visit this device now: something said that it is worth it."""
        self.clock_looked_at()
        if name in self._devices:
            self._wake(name, self._clock())

    def clock_looked_at(self) -> None:
        """Let all moments move with a wall clock that was set; to be called every few seconds.

        Visits are due by the wall clock. Where that is set back by an hour, nobody would be visited for an hour. It is
        also asked before a moment is reckoned from the clock: what was placed by the new one must not move once more.
        """
        ahead = self._clock().timestamp() - asyncio.get_running_loop().time()
        before, self._steady = self._steady, ahead
        moved = timedelta(seconds=ahead - before) if before is not None else timedelta(0)
        if abs(moved) <= _SET:
            return
        log.warning("the wall clock was set by %+.0f s; visits go on at their pace", moved.total_seconds())
        for name in self._devices:
            self._beat[name] += moved
            if name not in self._running:
                self._wake(name, self._due[name] + moved)

    def _wake(self, name: str, moment: datetime) -> None:
        self._due[name] = moment
        self._waker.wake(name, moment, self._begin)

    async def _begin(self, name: str) -> None:
        """What the waker calls; the visit itself goes on beside it, and places the next when it has ended."""
        self.clock_looked_at()
        device = self._devices.get(name)
        if device is None or name in self._running:
            return
        if self._due[name] - self._clock() > _SET:  # woken because the clock was set ahead; it is woken again
            return
        visit = asyncio.ensure_future(self._visited(name, device))
        self._running[name] = visit
        visit.add_done_callback(lambda _: self._running.pop(name, None))

    async def _visited(self, name: str, device: Device) -> None:
        due = self._due[name]
        async with self._lane(device), self._everyone:
            began = self._clock()
            try:
                outcome = await self._visitor(device)
            except Exception:  # the daemon's own trouble (a full disk): said, counted, tried again at the next visit
                log.exception("the visit of %s could not be finished", name)
                self._metrics.crashed()
                outcome = None
        self.clock_looked_at()
        ended = self._clock()
        if outcome is not None:
            self._metrics.visited(outcome.silence, took=ended - began, late=began - due)
            self._silent[name] = outcome.silent_visits
            self._progress.made(self._work, ended)
        if name in self._devices:
            asked = self._due[name]  # a hint may have come while the visit was under way
            self._wake(name, asked if asked > due else self._next(name, outcome, ended))

    def _next(self, name: str, outcome: Ended | None, now: datetime) -> datetime:
        device, visits = self._devices[name], self._visits
        if visits is None:
            raise RuntimeError("a visit ended before any settings were loaded")
        patience = device.interval
        if outcome is not None and outcome.silent_visits > _GRACE:
            patience *= 2 ** min(outcome.silent_visits - _GRACE, 16)
            patience = min(patience, max(visits.back_off, device.interval))
        if outcome is not None and outcome.look_again is not None and outcome.look_again < now + patience:
            return outcome.look_again
        if outcome is not None and outcome.silent_visits > _GRACE:
            self._beat[name] = now + patience
            return self._beat[name]
        early = self._beat[name] - now
        if early <= device.interval / 2:  # this was the visit of this beat; jitter lets it come before it, too
            self._beat[name] += device.interval * (max(-early, timedelta(0)) // device.interval + 1)
        else:  # one beside the beat, which may lie far ahead where the device was asked ever more seldom
            self._beat[name] -= device.interval * (early // device.interval)
        shift = self._random.uniform(-0.5, 0.5) * visits.jitter
        return max(now, self._beat[name] + device.interval * shift)

    def _lane(self, device: Device) -> asyncio.Semaphore:
        silent = self._silent.get(device.name, 0) > 0
        width = self._visits.per_site if self._visits else 1
        return self._lanes.setdefault((device.site, silent), asyncio.Semaphore(width))


def hash_share(name: str) -> float:
    """A number from 0 to 1 that is always the same for the same name, spread evenly over names."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) / 2**64
