"""What one visit brought, and what is remembered of it until the next, so that the next looks only at what differs.

`monitor.pipeline` makes it and is its only user; on disk nothing of it is kept.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from collectors.aggregates import NO_AGGREGATES, Aggregates, aggregates
from collectors.cabling import cabling
from collectors.identify import SYS_OBJECT_ID
from collectors.parts import PartsSeen
from collectors.ports import Cabling
from collectors.snmp.reader import Value
from collectors.traffic import Traffic, Wanted, traffic
from collectors.visit import Told, Visit, told
from monitor.config import Settings
from monitor.model import Device, Observation
from monitor.stillness import Rooms

_MOST_MODELS = 256


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
        self._models: dict[tuple[str, Value], Told] = {}

    def of(self, device: Device, settings: Settings) -> Remembered | None:
        """What is remembered of `device` as it stands in `settings`; None where it was another one, or had others."""
        known = self._devices.get(device.name)
        return known if known and known.settings is settings and known.told.visit.device == device else None

    def keep(self, name: str, known: Remembered) -> None:
        """Remember this of the device until its next visit."""
        if name not in self._devices and (model := _model(known.told.visit)) is not None:
            if len(self._models) >= _MOST_MODELS:
                self._models.clear()  # devices may call themselves what they like
            self._models.setdefault(model, known.told)
        self._devices[name] = known

    def like(self, seen: Visit) -> Told | None:
        """What the first device of the same model told; None where there was none yet."""
        model = _model(seen)
        return self._models.get(model) if model is not None else None

    def forget(self, name: str) -> None:
        """Remember nothing of the device."""
        self._devices.pop(name, None)

    def only(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`, as after the inventory was read anew."""
        self._models.clear()  # what platform files say may be another now
        for name in self._devices.keys() - set(names):
            del self._devices[name]


def _model(seen: Visit) -> tuple[str, Value] | None:
    """The model of a device that was seen over SNMP: its platform and sysObjectID."""
    object_id = seen.scalars.get(SYS_OBJECT_ID)
    return (seen.platform.name, object_id) if seen.platform is not None and object_id is not None else None


def facts_of(seen: Visit, last: Facts | None, cables: Cabling, wanted: Wanted, like: Told | None = None) -> Facts:
    """What the visit brought, beside `last`: only what moved is made anew.

    `like` is what another device of the model told, for one that is not known yet.
    """
    found = told(seen, last.told if last else None, like)
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
