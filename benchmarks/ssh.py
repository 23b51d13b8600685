"""`python -m benchmarks.ssh`: one look at each of 200 switches over SSH, 30 at a time, all of their commands.

The switches answer from processes of their own, each command after 50 ms. Half are VRP, half Comware; what they print
are the cases of tests/collectors/cli.
"""

import asyncio
import json
import multiprocessing
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path

from collectors.cli.folder import command_files
from collectors.cli.output import lines
from collectors.cli.reader import THREADS, SshReader
from collectors.looks import Door, Login, Seen
from collectors.plan import Platform
from collectors.simulate.ssh import Shell, serving
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from monitor.config import knowledge

SWITCHES, PROCESSES, LATENCY = 200, 4, 0.05
_CASES = Path(__file__).parents[1] / "tests" / "collectors" / "cli"
_MAKERS = {"vrp": ("vrp_stack", "huawei_vrp"), "comware": ("comware_irf", "h3c_comware")}
_LOGIN = Login(user="netvigil", password=Shell().password)


def main() -> None:
    """Measure, and print one JSON document."""
    context = multiprocessing.get_context("spawn")
    ports: list[int] = []
    processes = []
    try:
        for _ in range(PROCESSES):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, SWITCHES // PROCESSES), daemon=True)
            process.start()
            processes.append(process)
            if not ours.poll(60):
                raise SystemExit("the answering side did not start")
            ports += ours.recv()
        figures = asyncio.run(_measured(ports))
    finally:
        for process in processes:
            process.terminate()
    json.dump(figures, sys.stdout, indent=1)
    print()  # noqa: T201 - its purpose


async def _measured(ports: list[int]) -> dict[str, float]:
    platforms, _ = knowledge()
    reader = SshReader()
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, threading.active_count())
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    before = _spent()
    begun = time.monotonic()
    seen = await asyncio.gather(*(_look(reader, platforms, n, port) for n, port in enumerate(ports)))
    seconds, spent = time.monotonic() - begun, _spent() - before
    watching.cancel()
    await reader.close()
    blind = Counter(str(each.blind) for each in seen if each.blind)
    cut = sum(rows.ended is not None for each in seen for rows in each.rows)
    return {
        "switches": len(seen),
        "threads_at_once": THREADS,
        "threads_most": most,
        "seconds_for_all": round(seconds, 1),
        "switches_an_hour": round(len(seen) / seconds * 3600),
        "seconds_for_one": round(sum(each.seconds for each in seen) / len(seen), 2),
        "cpu_seconds_for_one": round(spent / len(seen), 3),
        "commands_for_one": round(sum(each.requests for each in seen) / len(seen), 1),
        "bytes_for_one": round(sum(each.bytes for each in seen) / len(seen)),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "blind": sum(blind.values()),
        "tables_cut": cut,
    }


async def _look(reader: SshReader, platforms: Mapping[str, Platform], number: int, port: int) -> Seen:
    _, platform = list(_MAKERS.values())[number % 2]
    door = Door(address="127.0.0.1", port=port, login=_LOGIN)
    return await reader.read(door, platforms[platform].others[Eye.SSH], Budget(seconds=60))


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _serve(door: Connection, many: int) -> None:
    asyncio.run(_served(door, many))


async def _served(door: Connection, many: int) -> None:
    platforms, _ = knowledge()
    shells = [_shell(list(_MAKERS)[n % 2], n, platforms) for n in range(many)]
    async with AsyncExitStack() as stack:
        door.send([await stack.enter_async_context(serving(shell)) for shell in shells])
        await asyncio.Event().wait()


def _shell(maker: str, number: int, platforms: Mapping[str, Platform]) -> Shell:
    files = command_files(_CASES / _MAKERS[maker][0])
    asked = {origin.where for origin in platforms[_MAKERS[maker][1]].others[Eye.SSH]} | {"display saved-configuration"}
    known = {command: files[name] for command in asked if (name := command.replace("-", " ")) in files}
    outputs = {command: lines(path.read_bytes(), command, logs=True).encode() for command, path in known.items()}
    return Shell(name=f"SW-{number}", maker=maker, outputs=outputs, latency=LATENCY)


if __name__ == "__main__":
    main()
