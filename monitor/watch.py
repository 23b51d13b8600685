"""Beside the schedule of visits: when each eye looks at which device, and what follows from a look.

What follows is a hint, no judgement: where a look saw something new, the device is visited now (watching.py).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random

from collectors.cli.reader import SshReader
from collectors.looks import PASSING, LookReader
from collectors.plan import Platform
from collectors.reach import There
from collectors.redfish.reader import RedfishReader
from collectors.tables import Eye, Table
from monitor.metrics import Metrics
from monitor.model import Device
from monitor.pipeline import Means
from monitor.progress import Progress
from monitor.schedule import Ended, Schedule
from monitor.store.configurations import Configurations
from monitor.waking import Punctual, Waker
from monitor.watching import Looked, Watcher, look

SHOUTED_EVERY = 30.0
"""Seconds between two sessions of SSH that shouts lead to: each takes a line (VTY) of the switch."""

READERS: dict[Eye, Callable[[], LookReader]] = {Eye.REDFISH: RedfishReader, Eye.SSH: SshReader}
"""What makes the reader of each eye."""


class Watch:
    """The looks at all devices, eye by eye."""

    def __init__(
        self,
        means: Means,
        metrics: Metrics,
        progress: Progress,
        hint: Callable[[str], None],
        readers: Mapping[Eye, Callable[[], LookReader]] = READERS,
        *,
        waker: Callable[[], Waker] = Punctual,
        random: Random | None = None,
    ) -> None:
        """Nobody looks yet; `hint` asks for a visit. `waker` and `random` are those of the schedules."""
        self._means = means
        self._hint = hint
        self._configurations = Configurations(means.store.directory)
        self._readers = {eye: make() for eye, make in readers.items()}
        self._schedules = {
            eye: Schedule(
                partial(self._look, eye),
                metrics.of_eye(eye),
                progress,
                means.clock,
                f"looks {eye}",
                waker=waker(),
                random=random,
            )
            for eye in self._readers
        }
        self._blind: dict[tuple[str, Eye], int] = {}
        self._unknown: set[tuple[str, Eye]] = set()
        self._shouted: set[str] = set()
        self._looked: dict[str, float] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}

    @property
    def readers(self) -> Mapping[Eye, LookReader]:
        """The readers of all looks; whoever asks through them, too, is held to their bounds."""
        return self._readers

    def load(self, means: Means) -> None:
        """Look at the devices of these settings from now on."""
        self._means = means
        settings = means.settings
        seen = {eye: settings.seen_by(eye) for eye in self._schedules}
        means.glances.only(seen)
        for eye, schedule in self._schedules.items():
            schedule.load(seen[eye], replace(settings.visits, concurrent=settings.looking[eye].concurrent))
        for reader in self._readers.values():
            if isinstance(reader, RedfishReader):
                reader.only({(each.address, each.redfish_port) for each in seen[Eye.REDFISH].values()})

    def start(self) -> None:
        """Begin to look."""
        for schedule in self._schedules.values():
            schedule.start()

    def clock_looked_at(self) -> None:
        """Let all moments move with a wall clock that was set."""
        for schedule in self._schedules.values():
            schedule.clock_looked_at()

    async def stop(self, patience: float) -> None:
        """Look no more, and give all sessions back."""
        for timer in self._later.values():
            timer.cancel()
        await asyncio.gather(*(schedule.stop(patience) for schedule in self._schedules.values()))
        await asyncio.gather(*(reader.close() for reader in self._readers.values()))

    async def _look(self, eye: Eye, device: Device) -> Ended | None:
        means = self._means
        watcher = Watcher(
            settings=means.settings,
            readers=self._readers,
            store=means.store,
            configurations=self._configurations,
            clock=means.clock,
            platform=self.platform,
            tables=self._tables,
            glances=means.glances,
            pinged=self._pinged,
        )
        blind = self._blind.get((device.name, eye), 0)
        closer = eye is Eye.SSH and device.name in self._shouted
        if closer:
            self._shouted.discard(device.name)
        found: Looked | None = await look(device, eye, watcher, blind, closer=closer)
        if found is None:
            self._unknown.add((device.name, eye))
            return None
        self._unknown.discard((device.name, eye))
        self._blind[device.name, eye] = found.silent_visits
        if found.is_news:
            self._hint(device.name)
        if found.silence in PASSING and self._pinged(device.name):
            return replace(found, silent_visits=min(found.silent_visits, 1))  # as often as ever: nobody else says when
        return found

    def _pinged(self, name: str) -> bool:
        reached = self._means.reach(name)
        return reached is not None and reached.there is There.UP and not reached.doubted

    def hint(self, name: str) -> None:
        """Look at this device now over Redfish; over SSH only where nothing else would see what became of it."""
        schedule = self._schedules.get(Eye.REDFISH)
        if schedule is not None:
            schedule.hint(name)
        device = self._means.settings.inventory.devices.get(name)
        if device is None or device.credentials or device.redfish or not device.ssh or Eye.SSH not in self._schedules:
            return
        if name in self._later:
            return
        loop = asyncio.get_running_loop()
        wait = self._looked.get(name, -SHOUTED_EVERY) + SHOUTED_EVERY - loop.time()
        if wait > 0:
            self._later[name] = loop.call_later(wait, self._look_closer, name)
        else:
            self._look_closer(name)

    def _look_closer(self, name: str) -> None:
        """Look over SSH at all that may have changed, due or not."""
        self._later.pop(name, None)
        self._looked[name] = asyncio.get_running_loop().time()
        self._shouted.add(name)
        self._schedules[Eye.SSH].hint(name)

    def recognised(self, name: str) -> None:
        """A visit found out what the device is: look, where nobody could before."""
        for eye, schedule in self._schedules.items():
            if (name, eye) in self._unknown:
                self._unknown.discard((name, eye))
                schedule.hint(name)

    def platform(self, device: Device) -> Platform | None:
        """What the inventory says that the device is, else what its last visit found out."""
        settings = self._means.settings
        declared = settings.platforms.get(device.platform)
        if declared is not None:
            return declared
        known = self._means.memory.of(settings.inventory.devices[device.name], settings)
        return known.told.visit.platform if known else None

    def _tables(self, device: Device) -> Mapping[str, Table]:
        """What the last visit of the device brought, by all its eyes."""
        settings = self._means.settings
        known = self._means.memory.of(settings.inventory.devices[device.name], settings)
        return known.told.visit.tables if known else {}
