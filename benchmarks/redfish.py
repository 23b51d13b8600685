"""`python -m benchmarks.redfish`: many servers looked at over Redfish by one process, and what that costs.

The servers (TLS, sessions, $expand) answer from a process of their own, so that only our side is counted. A round is a
look at all of them: the first one, one that only asks what is due each minute, and one that asks all detail.
"""

import argparse
import asyncio
import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from collectors.looks import Door, Login, Look, looked
from collectors.recording import RecordingReader
from collectors.redfish.reader import RedfishReader
from collectors.simulate.poweredge import poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from collectors.visit import Visit, told, visited
from monitor.config import knowledge
from monitor.model import Device

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOGIN = Login(user="monitor", password="secret")  # noqa: S106 - of servers that never were
CONCURRENT = 64


def answer(line: Connection, servers: int) -> None:
    """Answer as so many servers until told to tell how many sessions are open, highest and most at once."""

    async def serve() -> None:
        with TemporaryDirectory() as folder:
            tls = certificate(Path(folder))
            running = [RedfishServer(tree=poweredge(tag=f"SIM{n:04}")) for n in range(servers)]
            for server in running:
                await server.start(tls)
            line.send([server.port for server in running])
            while await asyncio.to_thread(line.recv) == "count":
                line.send((
                    sum(len(server.sessions) for server in running),
                    max(server.highest for server in running),
                    max(server.most_at_once for server in running),
                    sum(server.logins for server in running),
                ))  # fmt: skip

    asyncio.run(serve())


async def _round(
    reader: RedfishReader, ports: list[int], at: datetime, last: dict[int, Look]
) -> tuple[dict[int, Look], float, float]:
    platforms, _ = knowledge()
    origins = platforms["dell_idrac"].others[Eye.REDFISH]
    gate = asyncio.Semaphore(CONCURRENT)

    async def one(port: int) -> tuple[int, Look]:
        async with gate:
            door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=60)
            return port, await looked(reader, door, Eye.REDFISH, origins, at, Budget(), last.get(port))

    cpu, began = time.process_time(), time.monotonic()
    found = dict(await asyncio.gather(*(one(port) for port in ports)))
    return found, time.process_time() - cpu, time.monotonic() - began


async def _judged(looks: list[Look]) -> float:
    """Seconds of processor time to make all observations of one server."""
    platforms, _ = knowledge()
    if not looks:
        return 0.0
    device = Device(name="x", address="x", customer="", site="", platform="dell_idrac")
    nobody = RecordingReader({})
    began = time.process_time()
    for look in looks:
        visit: Visit = await visited(device, [], nobody, platforms, look.at, Budget(), None, {Eye.REDFISH: look})
        told(visit, None)
    return (time.process_time() - began) / len(looks)


async def measured(line: Connection, ports: list[int]) -> list[str]:
    """One line of a table for each round."""
    reader = RedfishReader()
    rows = [
        "| round | requests a server | processor a server | processor | time | blind |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    last: dict[int, Look] = {}
    for name, minute in (("first look", 0), ("summary", 1), ("summary", 2), ("detail", 5), ("summary", 6), ("all", 16)):
        last, cpu, wall = await _round(reader, ports, NOON + timedelta(minutes=minute), last)
        blind = sum(1 for look in last.values() if look.blind)
        requests = sum(look.requests for look in last.values()) / len(ports)
        rows.append(
            f"| {name} | {requests:.1f} | {1000 * cpu / len(ports):.2f} ms | {cpu:.2f} s | {wall:.1f} s | {blind} |"
        )
    rows.append(f"observations of one server, made anew: {1000 * await _judged(list(last.values())):.2f} ms")
    began = time.monotonic()
    await reader.close()
    line.send("count")
    left, highest, at_once, logins = await asyncio.to_thread(line.recv)
    rows.append(
        f"sessions left open: {left}; most sessions of one server: {highest}; most requests at once to one: {at_once}; "
        f"logins: {logins}; closing took {time.monotonic() - began:.1f} s"
    )
    return rows


def main() -> None:
    """Measure, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--servers", type=int, default=300)
    servers: int = asked.parse_args().servers
    ours, theirs = multiprocessing.Pipe()
    answering = multiprocessing.get_context("spawn").Process(target=answer, args=(theirs, servers), daemon=True)
    answering.start()
    try:
        if not ours.poll(60):
            raise SystemExit("the answering side did not start")
        rows = asyncio.run(measured(ours, ours.recv()))
    finally:
        answering.terminate()
    print("\n".join(rows))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
