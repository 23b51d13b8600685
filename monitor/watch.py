"""Beside the schedule of visits: when each eye looks at which device, and what follows from a look.

What follows is a hint, no judgement: where a look saw something new, the device is visited now (watching.py).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random

from collectors.cli.reader import SshReader
from collectors.looks import LookReader
from collectors.plan import Platform
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
        )
        blind = self._blind.get((device.name, eye), 0)
        found: Looked | None = await look(device, eye, watcher, blind)
        if found is None:
            self._unknown.add((device.name, eye))
            return None
        self._unknown.discard((device.name, eye))
        self._blind[device.name, eye] = found.silent_visits
        if found.is_news:
            self._hint(device.name)
        return found

    def hint(self, name: str) -> None:
        """Look at this device now over Redfish; a session of SSH for every hint would be too much for a switch."""
        schedule = self._schedules.get(Eye.REDFISH)
        if schedule is not None:
            schedule.hint(name)

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
