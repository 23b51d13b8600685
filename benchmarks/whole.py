"""What one whole visit of a 48-port switch costs: from the wire to compared observations and rendered series.

All stops of a visit of the daemon in which no condition changed: it is asked who it is and all that its platform file
says, what it tells is compared with the last visit, judged still, and rendered. Fifty devices are visited at once.
"""

import asyncio
import gc
import statistics
import time
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.faults.judgement import judged
from alerts.faults.rules import Policy
from benchmarks.switch import VALUES
from collectors.plan import Platform
from collectors.platform import PlatformFile, platforms
from collectors.ports import ports
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Credential, Reader, Target
from collectors.visit import Told, told, visited
from monitor.app import GARBAGE
from monitor.config import knowledge
from monitor.model import Device, Observation, Role
from monitor.series import Series
from monitor.stillness import Rooms, stays

_FILE = Path(__file__).parent / "switch.toml"
_WARM = 8  # visits until layouts are known
_ROUNDS = 25
_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class _Watched:
    """One device, and what is kept of it between its visits."""

    def __init__(self, port: int, credential: Credential) -> None:
        name = f"sw-{port}"
        self.device = Device(name=name, address="127.0.0.1", port=port, customer="bench", site="a", role=Role.ACCESS)
        self.target = Target(address="127.0.0.1", port=port, credential=credential)
        self.told: Told | None = None
        self.conditions: tuple[Observation, ...] = ()
        self.rooms: Rooms = {}

    async def visit(
        self, reader: Reader, known: Mapping[str, Platform], policy: Policy, series: Series, at: datetime
    ) -> None:
        """Visit it once. Raises RuntimeError where it was no quiet visit of all values."""
        last = self.told
        before = last.visit if last else None
        seen = await visited(self.device, [self.target], reader, known, at, Budget(), before)
        self.told = found = told(seen, last)
        if last is None:
            newly = judged(found.observations, self.device, {}, frozenset(), policy, at).newly_ok
            self.conditions = judged(found.observations, self.device, {}, newly, policy, at).observations
            self.rooms.clear()
        elif not stays(found, last, self.conditions, policy, self.rooms):
            raise RuntimeError("a condition changed: this was no quiet visit")
        claims = self.conditions
        series.visited(self.device, seen.identity, found.base, seen.silence, at, ports(found), claims, found.moved)

    def values(self) -> int:
        """How many values it told at the last visit: of the system group, and in tables."""
        if self.told is None:
            return 0
        visit = self.told.visit
        tables = (table for table in visit.tables.values() if table.name != "system")
        return len(visit.scalars) + sum(len(table.index) * len(table.columns) for table in tables)


async def cpu_ms(at: list[int], credential: Credential) -> float:
    """The median processor time of a visit of one of the devices at these ports, all visited at once."""
    known = platforms({"_standard": PlatformFile.model_validate(tomllib.loads(_FILE.read_text()))})
    _, policy = knowledge()
    gc.set_threshold(*GARBAGE)  # as the daemon does
    reader, series, costs = EngineReader(), Series(), list[float]()
    devices = [_Watched(port, credential) for port in at]
    for number in range(_WARM + _ROUNDS):
        now, begun = _NOON + timedelta(minutes=number), time.process_time()
        await asyncio.gather(*(device.visit(reader, known, policy, series, now) for device in devices))
        costs.append((time.process_time() - begun) * 1000 / len(devices))
        if any(device.values() != VALUES for device in devices):
            raise RuntimeError(f"{min(device.values() for device in devices)} of {VALUES} values were told")
    await reader.close()
    return statistics.median(costs[_WARM:])
