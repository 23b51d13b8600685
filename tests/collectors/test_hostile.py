"""Devices that mean harm beside such that do not: each is bounded and has its reason, the others are undisturbed."""

import asyncio
import gc
import os
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collectors.simulate.snmp import Network
from collectors.snmp.codec import Oid, oid_of
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Credential, Ending, Reading, Request, Silence, Target
from hostile import ASKED, COMMUNITY, DESCR, FAMILY, ONE, TWO, USER, Device, First, healthy, spoiling

PATIENT = 20.0  # of healthy devices: so long that a busy machine never makes one ask again


@dataclass
class Bench:
    network: Network = field(default_factory=Network)
    engine: EngineReader = field(default_factory=EngineReader)

    async def target(
        self, device: Device, credential: Credential = COMMUNITY, patience: float = PATIENT, retries: int = 0
    ) -> Target:
        port = await self.network.serve(device)
        return Target(address="127.0.0.1", port=port, credential=credential, timeout=patience, retries=retries)

    async def read(self, target: Target, request: Request = ASKED, budget: Budget | None = None) -> Reading:
        return await asyncio.wait_for(self.engine.read(target, request, budget or Budget()), 60)

    @property
    def port(self) -> int:
        """That of the engine's socket: told nowhere, but a sender of noise may find it."""
        (line,) = self.engine._sockets[socket.AF_INET]  # noqa: SLF001 - what is open is seen nowhere else
        return int(line.socket.getsockname()[1])

    @property
    def waiting(self) -> int:
        return sum(line.load for lines in self.engine._sockets.values() for line in lines)  # noqa: SLF001 - what is open is seen nowhere else


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    made.network.close()
    await made.engine.close()
    await asyncio.sleep(0)


def whole(reading: Reading, rows: int = 30) -> bool:
    """Whether a healthy device was read to its end, with nothing asked twice: what a disturbed one would lack."""
    table = reading.tables[0]
    right = table.columns[TWO] == tuple(f"row {row}".encode() for row in map(int, table.index))
    few = reading.requests <= 10
    return reading.silence is None and table.ended is None and len(table.index) == rows and right and few


def said(reading: Reading) -> tuple[Silence | None, Ending | None]:
    return reading.silence, reading.tables[0].ended


@pytest.mark.parametrize("name", FAMILY)
async def test_harm_is_bounded_and_has_its_reason_and_the_neighbour_is_undisturbed(bench: Bench, name: str) -> None:
    case, neighbour = FAMILY[name], healthy()
    device = case.device()
    bad = await bench.target(device, case.credential, patience=0.15, retries=1)
    good = await bench.target(neighbour)

    for _ in range(3):  # a layout may be learned, and then be used
        reading, beside = await asyncio.gather(bench.read(bad, ASKED, case.budget), bench.read(good))
        assert said(reading) == (case.silence, case.ended)
        assert whole(beside)
        if isinstance(device.spoil, First):
            device.spoil.seen = 0
    assert bench.waiting == 0
    assert device.most_waiting <= 2


async def test_whole_family_at_once_disturbs_nobody(bench: Bench) -> None:
    cases = list(FAMILY.values())
    devices = [case.device() for case in cases]
    bad = [
        await bench.target(device, case.credential, patience=0.5, retries=1)
        for device, case in zip(devices, cases, strict=True)
    ]
    good = [await bench.target(healthy(), credential) for credential in (COMMUNITY, USER) for _ in range(15)]

    harm = [
        asyncio.create_task(bench.read(target, ASKED, case.budget)) for target, case in zip(bad, cases, strict=True)
    ]
    for _ in range(4):
        assert all(whole(reading) for reading in await asyncio.gather(*map(bench.read, good)))
    told = [said(reading) for reading in await asyncio.gather(*harm)]

    assert dict(zip(FAMILY, told, strict=True)) == {name: (case.silence, case.ended) for name, case in FAMILY.items()}


async def test_flood_of_random_and_cut_datagrams_disturbs_nobody(bench: Bench) -> None:
    devices = [healthy() for _ in range(10)]
    spoken = devices[0].sent = []
    targets = [await bench.target(device, (COMMUNITY, USER)[n % 2]) for n, device in enumerate(devices)]
    assert all(map(whole, await asyncio.gather(*map(bench.read, targets))))
    chance = random.Random(1)  # noqa: S311 - noise, not a secret
    reply = spoken[-1]
    noise = [chance.randbytes(chance.randrange(1500)) for _ in range(50)] + [reply[:-cut] for cut in range(1, 51)]
    stop = time.monotonic() + 3
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)  # noqa: FBT003 - the standard library's own signature

        async def flood() -> int:
            sent = 0
            while time.monotonic() < stop:
                for datagram in noise:
                    sender.sendto(datagram, ("127.0.0.1", bench.port))
                sent += len(noise)
                await asyncio.sleep(0.01)
            return sent

        flooding = asyncio.create_task(flood())
        visits = 0
        while not flooding.done():
            assert all(map(whole, await asyncio.gather(*map(bench.read, targets))))
            visits += len(targets)
    counts = bench.engine.counts

    assert visits >= len(targets)
    assert counts.malformed + counts.stray >= 0.9 * await flooding  # the last may still lie in the socket
    assert bench.waiting == 0


async def test_slow_device_is_not_asked_twice(bench: Bench) -> None:
    device = healthy(100)
    device.delay = 0.6
    asked = device.sent = []
    target = await bench.target(device, patience=0.5, retries=2)

    first = await bench.read(target)
    once = len(asked)
    second = await bench.read(target)

    assert whole(first, 100)
    assert whole(second, 100)
    assert len(set(asked[once:])) == len(asked[once:]) == second.requests
    assert once <= len(set(asked[:once])) + 1  # who is slow is not known before the first answer


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
async def test_device_that_loses_30_percent_is_read_and_its_neighbour_undisturbed(
    bench: Bench, credential: Credential
) -> None:
    chance = random.Random(7)  # noqa: S311 - which datagrams are lost must be the same every time
    device = spoiling(lambda reply: None if chance.random() < 0.3 else reply)
    device.delay = 0.003  # so that questions which lie before it at the same time can be counted
    target = await bench.target(device, credential, patience=0.05, retries=8)
    good = await bench.target(healthy(), credential)

    for _ in range(5):
        reading, beside = await asyncio.gather(bench.read(target), bench.read(good))
        assert (*said(reading), len(reading.tables[0].index)) == (None, None, 30)
        assert whole(beside)
    assert device.most_waiting <= 2


class Reshuffled(Device):
    """Deals out its indexes anew once it has answered so many questions."""

    after, asked, offset = 10**9, 0, 0

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        self.asked += 1
        if self.asked == self.after:
            self.remove(ONE.rpartition(".")[0])
            for row in range(1, 201):
                index = (row + self.offset) % 200 + 1 + (500 if self.offset > 200 else 0)
                self.set(f"{ONE}.{index}", row)
                self.set(f"{TWO}.{index}", f"row {row}")
        return super().answer(datagram, now)


@pytest.mark.parametrize("offset", [7, 1000], ids=["the same indexes", "other indexes"])
@pytest.mark.parametrize("learned", [0, 3], ids=["first read", "learned"])
async def test_indexes_that_are_dealt_anew_in_mid_walk_are_right_in_the_next_read(
    bench: Bench, offset: int, learned: int
) -> None:
    device = Reshuffled(credentials=[COMMUNITY]).filled(200)
    target = await bench.target(device)
    for _ in range(learned):
        await bench.read(target)

    device.after, device.offset = device.asked + 4, offset
    during = (await bench.read(target)).tables[0]
    after = (await bench.read(target)).tables[0]

    assert during.ended is None
    assert len(during.index) <= 400  # what was there before, what is there now, and nothing else
    rows = set(zip(*during.columns.values(), strict=True))
    expected = {(number, f"row {number}".encode()) for number in range(1, 201)}
    wrong = {row for row in rows if None not in row} - expected
    assert len(wrong) <= 1  # the row at which the device was interrupted; see docs/limits.md
    assert set(zip(*after.columns.values(), strict=True)) == expected


async def test_column_that_answers_with_its_own_name_does_not_shift_the_others(bench: Bench) -> None:
    root = oid_of(ONE)

    class Named(Device):
        def following(self, oid: Oid, count: int) -> Sequence[Oid]:
            return [root if (*root, 9) < each < (*root, 99) else each for each in super().following(oid, count)]

    device = Named(credentials=[COMMUNITY]).filled(60)
    device.set(ONE, 7)
    target = await bench.target(device)
    first = await bench.read(target)

    for _ in range(3):
        assert (await bench.read(target)).tables == first.tables
    assert first.tables[0].columns[TWO][-1] == b"row 60"


@pytest.mark.parametrize("retries", [0, 1])
async def test_two_questions_that_are_lost_in_one_moment_end_the_read(bench: Bench, retries: int) -> None:
    device = healthy(300)
    target = await bench.target(device, patience=0.1, retries=retries)
    for _ in range(3):
        await bench.read(target)
    device.spoil = First(2)

    task = asyncio.create_task(bench.read(target))
    await asyncio.sleep(0.05)
    time.sleep(0.3)  # noqa: ASYNC251 - the loop is held up: all that waits is due at once

    assert said(await task) == (None, Ending.TIMEOUT)
    assert bench.waiting == 0


async def test_port_that_opens_and_closes_is_refused_and_read_in_turn(bench: Bench) -> None:
    good = await bench.target(healthy())
    target = await bench.target(healthy(), USER)
    bench.network.close()
    await asyncio.sleep(0)
    again = Network()
    await again.serve(healthy(), "127.0.0.1", good.port)
    for _ in range(3):
        refused, beside = await asyncio.gather(bench.read(target), bench.read(good))
        assert refused.silence is Silence.REFUSED
        assert whole(beside)
        opened = Network()
        await opened.serve(healthy(), "127.0.0.1", target.port)
        assert whole(await bench.read(target))
        opened.close()
        await asyncio.sleep(0)
    again.close()


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"], ids=["another port", "another address"])
async def test_answer_from_elsewhere_is_not_taken_and_the_neighbour_is_undisturbed(
    bench: Bench, address: str, credential: Credential
) -> None:
    device, good = healthy(), await bench.target(healthy(), credential)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere,
    ):
        agent.bind(("127.0.0.1", 0))
        agent.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        port = int(agent.getsockname()[1])
        elsewhere.bind((address, 0 if address == "127.0.0.1" else port))

        def heard() -> None:
            question, asker = agent.recvfrom(65_535)
            elsewhere.sendto(device.answer(question, 0.0) or b"", asker)

        asyncio.get_running_loop().add_reader(agent.fileno(), heard)
        target = Target(address="127.0.0.1", port=port, credential=credential, timeout=0.1, retries=1)
        reading, beside = await asyncio.gather(bench.read(target), bench.read(good))
        asyncio.get_running_loop().remove_reader(agent.fileno())

    assert reading.silence is Silence.TIMEOUT
    assert bench.engine.counts.stray == 2
    assert whole(beside)


def unreachable(code: int, from_: int, to: tuple[str, int]) -> bytes:
    """An ICMP message: what came from our port `from_` for `to` cannot be delivered (RFC 792)."""
    udp = struct.pack(">HHHH", from_, to[1], 40, 0)
    ends = socket.inet_aton("127.0.0.1") + socket.inet_aton(to[0])
    original = struct.pack(">BBHHHBBH", 0x45, 0, 60, 1, 0, 64, socket.IPPROTO_UDP, 0) + ends + udp
    message = struct.pack(">BBHHH", 3, code, 0, 0, 1400) + original
    total = sum(struct.unpack(f">{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return message[:2] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + message[4:]


def icmp_socket() -> socket.socket:
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    except PermissionError:
        pytest.skip("only root may send ICMP messages")


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 13])
async def test_unreachable_host_costs_no_question_of_another(bench: Bench, code: int) -> None:
    good = await bench.target(healthy())
    await bench.read(good)
    with icmp_socket() as raw:
        for _ in range(5):
            raw.sendto(unreachable(code, bench.port, ("127.0.0.9", 161)), ("127.0.0.1", 0))
            assert whole(await bench.read(good))


@pytest.mark.parametrize(("code", "silence"), [(1, Silence.REFUSED), (13, Silence.REFUSED), (4, Silence.TIMEOUT)])
async def test_unreachable_host_is_told_at_once_but_a_packet_too_big_is_none(
    bench: Bench, code: int, silence: Silence
) -> None:
    device = healthy()
    device.silent = True
    target = await bench.target(device, patience=0.5)
    await bench.read(await bench.target(healthy()))
    with icmp_socket() as raw:
        task = asyncio.create_task(bench.read(target))
        await asyncio.sleep(0.05)
        raw.sendto(unreachable(code, bench.port, ("127.0.0.1", target.port)), ("127.0.0.1", 0))

        assert (await task).silence is silence


def resident() -> int:
    """Octets of memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_device_that_is_another_at_each_visit_does_not_fill_the_memory(bench: Bench) -> None:
    chance = random.Random(3)  # noqa: S311 - noise, not a secret
    device = Device({DESCR: "a box"}, credentials=[COMMUNITY], limit=60_000)
    target = await bench.target(device)

    async def visits(count: int) -> None:
        for _ in range(count):
            device.remove(ONE.rpartition(".")[0])
            for _ in range(150):
                index = ".".join(str(chance.randrange(2**31)) for _ in range(100))
                device.set(f"{ONE}.{index}", chance.randrange(2**31))
                device.set(f"{TWO}.{index}", chance.randbytes(chance.randrange(60)))
            for _ in range(2):  # learned, then used
                assert len((await bench.read(target)).tables[0].index) == 150

    await visits(5)
    before = resident()
    await visits(60)

    assert resident() - before < 50_000_000
