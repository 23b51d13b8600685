"""`python -m benchmarks.questions FILE …`: how many questions a visit of recorded devices takes (.snmprec).

Each device answers on loopback from its recording, in replies of 1,500 octets at most. Told are questions and octets of
the first visit, and of one after all was learned.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors.plan import Platform
from collectors.recording import recorded
from collectors.simulate.fleet import COMMUNITY
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.snmp.codec import Kind
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Target
from collectors.visit import Visit, visited
from monitor.config import knowledge
from monitor.model import Device, Role

_VISITS = 40
_EVERY = timedelta(seconds=30)
_BEGUN = datetime(2026, 11, 23, tzinfo=UTC)
_LARGE = 2**31  # what INTEGER does not hold; of which type it was a recording that was read does not say


async def _told(path: Path, platforms: dict[str, Platform]) -> tuple[Visit, Visit]:
    """The first visit and the last."""
    network, reader, answering = Network(), EngineReader(), SimulatedDevice({}, credentials=[COMMUNITY])
    for oid, value in recorded(path).values.items():
        if isinstance(value, int | bytes | str):
            is_large = isinstance(value, int) and value >= _LARGE
            answering.set(oid, (Kind.COUNTER64, value) if is_large else value)
    port = await network.serve(answering)
    device = Device(name=path.stem, address="127.0.0.1", port=port, customer="c", site="s", role=Role.ACCESS)
    target, visits = Target(address="127.0.0.1", port=port, credential=COMMUNITY), list[Visit]()
    for number in range(_VISITS):
        before, at = visits[-1] if visits else None, _BEGUN + number * _EVERY
        visits.append(await visited(device, [target], reader, platforms, at, Budget(), before))
    await reader.close()
    network.close()
    return visits[0], visits[-1]


async def main() -> None:
    """Print a line for each file."""
    platforms, _ = knowledge()
    for path in map(Path, sys.argv[1:]):
        first, last = await _told(path, dict(platforms))
        told = f"first {first.requests:4} questions, {first.bytes:7} octets; then {last.requests:4}, {last.bytes:7}"
        print(f"{path.stem:24} {told}")  # noqa: T201 - its purpose


if __name__ == "__main__":
    asyncio.run(main())
