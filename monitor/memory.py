"""What one visit brought, and what is remembered of it until the next, so that the next looks only at what differs.

`monitor.pipeline` makes it and is its only user; on disk nothing of it is kept.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from collectors.aggregates import NO_AGGREGATES, Aggregates, aggregates
from collectors.cabling import cabling
from collectors.parts import PartsSeen
from collectors.ports import Cabling
from collectors.traffic import Traffic, Wanted, traffic
from collectors.visit import Told, Visit, told
from monitor.config import Settings
from monitor.model import Device, Observation
from monitor.stillness import Rooms


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that one visit brought: what the device told, what its ports did since the last one, where they lead.

    `more` are the Observations of ports and aggregates. Not slotted, because `observations` is computed at its first
    use and kept.
    """

    told: Told
    traffic: Traffic | None
    cables: Cabling
    aggregates: Aggregates
    more: tuple[Observation, ...]

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        """All of them."""
        return (*self.told.observations, *self.more) if self.more else self.told.observations

    @property
    def base(self) -> tuple[Observation, ...]:
        """All of them, but for the numbers that the device told in place of theirs (`Told.moved`)."""
        return (*self.told.base, *self.more) if self.more else self.told.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the last visit of a device told and left behind, so that the next looks only at what differs.

    `observations` are those of `facts` with their conditions. `asked` names the
    interfaces (label, aspect) whose traffic has a fault that is not cleared. `still` is True where a visit in which no
    condition changed would change nothing on disk until `due`: no fault, no step, nothing newly well, no part in doubt.
    `parts` are those on disk; None where one of them is in doubt. `rooms` are those of stillness.py.
    """

    settings: Settings
    facts: Facts
    asked: frozenset[tuple[str, str]]
    observations: tuple[Observation, ...]
    parts: PartsSeen | None
    still: bool
    due: datetime
    rooms: Rooms = field(default_factory=dict)

    @property
    def told(self) -> Told:
        """What the device told."""
        return self.facts.told


class Memory:
    """What is remembered of each device between two visits. Losing it costs one full look and nothing else."""

    def __init__(self) -> None:
        """Nothing is remembered yet."""
        self._devices: dict[str, Remembered] = {}

    def of(self, device: Device, settings: Settings) -> Remembered | None:
        """What is remembered of `device` as it stands in `settings`; None where it was another one, or had others."""
        known = self._devices.get(device.name)
        return known if known and known.settings is settings and known.told.visit.device == device else None

    def keep(self, name: str, known: Remembered) -> None:
        """Remember this of the device until its next visit."""
        self._devices[name] = known

    def forget(self, name: str) -> None:
        """Remember nothing of the device."""
        self._devices.pop(name, None)

    def only(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`, as after the inventory was read anew."""
        for name in self._devices.keys() - set(names):
            del self._devices[name]


def facts_of(seen: Visit, last: Facts | None, cables: Cabling, wanted: Wanted) -> Facts:
    """What the visit brought, beside `last`: only what moved is made anew."""
    found = told(seen, last.told if last else None)
    flow = traffic(found, last.traffic if last else None, wanted)
    joined = aggregates(found, last.aggregates if last else NO_AGGREGATES)
    more = (*joined.observations, *(flow.observations if flow else ()))
    return Facts(
        told=found,
        traffic=flow,
        cables=cabling(found, cables),
        aggregates=joined,
        more=more,
    )
