"""What a visit costs after the wire, stop by stop: `python -m benchmarks.visit`.

Two simulated switches of 48 copper and 4 optical ports tell canned answers, so that nothing of SNMP is counted. `all`
is a first visit, where everything is made; `moved` is one where the octets of every port, load and temperature of the
board and the power of two optics (of the VRP switch) are other numbers than a minute ago; `same` is one that tells what
it told. Processor time, medians.
"""

import asyncio
import gc
import pickle
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.faults.judgement import judged
from alerts.faults.rules import Policy
from collectors.plan import Platform
from collectors.ports import ports
from collectors.recording import RecordingReader
from collectors.simulate.comware import ComwareSwitch
from collectors.simulate.fleet import COMMUNITY
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.vrp import VrpSwitch
from collectors.snmp.reader import Budget, Reader, Reading, Request, Rows, Target, Value
from collectors.visit import WHO, Visit, told, visited
from monitor.config import knowledge
from monitor.model import Device, Role
from monitor.series import rendered
from monitor.stillness import Rooms, stays

RUNS = 60
_DEVICES = 50
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="hf-acc-48", address="127.0.0.1", customer="cdc", site="hefei", role=Role.ACCESS)
TARGET = Target(address="127.0.0.1", credential=COMMUNITY)
SMALL = ComwareSwitch(
    model="S5560X-54C-EI", version="7.1.070, Release 6330P02", identity="1.3.6.1.4.1.25506.1.1817", name="HF-ACC-49",
    location="Hefei", serials=("DEMO0H3C100049",), copper=48, down=frozenset({"GigabitEthernet1/0/24"}),
)  # fmt: skip
BIG = VrpSwitch(
    model="S5735-L48T4X-A1", version="V200R021C00SPC600", identity="1.3.6.1.4.1.2011.2.23.746", name="HF-ACC-48",
    location="Hefei", serials=("21023530000DEMO000048",), copper=48, down=frozenset({"GigabitEthernet0/0/48"}),
)  # fmt: skip
_OCTETS = ("1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10")
_LOADS = (
    *("1.3.6.1.4.1.2011.5.25.31.1.1.1.1.5", "1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11"),
    *("1.3.6.1.4.1.25506.2.6.1.1.1.1.6", "1.3.6.1.4.1.25506.2.6.1.1.1.1.12"),
)
_POWERS = ("1.3.6.1.4.1.2011.5.25.31.1.1.3.1.8",)


class Canned(Reader):
    """Answers at once with what it was given."""

    def __init__(self, who: Reading, what: Reading) -> None:
        """The answers to who the device is, and to all else."""
        self.who, self.what = who, what

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        """The canned answer."""
        del target, budget
        if request is WHO:
            return self.who
        told = {tuple(rows.columns): rows for rows in self.what.tables}
        return replace(self.what, tables=tuple(told[columns] for columns in request.tables))

    async def close(self) -> None:
        """Nothing is held."""

    def moved(self, by: int) -> "Canned":
        """The same device a minute later."""
        return Canned(self.who, replace(self.what, tables=tuple(_moved(rows, by) for rows in self.what.tables)))


def canned(box: VrpSwitch | ComwareSwitch, platform: Platform) -> Canned:
    """The answers of `box`."""
    device = SimulatedDevice(credentials=(COMMUNITY,))
    box.built(device)
    reader = RecordingReader({oid: value for oid, (_, value) in device.values().items()})

    async def asked() -> Canned:
        who = await reader.read(TARGET, WHO, Budget())
        return Canned(who, await reader.read(TARGET, platform.request, Budget()))

    return asyncio.run(asked())


def _moved(rows: Rows, by: int) -> Rows:
    return Rows(index=rows.index, columns={o: _column(o, v, by) for o, v in rows.columns.items()})


def _column(oid: str, values: tuple[Value, ...], by: int) -> tuple[Value, ...]:
    step = 1_000_003 * by if oid in _OCTETS else by % 3 if oid in _LOADS + _POWERS else 0
    rows = 2 if oid in _POWERS else len(values)
    return tuple(
        v + step if isinstance(v, int) and v not in {0, 65535, 2**31 - 1} and n < rows else v
        for n, v in enumerate(values)
    )


async def _nothing() -> None:
    """What the loop itself costs."""


def _cost(work: Callable[[], object]) -> float:
    """The median processor time of `work` in milliseconds."""
    work()
    costs = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        costs.append(time.process_time() - begun)
    return statistics.median(costs) * 1000


def _memory(switch: Canned, platforms: Mapping[str, Platform], loop: asyncio.AbstractEventLoop) -> float:
    """Kilobytes that one more device holds between its visits: what it told, its observations and its text."""
    kept = []
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for n in range(_DEVICES):
        device = replace(DEVICE, name=f"hf-acc-{n}")
        values = pickle.loads(pickle.dumps(switch.what))  # noqa: S301 - our own, as it comes from a socket: no object shared
        asked = visited(device, [TARGET], Canned(switch.who, values), platforms, NOON, Budget())
        found = told(loop.run_until_complete(asked))
        del values, asked
        text = rendered(device, found.visit.identity, found.observations, None, NOON, ports=ports(found))
        kept.append((found, text))
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / len(kept) / 1000


def main() -> None:
    """Measure and print."""
    platforms, policy = knowledge()
    for box, name in ((SMALL, "h3c_comware"), (BIG, "huawei_vrp")):
        _measured(canned(box, platforms[name]), platforms, policy)


def _measured(switch: Canned, platforms: Mapping[str, Platform], policy: Policy) -> None:
    values = sum(v is not None for rows in switch.what.tables for column in rows.columns.values() for v in column)
    loop = asyncio.new_event_loop()

    def seen(reader: Reader, at: datetime, before: Visit | None) -> Visit:
        return loop.run_until_complete(visited(DEVICE, [TARGET], reader, platforms, at, Budget(), before))

    nothing = _cost(lambda: loop.run_until_complete(_nothing()))
    first = told(seen(switch, NOON, None))
    newly = judged(first.observations, DEVICE, {}, frozenset(), policy, NOON)
    verdict = judged(first.observations, DEVICE, {}, newly.newly_ok, policy, NOON)
    whole = rendered(DEVICE, first.visit.identity, verdict.observations, None, NOON, ports=ports(first))
    figures = {
        "all": {
            "visit": _cost(lambda: seen(switch, NOON, None)) - nothing,
            "observe": _cost(lambda: told(first.visit)),
            "judge": _cost(lambda: judged(first.observations, DEVICE, {}, newly.newly_ok, policy, NOON)),
            "render": _cost(
                lambda: rendered(DEVICE, first.visit.identity, verdict.observations, None, NOON, ports=ports(first))
            ),
        }
    }
    for name, step in (("moved", 1), ("same", 0)):
        rooms: Rooms = {}
        found, conditions, text, costs = first, verdict.observations, whole, dict[str, list[float]]()
        for n in range(RUNS):
            reader, at = switch.moved(step * (n + 1)), NOON + timedelta(minutes=n + 1)

            def timed(stop: str, begun: float, costs: dict[str, list[float]] = costs) -> None:
                costs.setdefault(stop, []).append(time.process_time() - begun)

            begun = time.process_time()
            visit = seen(reader, at, found.visit)
            timed("visit", begun)
            begun = time.process_time()
            now = told(visit, found)
            timed("observe", begun)
            begun = time.process_time()
            quiet = stays(now, found, conditions, policy, rooms)
            timed("judge", begun)
            if not quiet:
                raise SystemExit("a condition changed: this is no quiet visit")
            begun = time.process_time()
            text = rendered(
                DEVICE,
                visit.identity,
                now.base,
                None,
                at,
                ports=ports(now),
                before=text,
                claims=conditions,
                moved=now.moved,
            )
            timed("render", begun)
            found = now
        figures[name] = {stop: statistics.median(several) * 1000 for stop, several in costs.items()}
        figures[name]["visit"] -= nothing
    size = sum(map(len, whole.page.values()))
    print(f"{values} values, {len(first.observations)} observations, {size} bytes of packed text")  # noqa: T201 - its purpose
    print(f"memory {_memory(switch, platforms, loop):.0f} kB a device")  # noqa: T201 - its purpose
    for name, stops in figures.items():
        told_stops = "  ".join(f"{stop} {value:.3f}" for stop, value in stops.items())
        print(f"{name:<6} {told_stops}  sum {sum(stops.values()):.3f} ms")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
