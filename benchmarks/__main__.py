"""`make bench`: one visit beside its peers, then stop by stop; results go to benchmarks/results.json.

The answering side runs in a process of its own, so that only our side is counted. Figures are medians of user plus
system time. The unit of work is one visit of a simulated access switch: what is asked, told, judged and rendered.
"""

import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from alerts.faults.judgement import judged
from benchmarks import polling
from benchmarks.answering import SWITCH, answer
from collectors.simulate.fleet import COMMUNITY
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Target
from collectors.visit import Visit, observed, visited
from monitor.config import knowledge
from monitor.model import Device, Observation, Role
from monitor.series import rendered
from monitor.store import devices
from monitor.store.database import Store

RUNS = 15
_LIMIT = 120.0  # seconds for the visits
NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def main() -> None:
    """Measure, print a table, and write the results."""
    ours, theirs = multiprocessing.Pipe()
    answering = multiprocessing.get_context("spawn").Process(target=answer, args=(theirs,), daemon=True)
    answering.start()
    try:
        if not ours.poll(30):
            raise SystemExit("the answering side did not start")
        stops = asyncio.run(asyncio.wait_for(_measured(int(ours.recv())), _LIMIT))
    finally:
        answering.terminate()
    figures = {**polling.measured(), **stops}
    file = Path(__file__).parent / "results.json"
    file.write_text(json.dumps(figures, indent=1) + "\n")
    print(polling.lines(figures))  # noqa: T201 - its purpose
    print(f"written: {file}", file=sys.stderr)  # noqa: T201 - its purpose


async def _measured(port: int) -> dict[str, polling.Figures]:
    platforms, policy = knowledge()
    reader = EngineReader()
    device = Device(name=SWITCH, address="127.0.0.1", port=port, customer="cdc", site="hefei", role=Role.ACCESS)
    target = Target(address="127.0.0.1", port=port, credential=COMMUNITY)

    async def asked() -> Visit:
        return await visited(device, [target], reader, platforms, NOW, Budget())

    for _ in range(3):  # the engine learns the layout
        visit = await asked()
    costs = []
    for _ in range(RUNS):
        begun = time.process_time()
        visit = await asked()
        costs.append(time.process_time() - begun)
    await reader.close()
    facts = observed(visit)
    verdict = judged(facts, device, {}, frozenset(), policy, NOW)
    parts = {
        "observe": _cost(lambda: observed(visit)),
        "judge": _cost(lambda: judged(facts, device, {}, verdict.newly_ok, policy, NOW)),
        "render": _cost(lambda: rendered(device, visit.identity, verdict.observations, None, NOW)),
        "snapshot": _snapshot_cost(facts),
    }
    asking = statistics.median(costs) * 1000
    return {
        "visit": {
            "cpu_ms": round(asking + sum(parts[name] for name in ("observe", "judge", "render")), 3),
            "asking_share": round(asking / (asking + sum(parts.values())), 3),
            "observations": len(facts),
        },
        "asking": {"cpu_ms": round(asking, 3), "requests": visit.requests, "bytes": visit.bytes},
        **{name: {"cpu_ms": round(value, 3)} for name, value in parts.items()},
    }


def _snapshot_cost(facts: tuple[Observation, ...]) -> float:
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:

        def saved() -> None:
            with store.writing() as disk:
                devices.snapshot_saved(disk, SWITCH, "2026-11-22", NOW, facts)

        return _cost(saved)


def _cost(work: Callable[[], object]) -> float:
    """The median processor time of `work` in milliseconds."""
    work()
    costs = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        costs.append(time.process_time() - begun)
    return statistics.median(costs) * 1000


if __name__ == "__main__":
    main()
