"""The daemon of a rehearsal: the same parts as `monitor.app` puts together, over the stage instead of the network."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

from sqlalchemy import Connection

from alerts.post.channels import Channel
from alerts.post.mail import Receipt, Verdict
from collectors.heard import Heard
from collectors.looks import LookReader
from collectors.tables import Eye
from monitor.config import Settings
from monitor.duties import Duties
from monitor.hearing import Hearing, shouted
from monitor.metrics import Metrics
from monitor.model import Device, DeviceEvent, Letter
from monitor.pipeline import Means, Outcome, visit
from monitor.progress import Progress
from monitor.rehearsal.chronicle import Chronicle
from monitor.rehearsal.loop import Clock
from monitor.rehearsal.post import PostOffice
from monitor.rehearsal.reach import StageReach
from monitor.rehearsal.readers import CommandLooks, StageReader, TreeLooks
from monitor.rehearsal.stage import Stage
from monitor.rehearsal.waking import VirtualWaker
from monitor.schedule import Schedule
from monitor.store import parts
from monitor.store.database import Store
from monitor.watch import Watch

_TICK = 1.0  # seconds between two ticks of duties, as in monitor.app
_AT_LEAST = 3600.0  # reports are due at wall times, which nobody reckons ahead


async def _taken(letter: Letter, channel: Channel) -> Receipt:
    """Channels of the configuration are not asked: nobody outside hears of a rehearsal."""
    del letter, channel
    return Receipt(verdict=Verdict.ACCEPTED, words="rehearsed")


class StageDaemon:
    """One life of the daemon, from its start until it is killed. What it has on disk outlives it."""

    def __init__(
        self, stage: Stage, store: Store, clock: Clock, post: PostOffice, chronicle: Chronicle, random: Random
    ) -> None:
        """A daemon that has not begun."""
        settings, actors = stage.settings, stage.actors
        addresses = {actor.address: actor for actor in actors.values()}
        metrics, progress = Metrics("rehearsal"), Progress({}, clock())
        waker = partial(VirtualWaker, clock)
        eyes: dict[Eye, Callable[[], LookReader]] = {
            Eye.REDFISH: lambda: TreeLooks(addresses, random),
            Eye.SSH: lambda: CommandLooks(addresses, random),
        }
        self._stage, self._store, self._clock, self._chronicle = stage, store, clock, chronicle
        self._reach = StageReach(
            self._hinted, actors, random, interval=settings.reach.interval, patience=settings.reach.patience
        )
        self._means = Means(
            settings=settings,
            reader=StageReader(addresses, random),
            store=store,
            clock=clock,
            reach=self._reach.of,
            ask=self._reach.asked_anew,
        )
        self._schedule = Schedule(self._visit, metrics, progress, clock, waker=waker(), random=random)
        self._watch = Watch(self._means, metrics, progress, self._schedule.hint, eyes, waker=waker, random=random)
        self._hearing = Hearing(
            settings, metrics, self._hinted, self._event, self._watch.platform, clock, self._means.hearsay.heard
        )
        self._duties = Duties(settings, store, metrics, progress, clock, post, _taken)
        self._events: list[DeviceEvent] = []
        self._stirred = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._own: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Begin to watch."""
        settings = self._stage.settings
        before = asyncio.all_tasks()
        self._schedule.load(settings.inventory.devices, settings.visits)
        self._schedule.start()
        self._watch.load(self._means)
        self._watch.start()
        if settings.reach.enabled:
            self._reach.load(settings.inventory.devices)
        self._hearing.load(settings)
        self._work = asyncio.create_task(self._dutiful())
        self._own = asyncio.all_tasks() - before

    def reload(self, settings: Settings) -> None:
        """Take another configuration, as `monitor.app` does at SIGHUP; the devices are the same."""
        self._means = replace(self._means, settings=settings)
        self._duties.settings = settings
        self._schedule.load(settings.inventory.devices, settings.visits)
        self._watch.load(self._means)
        self._hearing.load(settings)
        self.stirred()

    async def kill(self) -> None:
        """End without warning: all that is in memory is lost."""
        self._reach.close()
        tasks = sorted(asyncio.all_tasks() - {asyncio.current_task()}, key=lambda task: int(task.get_name()[5:]))
        await self._hearing.close()
        await self._schedule.stop(0)
        await self._watch.stop(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stirred(self) -> None:
        """Something was written down: see whether a duty follows."""
        self._stirred.set()

    def touched(self, device: str) -> None:
        """Something happened to the device on the stage."""
        self._reach.stirred(device)

    def trap(self, datagram: bytes, source: str) -> None:
        """A trap came in."""
        self._hearing.trap(datagram, source)

    def line(self, line: bytes, source: str) -> None:
        """A log line came in."""
        self._hearing.line(line, source)

    def _hinted(self, name: str) -> None:
        self._schedule.hint(name)
        self._watch.hint(name)

    def _event(self, name: str, what: Heard, at: object) -> None:
        del at
        self._events.append(shouted(name, what, self._clock()))
        self.stirred()

    async def _visit(self, device: Device) -> Outcome:
        outcome = await visit(device, self._means)
        self._chronicle.visited(outcome)
        if outcome.visit.platform is not None:
            self._watch.recognised(device.name)
        for name in outcome.look:
            self._schedule.hint(name)
        return outcome

    async def _dutiful(self) -> None:
        """A tick at each second in which there is something to do, instead of at every one."""
        loop = asyncio.get_running_loop()
        while True:
            self._stirred.clear()
            self._schedule.clock_looked_at()
            self._watch.clock_looked_at()
            await self._duties.tick()
            self._chronicle.looked()
            self._chronicle.filed()
            if self._events:
                events, self._events = self._events, []
                await self._store.do(partial(_written, events=events))
            wait = (await self._duties.due() - self._clock()).total_seconds()
            try:
                async with asyncio.timeout(min(max(wait, _TICK), _AT_LEAST)):
                    await self._stirred.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(math.floor(loop.time() / _TICK + 1) * _TICK - loop.time())


def _written(disk: Connection, events: list[DeviceEvent]) -> None:
    parts.happened(disk, events)
