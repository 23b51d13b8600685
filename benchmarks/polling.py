"""What one visit and one poll of a 48-port switch cost: our engine, PySNMP and snmp_exporter beside each other.

`snmp_visit` is the whole visit with our engine (whole.py), beside what the peers spend on fetching the same values;
`poll_v2c` and `poll_v3` are the fetching alone, of all three. PySNMP is called as its users call it (pysnmp_peer.py);
what our own reader on PySNMP needs stands beside it.
"""

import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks import exporter, pysnmp_peer, whole
from benchmarks.switch import COMMUNITY, REQUEST, USER, VALUES, answer
from collectors.snmp.engine import EngineReader
from collectors.snmp.pysnmp_reader import PysnmpReader
from collectors.snmp.reader import Budget, Credential, Reader, Target

AT_ONCE = 50
PASSES = 3
"""How often everything is measured: a host that gives more or less of itself from minute to minute meets all alike."""
_WARM = 8  # reads until the layout is known
_LIMIT = 300.0  # seconds for each
_VERSIONS: Mapping[str, Credential] = {"v2c": COMMUNITY, "v3": USER}


Figures = dict[str, float | None]
"""None is what could not be measured here."""


def measured() -> dict[str, Figures]:
    """The figures: the whole visit first, then every reader with v2c and v3; medians of all passes."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    answering = spawn.Process(target=answer, args=(theirs, AT_ONCE), daemon=True)
    answering.start()
    try:
        if not ours.poll(30):
            raise SystemExit("the answering side did not start")
        ports: list[int] = ours.recv()
        # each task in a process of its own: PySNMP leaves a heap behind that no daemon has
        with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as apart:
            passes = [_pass(ports, apart) for _ in range(PASSES)]
    finally:
        answering.terminate()
    return {
        name: {key: _median([one[name][key] for one in passes]) for key in figures}
        for name, figures in passes[0].items()
    }


def _pass(ports: list[int], apart: ProcessPoolExecutor) -> dict[str, Figures]:
    """Everything once, one right after the other."""
    visits, polls = dict[str, Figures](), dict[str, Figures]()
    for version, name in (("v2c", "snmp_visit"), ("v3", "snmp_visit_v3")):
        cost = apart.submit(_visit, ports, version).result(_LIMIT)
        poll = apart.submit(_poll, ports, version).result(_LIMIT)
        poll["snmp_exporter_one"] = _exporter(ports[:1], version, 100)
        poll["snmp_exporter_cpu_ms"] = _exporter(ports, version, 400)
        visits[name], polls[f"poll_{version}"] = _beside_peers(cost, poll), poll
    return {**visits, **polls}


def _visit(ports: list[int], version: str) -> float:
    return asyncio.run(whole.cpu_ms(ports, _VERSIONS[version]))


def _poll(ports: list[int], version: str) -> Figures:
    return asyncio.run(_readers(ports, _VERSIONS[version]))


def _median(several: Sequence[float | None]) -> float | None:
    known = [one for one in several if one is not None]
    return round(statistics.median(known), 3) if known else None


def _exporter(ports: list[int], version: str, scrapes: int) -> float | None:
    if not exporter.installed():
        return None
    try:
        return round(exporter.cpu_ms(ports, version, scrapes), 2)
    except (OSError, RuntimeError) as error:  # of the other passes there are figures
        print(f"{exporter.COMMAND} failed: {error}", file=sys.stderr)  # noqa: T201 - for whoever measures
        return None


def _beside_peers(cost: float, poll: Figures) -> Figures:
    """A visit, and how many of it each peer spends on fetching alone."""
    theirs = poll["snmp_exporter_cpu_ms"], poll["pysnmp_cpu_ms"]
    exporters, pysnmps = (None if their is None else round(their / cost, 1) for their in theirs)
    return {"cpu_ms": round(cost, 3), "snmp_exporter_ratio": exporters, "pysnmp_ratio": pysnmps}


def lines(figures: Mapping[str, Figures]) -> str:
    """The figures, to be read."""
    words = (
        f"{name:<14}" + "  ".join(f"{key} {'-' if value is None else f'{value:g}'}" for key, value in told.items())
        for name, told in figures.items()
    )
    lacking = f"{exporter.COMMAND} is not installed: no ratio to it (make bench installs it where apt-get can)"
    return "\n".join((*words, *(() if exporter.installed() else (lacking,))))


async def _readers(ports: list[int], credential: Credential) -> Figures:
    targets = [Target(address="127.0.0.1", port=port, credential=credential) for port in ports]
    engine, ours_on_pysnmp = EngineReader(), PysnmpReader()
    told: Figures = {
        "engine_cpu_ms": round(await _cost(engine, targets, 25), 3),
        "engine_one": round(await _cost(engine, targets[:1], 200), 3),
        "pysnmp_cpu_ms": round(statistics.median(await pysnmp_peer.cpu_ms(ports[0], credential, 6)), 1),
        "pysnmp_reader_cpu_ms": round(await _cost(ours_on_pysnmp, targets[:1], 5), 1),
    }
    await engine.close()
    await ours_on_pysnmp.close()
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
    print(lines(measured()))  # noqa: T201 - its purpose
