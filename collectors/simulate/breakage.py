"""Faults to rehearse: a part of a simulated device that breaks on command, and heals as it was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Told
from monitor.model import Condition

Changes = Mapping[str, Told | None]
"""What a device tells of each instance while it is broken; None where it tells nothing of it any more."""

SILENT: Final[Changes] = {}
"""The changes of a device that vanishes: none, it no longer answers."""


class Workbench(Protocol):
    """Where things break: a device over SNMP (`Bench`), or what another eye sees."""

    def put(self, name: str, changes: Changes) -> None:
        """Break `name`."""

    def take(self, name: str) -> None:
        """Heal `name`."""


@dataclass(slots=True)
class Bench:
    """What is broken on one device now. Two breakages may touch one value: the worse stays until both are healed."""

    device: SimulatedDevice
    _broken: dict[str, Changes] = field(default_factory=dict)
    _sound: dict[str, Told] = field(default_factory=dict)

    def put(self, name: str, changes: Changes) -> None:
        """Break `name`: the device tells `changes` from now on."""
        for oid in changes:
            told = self.device.told(oid)
            if oid not in self._sound and told is not None:
                self._sound[oid] = told
        self._broken[name] = changes
        self._tell(changes)

    def take(self, name: str) -> None:
        """Heal `name`: what no other breakage changes is told as before."""
        healed = self._broken.pop(name, None)
        if healed is not None:
            self._tell(healed)

    def _tell(self, oids: Iterable[str]) -> None:
        self.device.silent = any(changes is SILENT for changes in self._broken.values())
        for oid in oids:
            told = [changes[oid] for changes in self._broken.values() if oid in changes]
            if None in told:
                self.device.remove(oid)
            elif told:
                self.device.set(oid, max((one for one in told if one is not None), key=_gravity))
            elif oid in self._sound:
                self.device.set(oid, self._sound[oid])


def _gravity(told: Told) -> int:
    """The greater number is the worse one in every status that breakages share (roll-ups of ObjectStatusEnum)."""
    return told if isinstance(told, int) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """One fault to rehearse, with what should be seen of it: the component's kind, label, aspect and condition."""

    name: str
    device: str
    kind: str
    label: str
    aspect: str
    condition: Condition
    bench: Workbench = field(repr=False)
    changes: Changes = field(repr=False, default_factory=dict)

    def break_(self) -> None:
        """Let the part break."""
        self.bench.put(self.name, self.changes)

    def heal(self) -> None:
        """Let the part be as it was."""
        self.bench.take(self.name)
