"""What one poll of a 48-port switch costs: our engine, PySNMP and snmp_exporter beside each other in one run."""

import asyncio
import multiprocessing
import statistics
import sys
import time

from benchmarks import exporter
from benchmarks.switch import COMMUNITY, REQUEST, USER, VALUES, answer
from collectors.snmp.engine import EngineReader
from collectors.snmp.pysnmp_reader import PysnmpReader
from collectors.snmp.reader import Budget, Credential, Reader, Target

AT_ONCE = 50
_WARM = 4  # reads until the layout is known
_LIMIT = 300.0  # seconds for all of it


def measured() -> dict[str, dict[str, float]]:
    """The figures: `snmp_visit` first, then every reader with v2c and v3."""
    ours, theirs = multiprocessing.Pipe()
    answering = multiprocessing.get_context("spawn").Process(target=answer, args=(theirs, AT_ONCE), daemon=True)
    answering.start()
    try:
        if not ours.poll(30):
            raise SystemExit("the answering side did not start")
        ports: list[int] = ours.recv()
        figures = {
            "poll_v2c": asyncio.run(asyncio.wait_for(_readers(ports, COMMUNITY), _LIMIT)),
            "poll_v3": asyncio.run(asyncio.wait_for(_readers(ports, USER), _LIMIT)),
        }
        if exporter.installed():
            for version in ("v2c", "v3"):
                poll = figures[f"poll_{version}"]
                poll["snmp_exporter_one"] = round(exporter.cpu_ms(ports[:1], version, 100), 2)
                poll["snmp_exporter_cpu_ms"] = round(exporter.cpu_ms(ports, version, 400), 2)
        else:
            print(f"{exporter.COMMAND} is not installed: no ratio to it", file=sys.stderr)  # noqa: T201
    finally:
        answering.terminate()
    poll = figures["poll_v2c"]
    visit = {"cpu_ms": poll["engine_cpu_ms"], "pysnmp_ratio": round(poll["pysnmp_cpu_ms"] / poll["engine_cpu_ms"], 1)}
    if "snmp_exporter_cpu_ms" in poll:
        visit["snmp_exporter_ratio"] = round(poll["snmp_exporter_cpu_ms"] / poll["engine_cpu_ms"], 1)
    visit["v3_cpu_ms"] = figures["poll_v3"]["engine_cpu_ms"]
    return {"snmp_visit": visit, **figures}


async def _readers(ports: list[int], credential: Credential) -> dict[str, float]:
    targets = [Target(address="127.0.0.1", port=port, credential=credential) for port in ports]
    engine, pysnmp = EngineReader(), PysnmpReader()
    told = {
        "engine_cpu_ms": round(await _cost(engine, targets, 25), 3),
        "engine_one": round(await _cost(engine, targets[:1], 200), 3),
        "pysnmp_cpu_ms": round(await _cost(pysnmp, targets[:1], 5), 1),
    }
    await engine.close()
    await pysnmp.close()
    return told


async def _cost(reader: Reader, targets: list[Target], rounds: int) -> float:
    """The median processor time of a read of one of `targets`, all read at once, in milliseconds."""
    costs = []
    for number in range(_WARM + rounds if len(targets) > 1 or rounds > _WARM * 2 else rounds + 1):
        begun = time.process_time()
        readings = await asyncio.gather(*(reader.read(target, REQUEST, Budget()) for target in targets))
        spent = (time.process_time() - begun) * 1000 / len(targets)
        for reading in readings:
            told = len(reading.scalars) + sum(len(rows.index) * len(rows.columns) for rows in reading.tables)
            if reading.silence or told != VALUES:
                raise RuntimeError(f"{told} of {VALUES} values were read: {reading.silence}")
        if number >= _WARM or rounds <= _WARM * 2:
            costs.append(spent)
    return statistics.median(costs)


if __name__ == "__main__":
    for name, told in measured().items():
        print(f"{name:<12}" + "  ".join(f"{key} {value:g}" for key, value in told.items()))  # noqa: T201 - its purpose
