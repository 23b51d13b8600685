"""`python -m benchmarks.hostile`: what visits of healthy devices cost, and how late they end, while noise comes in.

The healthy devices answer from a process of their own, and the noise comes from another: random bytes, cut replies and
whole replies to nobody, so many a second, sent to the port of the engine that reads. First without noise, then with it.
"""

import argparse
import asyncio
import multiprocessing
import random
import socket
import statistics
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.switch import COMMUNITY, REQUEST, VALUES, answer
from collectors.snmp.codec import PduKind, encoded_pdu, encoded_v2
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Reading, Target

_WARM = 4  # reads until the layout is known
_BATCH = 0.005  # seconds between two bursts of noise


def main() -> None:
    """Measure, and print what was found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--devices", type=int, default=50)
    words.add_argument("--interval", type=float, default=1.0, help="seconds between two visits of a device")
    words.add_argument("--noise", type=int, default=10_000, help="datagrams a second")
    words.add_argument("--seconds", type=int, default=60, help="how long to measure, without and with noise")
    said = words.parse_args()
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = multiprocessing.Pipe()
    loud, quiet = multiprocessing.Pipe()
    others = (
        spawn.Process(target=answer, args=(theirs, said.devices), daemon=True),
        spawn.Process(target=_noise, args=(quiet, said.noise), daemon=True),
    )
    for other in others:
        other.start()
    try:
        if not ours.poll(60):
            raise SystemExit("the answering side did not start")
        asyncio.run(_measured(ours.recv(), loud, said))
    finally:
        for other in others:
            other.terminate()


def _noise(line: Connection, rate: int) -> None:
    """Send noise to the port that comes through `line`, until something else comes; tell how much it was."""
    port = int(line.recv())
    chance = random.Random(1)  # noqa: S311 - noise, not a secret
    binding = bytes.fromhex("300e06082b0601020101030043020001")
    reply = encoded_v2(b"read", encoded_pdu(PduKind.RESPONSE, 0x01020304, 0, 0, binding * 60))
    kinds = (
        lambda: chance.randbytes(chance.randrange(1, 1400)),
        lambda: reply[: chance.randrange(1, len(reply))],
        lambda: reply,
    )
    datagrams = [kinds[number % len(kinds)]() for number in range(999)]
    sent, began = 0, time.perf_counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while not line.poll():
            due = int((time.perf_counter() - began) * rate)
            for number in range(sent, due):
                sender.sendto(datagrams[number % len(datagrams)], ("127.0.0.1", port))
            sent = max(sent, due)
            time.sleep(_BATCH)
    line.send(sent)


@dataclass
class _Tally:
    """What came of the visits of one phase."""

    late: list[float] = field(default_factory=list)
    wrong: int = 0
    repeated: int = 0
    cpu: float = 0.0

    def add(self, reading: Reading, late: float, usual: int) -> None:
        """Count one visit, which ended so many seconds after it was due."""
        told = len(reading.scalars) + sum(len(rows.index) * len(rows.columns) for rows in reading.tables)
        self.wrong += reading.silence is not None or told != VALUES
        self.repeated += max(0, reading.requests - usual)
        self.late.append(late)


async def _measured(ports: list[int], loud: Connection, said: argparse.Namespace) -> None:
    reader = EngineReader()
    targets = [Target(address="127.0.0.1", port=port, credential=COMMUNITY) for port in ports]
    for _ in range(_WARM):
        readings = await asyncio.gather(*(reader.read(target, REQUEST, Budget()) for target in targets))
    usual = max(reading.requests for reading in readings)
    _say("without noise", await _phase(reader, targets, said, usual), said.seconds)
    (line,) = reader._sockets[socket.AF_INET]  # noqa: SLF001 - its port is told nowhere
    before, heard = _resident(), reader.counts.malformed + reader.counts.stray
    loud.send(line.socket.getsockname()[1])
    tally = await _phase(reader, targets, said, usual)
    loud.send(None)
    sent = await asyncio.to_thread(loud.recv)
    await asyncio.sleep(0.1)
    _say("with noise", tally, said.seconds)
    heard = reader.counts.malformed + reader.counts.stray - heard
    line_ = f"noise            {sent} datagrams sent, {heard} heard and counted; memory {_resident() - before:+} kB"
    print(line_, flush=True)  # noqa: T201 - its purpose
    await reader.close()


async def _phase(reader: EngineReader, targets: list[Target], said: argparse.Namespace, usual: int) -> _Tally:
    loop, tally = asyncio.get_running_loop(), _Tally()
    began, spent = loop.time(), time.process_time()

    async def visits(target: Target, due: float) -> None:
        while due < began + said.seconds:
            await asyncio.sleep(max(0.0, due - loop.time()))
            reading = await reader.read(target, REQUEST, Budget())
            tally.add(reading, loop.time() - due, usual)
            due += said.interval

    spread = said.interval / len(targets)
    await asyncio.gather(*(visits(target, began + number * spread) for number, target in enumerate(targets)))
    tally.cpu = time.process_time() - spent
    return tally


def _say(what: str, tally: _Tally, seconds: int) -> None:
    late = sorted(tally.late)
    median, p99 = statistics.median(late) * 1000, late[int(len(late) * 0.99)] * 1000
    print(  # noqa: T201 - its purpose
        f"{what:<17}{len(late)} visits, {tally.wrong} not whole, {tally.repeated} questions repeated; from due to done "
        f"{median:.1f} ms (p99 {p99:.1f}, most {late[-1] * 1000:.0f}); processor {tally.cpu / seconds:.1%} of one, "
        f"{tally.cpu / len(late) * 1000:.2f} ms a visit",
        flush=True,
    )


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


if __name__ == "__main__":
    main()
